"""What stands in a publisher's way: one clear message each, and what is live stays as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tables import publishing
from tables.models import Host, Publication
from tables.sendmail import commands
from tables.sendmail.journal import JournalUnreadable
from tables.sendmail.maildir import Locked, MailDir, locked
from tests.publisher.conftest import Load, Publish, output
from tests.services.editing import delete, save

FAILED = Publication.State.FAILED


def live(mail_dir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(mail_dir.iterdir()) if path.is_file()}


# --- the directory ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_publication_into_a_missing_directory_fails_once(host: Host, publish: Publish, settings: Any) -> None:
    settings.MAIL_DIR = settings.MAIL_DIR / "nowhere"
    publishing.register_host()
    publication = publish()
    assert publication.state == FAILED
    assert publication.error.startswith(f"The mail directory {settings.MAIL_DIR} does not exist. Create it, ")
    assert publishing.converge(host=host) is None


@pytest.mark.django_db
def test_two_tables_that_are_one_file_are_not_published_into_each_other(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    text = "one.example\ntwo.example\n"
    load({"local-host-names": text, "relay-domains": text})
    (mail_dir / "local-host-names").write_text(text)
    (mail_dir / "relay-domains").symlink_to("local-host-names")
    assert publish().state == Publication.State.SUCCEEDED  # there is nothing to write
    delete(None, "relay-domains", "two.example")
    publication = publish()
    assert publication.state == FAILED
    assert publication.error.startswith(f"relay-domains and local-host-names in {mail_dir} are one file, ")
    assert (mail_dir / "local-host-names").read_text() == text


# --- another publisher ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_publication_waits_while_another_runs(host: Host, mail_dir: Path, publish: Publish) -> None:
    directory = MailDir(mail_dir)
    directory.prepare()
    with locked(directory), pytest.raises(Locked):
        publish()
    assert Publication.objects.get().state == Publication.State.QUEUED
    done = publishing.converge(host=host)
    assert done
    assert done.state == Publication.State.SUCCEEDED


# --- programs ---------------------------------------------------------------------------------------------------------


class Programs:
    """The real programs, but what ``makemap`` does is as told."""

    def __init__(self, makemap: Callable[[Sequence[str]], commands.Result]) -> None:
        self.makemap = makemap

    def __call__(
        self, argv: Sequence[str], *, stdin: Iterable[bytes] = (), stdout: commands.Output | None = None, timeout: float
    ) -> commands.Result:
        if argv[0] == "makemap" and "-u" not in argv:
            assert list(stdin)
            return self.makemap(argv)
        return commands.run(argv, stdin=stdin, stdout=stdout, timeout=timeout)


def missing(argv: Sequence[str]) -> commands.Result:
    raise commands.MissingProgram(argv[0])


def complaining(argv: Sequence[str]) -> commands.Result:
    real = [*argv]
    said = commands.run(real, stdin=[b"a\tb\na\tc\n"], timeout=10)
    return commands.Result(tuple(argv), 0, "", said.stderr, 0.0)


def crashing(argv: Sequence[str]) -> commands.Result:
    return commands.Result(tuple(argv), 74, "", "", 0.0)


def lossy(argv: Sequence[str]) -> commands.Result:
    return commands.run(argv, stdin=[b"from:a@bad.example\tREJECT\n"], timeout=10)


def confusing(argv: Sequence[str]) -> commands.Result:
    return commands.run(argv, stdin=[b"from:a@bad.example\tREJECT\nfrom:b@bad.example\tOK\n"], timeout=10)


def full(argv: Sequence[str]) -> commands.Result:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere")


def hanging(argv: Sequence[str]) -> commands.Result:
    return commands.run(["sleep", "30"], timeout=0.1)


@pytest.mark.django_db
@pytest.mark.sendmail
@pytest.mark.parametrize(
    ("makemap", "said"),
    [
        (missing, "The program makemap is not on this host. Install the Debian package sendmail-bin."),
        (complaining, "makemap refused access: makemap: "),
        (crashing, "makemap refused access: exit status 74 without a word"),
        (lossy, "The map access holds 1 entry instead of 2."),
        (confusing, "The map access holds 2 entries, but not the right ones."),
        (full, "The disk that holds {mail_dir} is full: "),
        (hanging, "sleep 30 was ended because it ran longer than 0.1 seconds."),
    ],
)
def test_a_program_that_fails_leaves_everything_as_it_was(
    mail_dir: Path,
    load: Load,
    publish: Publish,
    makemap: Callable[[Sequence[str]], commands.Result],
    said: str,
) -> None:
    load({"access": "From:a@bad.example\tREJECT\n"})
    publish()
    before = live(mail_dir)
    save(None, "access", "From:b@bad.example", "REJECT")

    publication = publish(run=Programs(makemap))

    assert publication.state == FAILED
    assert publication.error.startswith(said.format(mail_dir=mail_dir))
    assert live(mail_dir) == before
    state = mail_dir / ".mailadmin"
    assert not (state / "journal.json").exists()
    assert list((state / "staging").iterdir()) == []
    assert publish().state == Publication.State.SUCCEEDED


@pytest.mark.django_db
@pytest.mark.sendmail
def test_what_the_program_said_is_kept_with_the_step(load: Load, publish: Publish) -> None:
    load({"access": "From:a@bad.example\tREJECT\n"})
    publication = publish(run=Programs(complaining))
    assert "key a: duplicate key" in output(publication, "build")
    assert "$ makemap -C " in output(publication, "build")


@pytest.mark.django_db
@pytest.mark.sendmail
def test_a_disk_that_fills_up_during_the_swap_brings_the_old_files_back(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load({"access": "From:a@bad.example\tREJECT\n", "aliases": "postmaster: root\n"})
    publish()
    before = live(mail_dir)
    save(None, "access", "From:b@bad.example", "REJECT")

    def fill(point: str) -> None:
        if point == "swapped access.db":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    publication = publish(checkpoint=fill)
    assert publication.state == Publication.State.ROLLED_BACK
    assert publication.error.endswith("Make room and publish again.")
    assert live(mail_dir) == before


@pytest.mark.django_db
@pytest.mark.sendmail
def test_a_failed_publication_is_not_tried_again_by_itself(host: Host, load: Load, publish: Publish) -> None:
    load({"access": "From:a@bad.example\tREJECT\n"})
    assert publish(run=Programs(missing)).state == FAILED
    assert publishing.converge(host=host) is None
    assert publish().state == Publication.State.SUCCEEDED


@pytest.mark.django_db
def test_a_journal_that_nobody_wrote_is_not_guessed_at(host: Host, mail_dir: Path, publish: Publish) -> None:
    directory = MailDir(mail_dir)
    directory.prepare()
    directory.journal.write_text("{}")
    with pytest.raises(JournalUnreadable, match=r"journal\.json cannot be read, so nobody knows how far"):
        publish()
    directory.journal.unlink()
    done = publishing.converge(host=host)
    assert done
    assert done.state == Publication.State.SUCCEEDED
