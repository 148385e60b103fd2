"""A rollback that is killed anywhere leaves whole files, and the next publisher or rollback finishes or undoes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current

from tables.publishing import recovery, rollback
from tables.publishing.site import here
from tables.sendmail import commands, generations
from tables.sendmail.held import Held, let_go, load_live
from tables.sendmail.journal import Journal, Phase, Swap
from tables.sendmail.maildir import MailDir
from tests.publisher.test_rollback import STATES, back, live, mail
from tests.publisher.victim import in_child, killer

__all__ = ["mail"]

#: What going back from release 3 to 2, or from 2 to 3, replaces.
SWAPS = ("aliases.db", "aliases", "relay-domains")
BEFORE = ["rollback begun", "rollback staged", "generation made", "kept", "swap journalled"]
BEFORE += [*(f"swapped {name}" for name in SWAPS), "before proof"]
AFTER = ["rollback proved", "held", "live noted"]
POINTS = [*BEFORE, *AFTER]
#: One dies at the first point, whoever puts in order after it at the second.
TWICE = [
    *(("swapped aliases", f"restored {name}") for name in SWAPS),
    *(("rollback proved", point) for point in AFTER[1:]),
]


@pytest.fixture(autouse=True)
def many(settings: Any) -> None:
    settings.KEEP_GENERATIONS = 100


def dies(point: str) -> None:
    assert in_child(lambda: rollback.roll_back(wanted="", by="anna", checkpoint=killer(point))) == -9


def mend(checkpoint: generations.Checkpoint = generations.nowhere) -> None:
    assert recovery.mend(here(commands.run), checkpoint) is None


def whole(directory: MailDir, before: dict[str, str], after: dict[str, str]) -> None:
    for name, text in live(directory).items():
        assert text in {before.get(name), after.get(name)}


def in_order(directory: MailDir) -> None:
    assert not directory.journal.exists()
    assert list(directory.staging.iterdir()) == []
    hidden = {path.name for path in directory.path.glob(".*")} - {".mailadmin"}
    assert hidden == set()
    assert [path.name for path in directory.path.iterdir() if path.is_file() and path.stat().st_nlink > 1] == []


def test_the_list_of_points_is_complete(mail: MailDir) -> None:
    passed: list[str] = []
    back(checkpoint=passed.append)
    assert passed == POINTS


def test_killed_anywhere_it_is_undone_or_finished_by_the_next(mail: MailDir) -> None:
    """One directory for all: each rollback that comes about turns back the one before it."""
    before, after = STATES[3], STATES[2]
    for point in POINTS:
        dies(point)
        whole(mail, before, after)
        mend()
        in_order(mail)
        if point in AFTER:
            before, after = after, before
            held = Held.load(mail)
            assert held, point
            let_go(mail)
        assert live(mail) == before, point
        assert Held.load(mail) is None, point


@pytest.mark.parametrize(("first", "second"), TWICE)
def test_who_puts_in_order_may_die_too(mail: MailDir, first: str, second: str) -> None:
    dies(first)
    assert in_child(lambda: mend(killer(second))) == -9
    whole(mail, STATES[3], STATES[2])
    mend()
    in_order(mail)
    assert live(mail) == STATES[2 if first in AFTER else 3]


def test_the_next_rollback_puts_in_order_first(mail: MailDir) -> None:
    dies("swapped aliases")
    said = back()
    assert said[0] == "An earlier rollback had been stopped half-way: its files were put in order first."
    assert live(mail) == STATES[2]


def interrupted(directory: MailDir, phase: Phase) -> None:
    """A publication of release 4 that was killed in that phase."""
    generations.clear_staging(directory)
    (directory.staging / "aliases").write_text("postmaster: four\n")
    record = Journal(publication=4, release=4)
    generations.swap(directory, record, [Swap(str(directory.path / "aliases"), str(directory.staging / "aliases"))])
    record.phase, record.files = phase, [{"table": "aliases", "sha256": "4"}]
    record.save(directory.journal)


def test_a_publication_that_was_stopped_half_way_is_put_back_first(mail: MailDir) -> None:
    interrupted(mail, Phase.SWAPPING)
    said = back()
    assert said[0] == "A publication of release 4 had been stopped half-way: its files were put in order first."
    assert said[1].startswith("Going back from release 3 to release 2,")
    assert live(mail) == STATES[2]
    assert _left(mail).phase is Phase.RESTORED
    in_order(mail)


def test_a_publication_that_was_proved_is_what_is_gone_back_from(mail: MailDir) -> None:
    interrupted(mail, Phase.PROVED)
    said = back()
    assert said[1].startswith("Going back from release 4 to ")
    assert live(mail) == STATES[3]
    left, noted = _left(mail), load_live(mail)
    assert (left.phase, left.publication, left.files[0]["sha256"]) == (Phase.PROVED, 4, "4")
    assert noted
    assert mail.path == current.MAIL_DIR


def _left(directory: MailDir) -> Journal:
    """What the next publisher that has the database is to settle."""
    found = Journal.load(Path(directory.state / "interrupted.json"))
    assert found
    return found
