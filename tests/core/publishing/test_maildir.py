"""What a publisher finds out about its directory before it begins, and who else is kept out meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tables.sendmail.files import Ownership, leftover
from tables.sendmail.maildir import DirectoryProblem, Locked, MailDir, check, locked
from tables.sendmail.tables import TABLES
from tables.sendmail.whereabouts import plain
from tests.rights import as_nobody

ACCESS, ALIASES, RELAY = TABLES["access"], TABLES["aliases"], TABLES["relay-domains"]


def refused(mail: MailDir, *names: str) -> str:
    with pytest.raises(DirectoryProblem) as problem:
        mail.check_targets(TABLES[name] for name in names)
    return str(problem.value)


# --- the directory ----------------------------------------------------------------------------------------------------


def test_a_directory_that_is_not_there_is_named_with_the_setting(directory: Path) -> None:
    with pytest.raises(DirectoryProblem) as problem:
        check(directory / "nowhere")
    assert str(problem.value) == (
        f"The mail directory {directory}/nowhere does not exist. Create it, or set MAILADMIN_MAIL_DIR to the right one."
    )


def test_a_link_that_leads_nowhere_is_no_directory_either(directory: Path) -> None:
    (directory / "mail").symlink_to("nowhere")
    with pytest.raises(DirectoryProblem, match=r"/mail does not exist\."):
        check(directory / "mail")


def test_a_file_in_its_place_is_told_apart_from_a_missing_one(directory: Path) -> None:
    (directory / "mail").touch()
    with pytest.raises(DirectoryProblem) as problem:
        check(directory / "mail")
    assert str(problem.value) == f"{directory}/mail is not a directory. Set MAILADMIN_MAIL_DIR to a directory."


@pytest.mark.parametrize("mode", [0o757, 0o1777])
def test_what_everybody_may_write_is_refused_at_any_height(directory: Path, mode: int) -> None:
    mail = directory / "above/mail"
    mail.mkdir(parents=True)
    (directory / "above").chmod(mode)
    with pytest.raises(DirectoryProblem) as problem:
        check(mail)
    assert str(problem.value) == (
        f"Everybody may write in {directory}/above, so sendmail refuses every map below it. "
        f"Take that right away (chmod o-w {directory}/above) or set MAILADMIN_MAIL_DIR to another place."
    )
    (directory / "above").chmod(0o755)
    check(mail)


def test_what_everybody_may_write_is_found_behind_a_link(directory: Path) -> None:
    real = directory / "open/mail"
    real.mkdir(parents=True)
    (directory / "open").chmod(0o777)
    (directory / "link").symlink_to(real)
    with pytest.raises(DirectoryProblem, match=f"Everybody may write in {directory}/open"):
        check(directory / "link")


def test_a_directory_of_the_system_is_not_for_a_user_to_write() -> None:
    with as_nobody(), pytest.raises(DirectoryProblem) as problem:
        check(Path("/usr/lib"))
    assert str(problem.value) == (
        "The mail directory /usr/lib is not writable. Run the publisher as root, or let its user own the directory."
    )


def test_a_directory_that_cannot_even_be_reached_is_not_writable(directory: Path) -> None:
    (directory / "closed/mail").mkdir(parents=True)
    (directory / "closed").chmod(0)
    try:
        with as_nobody(), pytest.raises(DirectoryProblem, match=r"/closed/mail is not writable\. Run the publisher"):
            check(directory / "closed/mail")
    finally:
        (directory / "closed").chmod(0o700)


def test_the_publishers_corner_is_for_nobody_else(mail: MailDir) -> None:
    assert mail.state.stat().st_mode & 0o777 == 0o700
    assert mail.generations.is_dir()
    mail.prepare()


def test_a_corner_that_cannot_be_made_is_named_with_the_reason(directory: Path) -> None:
    (directory / ".mailadmin").touch()
    with pytest.raises(DirectoryProblem) as problem:
        MailDir(directory).prepare()
    assert str(problem.value).startswith(f"{directory}/.mailadmin cannot be made: File exists. ")


# --- the files to replace ---------------------------------------------------------------------------------------------


def test_a_text_is_replaced_where_its_link_leads_and_its_map_where_sendmail_looks(directory: Path) -> None:
    (directory / "mail").mkdir()
    (directory / "aliases").touch()
    (directory / "mail/aliases").symlink_to("../aliases")
    mail = MailDir(directory / "mail")
    assert (mail.text(ALIASES), mail.map(ALIASES)) == (directory / "aliases", directory / "mail/aliases.db")


def test_tables_lie_where_the_host_keeps_them(directory: Path) -> None:
    (directory / "mail").mkdir()
    elsewhere = replace(plain(directory, ALIASES), problem="The type is not built.")
    nowhere = replace(plain(directory / "mail", RELAY), unused="Not read.")
    mail = MailDir(directory / "mail", {"aliases": elsewhere, "relay-domains": nowhere})
    assert (mail.text(ALIASES), mail.map(ALIASES)) == (directory / "aliases", directory / "aliases.db")
    assert mail.map(ACCESS) == directory / "mail/access.db"
    assert (RELAY in mail.tables, ALIASES in mail.tables, len(mail.tables)) == (False, True, 6)
    assert mail.unused == [nowhere]
    assert refused(mail, "aliases") == "The type is not built."


def test_a_file_elsewhere_lies_in_no_directory_that_everybody_may_write(mail: MailDir, directory: Path) -> None:
    (directory / "open").mkdir()
    (directory / "open").chmod(0o777)
    known = MailDir(mail.path, {"access": plain(directory / "open", ACCESS)})
    assert refused(known, "access").startswith(f"Everybody may write in {directory}/open, so sendmail refuses every ")


def test_files_that_are_there_or_are_to_come_may_be_replaced(mail: MailDir) -> None:
    (mail.path / "access").touch()
    mail.check_targets([ACCESS, RELAY])


def test_what_an_earlier_publisher_left_half_made_goes(mail: MailDir) -> None:
    half = leftover(mail.path / "access.db")
    half.touch()
    mail.check_targets([ACCESS])
    assert not half.exists()


def test_the_map_of_a_class_file_is_nobodys_business(mail: MailDir) -> None:
    (mail.path / "relay-domains.db").mkdir()
    mail.check_targets([RELAY])


@pytest.mark.parametrize("name", ["access", "access.db"])
def test_a_link_to_a_device_is_not_replaced(mail: MailDir, name: str) -> None:
    """Renaming over /dev/null would take it away from the whole host."""
    (mail.path / name).symlink_to("/dev/null")
    said = refused(mail, "access")
    # Who may not write in /dev is told that first.
    assert said.startswith(("/dev/null is not a plain file, so it is not replaced. ", "/dev/null cannot be replaced, "))


def test_a_directory_in_the_place_of_a_table_is_not_replaced(mail: MailDir) -> None:
    (mail.path / "access").mkdir()
    assert refused(mail, "relay-domains", "access") == (
        f"{mail.path}/access is not a plain file, so it is not replaced. "
        f"Remove it, or the link in {mail.path} that leads there."
    )


def test_two_tables_in_one_file_are_not_published(mail: MailDir) -> None:
    (mail.path / "local-host-names").write_text("here.example\n")
    (mail.path / "relay-domains").symlink_to("local-host-names")
    one_file = f"in {mail.path} are one file, {mail.path}/local-host-names: publishing one table would change both. "
    assert refused(mail, "relay-domains").startswith(f"relay-domains and local-host-names {one_file}")
    assert refused(mail, "local-host-names").startswith(f"local-host-names and relay-domains {one_file}")
    mail.check_targets([ACCESS])


def test_a_link_into_a_directory_that_is_not_ours_is_refused_early(mail: MailDir) -> None:
    (mail.path / "access").symlink_to("/usr/lib/access")
    with as_nobody():
        said = refused(mail, "access")
    assert said == (
        "/usr/lib/access cannot be replaced, because /usr/lib is not writable. "
        f"Give the publisher that directory, or move the file into {mail.path} and turn the link round."
    )


def test_a_file_of_another_user_is_left_to_root(mail: MailDir, monkeypatch: pytest.MonkeyPatch) -> None:
    (mail.path / "access").touch()
    owner = (mail.path / "access").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert refused(mail, "access") == (
        f"{mail.path}/access belongs to another user, whom only root can give it back to. "
        "Run the publisher as root, or let its user own the directory."
    )


# --- owner and mode ---------------------------------------------------------------------------------------------------


def test_a_file_keeps_the_owner_and_mode_of_the_one_it_replaces(mail: MailDir) -> None:
    for name in ("access", "access.db", "relay-domains"):
        (mail.path / name).touch()
        (mail.path / name).chmod(0o604)
    built = mail.staging / "access.db"
    assert mail.ownership_of_text(ACCESS) == Ownership.of(mail.path / "access")
    assert mail.ownership_of_map(ACCESS, built) == Ownership.of(mail.path / "access.db")
    assert mail.ownership_of_text(RELAY).mode == 0o604


def test_new_files_that_may_hold_passwords_are_not_for_everybody(mail: MailDir) -> None:
    built = mail.path / "built.db"
    built.touch()
    assert mail.ownership_of_text(ACCESS).mode == 0o640
    assert mail.ownership_of_text(RELAY).mode == 0o644
    assert mail.ownership_of_map(ACCESS, built).mode == 0o640


def test_a_first_file_has_the_directorys_group_when_root_makes_it(
    mail: MailDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's /etc/mail belongs to smmsp, in whose name the rest of sendmail reads."""
    built = mail.path / "built.db"
    built.touch()
    real = os.stat

    class InGroup:
        def __init__(self, found: os.stat_result) -> None:
            self.st_gid = 4711
            self.st_uid = found.st_uid
            self.st_mode = found.st_mode

    monkeypatch.setattr(Path, "stat", lambda path, **_more: InGroup(real(path)))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert (mail.ownership_of_text(ACCESS).gid, mail.ownership_of_map(ACCESS, built).gid) == (4711, 4711)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert mail.ownership_of_text(ACCESS).gid == os.getegid()


# --- the lock ---------------------------------------------------------------------------------------------------------

HOLD = """
import sys, pathlib
from tables.sendmail.maildir import MailDir, locked
with locked(MailDir(pathlib.Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_that_has_the_directory_is_named_and_lets_go_when_it_dies(mail: MailDir) -> None:
    command = [sys.executable, "-c", HOLD, str(mail.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Locked) as refusal, locked(mail):
            pass
        assert str(refusal.value) == (
            f"Another publisher (process {holder.pid}) is at work in {mail.path}. Wait until it has ended."
        )
        holder.kill()
    with locked(mail):
        assert mail.lock.read_text() == f"{os.getpid()}\n"


def test_a_holder_that_has_not_yet_said_its_number_is_unknown(mail: MailDir) -> None:
    with locked(mail):
        mail.lock.write_bytes(b"")
        with pytest.raises(Locked, match=r"Another publisher \(process unknown\) is at work"), locked(mail):
            pass


def test_the_lock_is_let_go_after_an_error(mail: MailDir) -> None:
    with pytest.raises(LookupError), locked(mail):
        raise LookupError
    with locked(mail):
        pass
