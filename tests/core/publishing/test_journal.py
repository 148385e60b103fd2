"""The journal is on the disk whole before each step that matters, and nobody guesses at one that is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tables.sendmail import journal
from tables.sendmail.files import leftover
from tables.sendmail.journal import Journal, JournalUnreadable, Phase, Swap

FULL = Journal(
    publication=7,
    release=3,
    phase=Phase.PROVED,
    generation="0004",
    swaps=[Swap("/mail/access", "/mail/.mailadmin/staging/access", "/mail/.mailadmin/generations/0004/access", 5)],
    signalled=True,
    error="no",
    files=[{"table": "access", "entries": 2}],
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.json"


def test_the_next_publisher_reads_what_the_last_one_wrote(path: Path) -> None:
    FULL.save(path)
    assert Journal.load(path) == FULL
    assert not leftover(path).exists()


def test_without_a_journal_there_is_nothing_to_finish(path: Path) -> None:
    assert Journal.load(path) is None


def test_a_half_written_replacement_leaves_the_journal_before_it(path: Path) -> None:
    FULL.save(path)
    leftover(path).write_text('{"publication": 8, "rel')
    assert Journal.load(path) == FULL
    Journal(publication=8, release=4).save(path)
    assert Journal.load(path) == Journal(publication=8, release=4)
    assert not leftover(path).exists()


def test_a_finished_publication_leaves_no_journal(path: Path) -> None:
    FULL.save(path)
    journal.remove(path)
    assert not path.exists()
    journal.remove(path)


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The journal with something about it that this version does not know."""
    found = json.loads(json.dumps({"publication": 1, "release": 1, "phase": "building", "swaps": [{}]}))
    found["swaps"] = [{"live": "/mail/access", "staged": "/staging/access"}]
    change(found)
    return json.dumps(found).encode()


def test_a_journal_of_an_older_version_that_knew_less_is_read(path: Path) -> None:
    path.write_bytes(altered(lambda found: None))
    loaded = Journal.load(path)
    assert loaded == Journal(publication=1, release=1, swaps=[Swap("/mail/access", "/staging/access")])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        altered(lambda found: found.pop("swaps")),
        altered(lambda found: found.pop("phase")),
        altered(lambda found: found.pop("publication")),
        altered(lambda found: found.update(phase="half-way")),
        altered(lambda found: found.update(version=2)),
        altered(lambda found: found["swaps"][0].update(inode=9)),
        altered(lambda found: found["swaps"].append("/mail/aliases")),
    ],
)
def test_a_journal_that_this_version_does_not_know_is_not_guessed_at(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(JournalUnreadable) as unreadable:
        Journal.load(path)
    assert str(unreadable.value) == (
        f"{path} cannot be read, so nobody knows how far the last publication got. Compare the live files with the "
        f"newest of {path.parent}/generations, mend them if need be, and remove the journal."
    )
    assert path.read_bytes() == data
