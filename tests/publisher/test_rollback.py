"""Going back by hand to what a generation kept: whole, undoable, and without the database."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tables.publishing import rollback
from tables.publishing.errors import PublishError
from tables.sendmail import generations, manifest, wayback
from tables.sendmail.files import identity, sha256
from tables.sendmail.held import Held, load_live, note_live
from tables.sendmail.journal import Journal, Swap, remove
from tables.sendmail.maildir import Locked, MailDir, locked
from tables.sendmail.manifest import Live
from tables.sendmail.wayback import NoWayBack
from tests.publisher.test_commands import called

MAPS = ("aliases", "genericstable")

#: What is live after each release; before the first nothing is.
TEXTS: list[dict[str, str]] = [
    {},
    {"aliases": "postmaster: root\n", "relay-domains": "one.example\n"},
    {"aliases": "postmaster: bob\n", "relay-domains": "one.example\n", "genericstable": "a\ta@here.example\n"},
    {"aliases": "postmaster: root, bob\n", "relay-domains": "two.example\n", "genericstable": "a\ta@here.example\n"},
]
#: With a map for each that has one: here what it is made of is of no interest.
STATES = [
    {**texts, **{f"{name}.db": f"map of {text}" for name, text in texts.items() if name in MAPS}} for texts in TEXTS
]


@pytest.fixture
def mail(mail_dir: Path) -> MailDir:
    """Releases 1 to 3 went live one after the other, as a publisher leaves it."""
    directory = MailDir(mail_dir)
    directory.prepare()
    for number in range(1, len(STATES)):
        go_live(directory, number)
    return directory


def go_live(mail: MailDir, number: int) -> None:
    generations.clear_staging(mail)
    record = Journal(publication=number, release=number, before=asdict(load_live(mail) or Live()))
    swaps = []
    for name, text in STATES[number].items():
        if STATES[number - 1].get(name) == text:
            continue
        (mail.staging / name).write_text(text)
        (mail.staging / name).chmod(0o640 if name == "aliases" else 0o644)
        signal = name == "relay-domains"
        swaps.append(Swap(str(mail.path / name), str(mail.staging / name), needs_signal=signal, sha256="x"))
    generations.swap(mail, record, swaps)
    note_live(mail, Live(number, number, [recorded(mail, name) for name in TEXTS[number]]))
    remove(mail.journal)


def recorded(mail: MailDir, name: str) -> dict[str, Any]:
    path = mail.path / name
    return {"table": name, "path": str(path), "sha256": sha256(path), "map": identity(path.with_name(f"{name}.db"))}


def live(mail: MailDir) -> dict[str, str]:
    return {path.name: path.read_text() for path in mail.path.iterdir() if path.is_file()}


def back(wanted: str = "", **more: Any) -> list[str]:
    return rollback.roll_back(wanted=wanted, by="anna", **more)


def test_without_a_number_it_goes_back_by_one(mail: MailDir) -> None:
    said = back()
    assert live(mail) == STATES[2]
    assert said[0].startswith("Going back from release 3 to release 2, kept 20")
    assert said[0].endswith(" as generation 0003.")
    assert said[1] == "Put back: aliases.db, aliases, relay-domains."
    assert said[-1] == (
        "Release 2 is live. What was live until now is kept as generation 0004: manage.py publisher --rollback 0004 "
        "goes back to it. This host is held: nothing is published here until somebody releases the hold in the panel "
        "or with manage.py publisher --release-hold."
    )


def test_each_generation_can_be_gone_back_to_in_any_order(mail: MailDir, settings: Any) -> None:
    settings.KEEP_GENERATIONS = 20
    for wanted, state in (("0002", 1), ("4", 3), ("3", 2), ("1", 0), ("2", 1), ("0001", 0), ("4", 3), ("5", 1)):
        back(wanted)
        assert live(mail) == STATES[state]
        assert [path.name for path in mail.path.iterdir() if path.is_file() and path.stat().st_nlink > 1] == []


def test_before_the_first_publication_there_was_nothing(mail: MailDir) -> None:
    said = back("1")
    assert live(mail) == {}
    assert "Removed, because they did not exist then: aliases.db, genericstable.db, aliases, relay" in said[1]
    assert said[-1].startswith("What was there before the first publication is live.")
    back()
    assert live(mail) == STATES[3]


def test_only_as_many_generations_are_kept_as_the_settings_say(mail: MailDir, settings: Any) -> None:
    settings.KEEP_GENERATIONS = 2
    assert back()[-1] == "Removed generation 0001, 0002."
    assert [one.generation for one in rollback.listed()] == ["0004", "0003"]


def test_owner_mode_and_time_are_those_of_then(mail: MailDir) -> None:
    before = {Path(kept.live): kept for kept in manifest.load(mail.generations / "0003").files}
    back()
    for path, kept in before.items():
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (kept.uid, kept.gid, kept.mode)
        assert found.st_mtime_ns == kept.mtime_ns
    assert before[mail.path / "aliases"].mode == 0o640


def test_what_is_live_is_noted_as_it_was_recorded(mail: MailDir) -> None:
    then = load_live(mail)
    assert then
    assert (then.release, len(then.files)) == (3, 3)
    back()
    now, held = load_live(mail), Held.load(mail)
    assert now
    assert held
    assert now.release == held.to_release == 2
    assert (held.by, held.from_release, held.generation, held.files) == ("anna", 3, "0004", now.files)
    assert now.files == [recorded(mail, name) for name in TEXTS[2]]


def test_what_somebody_changed_by_hand_is_kept_and_told(mail: MailDir) -> None:
    (mail.path / "relay-domains").write_text("by hand\n")
    said = back()
    kept = mail.generations / "0004/relay-domains"
    assert said[2] == (
        f"{mail.path}/relay-domains had been changed by hand since it was published. That version is kept: {kept}"
    )
    assert kept.read_text() == "by hand\n"
    assert live(mail) == STATES[2]


def test_whoever_has_a_map_open_is_woken(mail: MailDir) -> None:
    with (mail.path / "aliases.db").open("rb") as opened:
        before = os.fstat(opened.fileno()).st_mtime
        back()
        assert os.fstat(opened.fileno()).st_mtime > before


# --- what stands in the way -------------------------------------------------------------------------------------------


def test_while_a_publisher_is_at_work_it_is_refused(mail: MailDir) -> None:
    with locked(mail), pytest.raises(Locked, match=r"Another publisher \(process \d+\) is at work"):
        back()
    assert live(mail) == STATES[3]


def test_a_generation_that_is_not_there_is_answered_with_those_that_are(mail: MailDir) -> None:
    for wanted in ("9", "x", "0"):
        with pytest.raises(NoWayBack, match=rf"no way back to generation {wanted}\. There is to: 0003, 0002, 0001\.$"):
            back(wanted)


def test_without_any_generation_it_says_so(mail_dir: Path) -> None:
    with pytest.raises(NoWayBack, match="No generation is kept in"):
        back()
    assert rollback.listed() == []


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda kept: (kept / "0002/manifest.json").unlink(), "Generation 0002 has no manifest.json"),
        (lambda kept: (kept / "0002/manifest.json").write_text("{"), "0002/manifest.json cannot be read"),
        (lambda kept: (kept / "0002").rename(kept / "else"), "The generation after 0001 is missing"),
    ],
)
def test_no_way_leads_past_a_generation_that_cannot_be_undone(
    mail: MailDir, harm: Callable[[Path], object], why: str
) -> None:
    harm(mail.generations)
    with pytest.raises(NoWayBack, match=rf"There is to: 0003\. .*{why}"):
        back("1")
    back("3")
    assert live(mail) == STATES[2]


def test_a_kept_file_that_is_gone_stops_it_before_anything_is_touched(mail: MailDir) -> None:
    (mail.path / "aliases").unlink()
    (mail.path / "aliases").mkdir()
    with pytest.raises(NoWayBack, match="is not a plain file any more"):
        back()
    gone = mail.generations / "0003/aliases"
    gone.unlink()
    with pytest.raises(NoWayBack, match=f"{gone} is gone, so {mail.path}/aliases cannot be brought back"):
        back()
    assert not mail.journal.exists()


def test_a_file_that_may_not_be_replaced_stops_it_as_well(mail: MailDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tables.sendmail.wayback.os.access", lambda path, _how: path != mail.path)
    monkeypatch.setattr("tables.sendmail.maildir.check", lambda _path: None)
    with pytest.raises(NoWayBack, match=rf"cannot be replaced: {mail.path} is not writable\. Run this as root\.$"):
        back()


def test_on_a_full_disk_a_second_name_does(mail: MailDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_source: Path, target: Path) -> None:
        target.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(wayback, "copy", full)
    back()
    assert (mail.path / "aliases").stat().st_nlink == 2
    back()
    assert (mail.path / "aliases").stat().st_nlink == 2


def test_a_copy_that_fails_touches_nothing(mail: MailDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_source: Path, target: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))

    monkeypatch.setattr(wayback, "copy", broken)
    with pytest.raises(PublishError, match=r"Not rolled back: .*Input/output error.* Nothing live was touched\.$"):
        back()
    assert live(mail) == STATES[3]
    assert [one.generation for one in rollback.listed()] == ["0003", "0002", "0001"]
    assert not mail.journal.exists()


def test_an_error_while_files_are_swapped_puts_them_back(mail: MailDir) -> None:
    def stop(point: str) -> None:
        if point == "swapped aliases":
            raise OSError(errno.EIO, os.strerror(errno.EIO), "/dev/sda")

    with pytest.raises(PublishError, match=r"Not rolled back: /dev/sda: .* What was live before is live again\.$"):
        back(checkpoint=stop)
    assert live(mail) == STATES[3]
    assert Held.load(mail) is None
    assert not mail.journal.exists()


def test_one_that_is_live_but_not_noted_is_noted_by_the_next(mail: MailDir) -> None:
    def stop(point: str) -> None:
        if point == "held":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(PublishError, match="The rollback is live, but could not be noted"):
        back(checkpoint=stop)
    assert back("4")[0] == "An earlier rollback had been stopped half-way: its files were put in order first."
    assert live(mail) == STATES[3]


# --- as an operator calls it ------------------------------------------------------------------------------------------


def test_the_command_lists_and_goes_back_with_no_database(mail: MailDir) -> None:
    """In a process of its own, whose database is where nobody listens."""
    environment = {
        **os.environ,
        "MAILADMIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "MAILADMIN_STATE_DIR": str(mail.path.parent),
        "MAILADMIN_MAIL_DIR": str(mail.path),
        "MAILADMIN_SENDMAIL_CF": str(mail.path.parent / "none.cf"),
        "MAILADMIN_HOST": "mx.test.example",
    }

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "publisher", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = manage("--rollback", "2", "--reason", "they cannot log in")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("with manage.py publisher --release-hold.\n")
    assert live(mail) == STATES[1]
    held = Held.load(mail)
    assert held
    assert held.reason == "they cannot log in"


def test_the_list_names_generations_releases_and_files(mail: MailDir) -> None:
    back("2")
    status, said = called("publisher", "--rollback", "--list")
    lines = said.splitlines()
    assert (status, len(lines)) == (0, 5)
    assert lines[1].startswith("0004        20")
    assert "  the rollback to release 1, back to release 3 (" in lines[1]
    assert "  release 3, back to release 2 (aliases, relay-domains, aliases.db)" in lines[2]
    assert "  release 1, back to what was there before the first publication (" in lines[4]


def test_the_list_of_a_fresh_host_says_so(mail_dir: Path) -> None:
    assert called("publisher", "--list") == (0, "No generation is kept here that could be gone back to.\n")


def test_a_refusal_is_one_line_and_status_1(mail_dir: Path) -> None:
    status, said = called("publisher", "--rollback")
    assert (status, said.startswith("No generation is kept in")) == (1, True)


def test_the_manifest_tells_what_is_needed(mail: MailDir) -> None:
    found = json.loads((mail.generations / "0002/manifest.json").read_text())
    assert (found["before"]["release"], found["release"], found["publication"]) == (1, 2, 2)
    assert [item["table"] for item in found["before"]["files"]] == ["aliases", "relay-domains"]
    kept = {item["name"]: item for item in found["files"]}
    assert {name: item["existed"] for name, item in kept.items()} == {
        "aliases": True,
        "aliases.db": True,
        "genericstable": False,
        "genericstable.db": False,
    }
    assert kept["aliases"]["sha256"] == "x"
    assert kept["aliases.db"]["identity"].startswith(f"{(mail.generations / '0002/aliases.db').stat().st_ino}-")
