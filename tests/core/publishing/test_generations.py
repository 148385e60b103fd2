"""The previous state is kept until a newer one has proved itself, and comes back as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tables.sendmail import generations
from tables.sendmail.files import leftover
from tables.sendmail.journal import Journal, Phase, Swap
from tables.sendmail.maildir import MailDir


def make(tmp_path: Path) -> tuple[MailDir, Journal, list[Swap]]:
    directory = MailDir(tmp_path)
    directory.generations.mkdir(parents=True)
    directory.staging.mkdir()
    (tmp_path / "access").write_bytes(b"old")
    for name in ("access", "mailertable"):
        (directory.staging / name).write_bytes(b"new")
    swaps = [Swap(str(tmp_path / name), str(directory.staging / name)) for name in ("access", "mailertable")]
    return directory, Journal(publication=1, release=1), swaps


def test_a_swap_keeps_the_previous_generation(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    generations.swap(directory, journal, swaps)
    assert (tmp_path / "access").read_bytes() == b"new"
    assert (directory.generations / "0001/access").read_bytes() == b"old"
    loaded = Journal.load(directory.journal)
    assert loaded
    assert (loaded.phase, loaded.generation, len(loaded.swaps)) == (Phase.SWAPPING, "0001", 2)


def test_a_restore_brings_back_files_times_and_absences(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    os.utime(tmp_path / "access", ns=(1, 1_000_000_007))
    generations.swap(directory, journal, swaps)
    generations.restore(directory, journal)
    assert (tmp_path / "access").read_bytes() == b"old"
    assert (tmp_path / "access").stat().st_mtime_ns == 1_000_000_007
    assert (tmp_path / "access").stat().st_nlink == 1
    assert not (tmp_path / "mailertable").exists()
    assert list(directory.generations.iterdir()) == []


def test_a_restore_may_be_done_twice(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    generations.swap(directory, journal, swaps)
    generations.restore(directory, journal)
    generations.restore(directory, journal)
    assert (tmp_path / "access").read_bytes() == b"old"


def test_a_restore_clears_away_what_the_swap_left_half_made(tmp_path: Path) -> None:
    """On another file system the new file is copied beside the old one first; the disk may fill up in between."""
    directory, journal, swaps = make(tmp_path)
    generations.swap(directory, journal, swaps)
    half = leftover(tmp_path / "access")
    half.write_bytes(b"ne")
    generations.restore(directory, journal)
    assert not half.exists()


def test_a_file_that_the_swap_did_not_reach_is_the_same_file_afterwards(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    os.utime(tmp_path / "access", ns=(1, 1_000_000_007))
    before = (tmp_path / "access").stat().st_ino

    class Stopped(Exception):
        pass

    def stop(point: str) -> None:
        if point == "swap journalled":
            raise Stopped

    with pytest.raises(Stopped):
        generations.swap(directory, journal, swaps, stop)
    assert (tmp_path / "access").stat().st_nlink == 2
    loaded = Journal.load(directory.journal)
    assert loaded
    names: dict[str, int] = {}
    generations.restore(directory, loaded, lambda point: names.update({point: (tmp_path / "access").stat().st_nlink}))
    assert names["restored access"] == 1  # with a second name makemap would not read it
    found = (tmp_path / "access").stat()
    assert (found.st_ino, found.st_nlink, found.st_mtime_ns) == (before, 1, 1_000_000_007)
    assert not (tmp_path / "mailertable").exists()


def test_the_journal_says_that_the_old_state_is_back(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    generations.swap(directory, journal, swaps)
    generations.restore(directory, journal)
    loaded = Journal.load(directory.journal)
    assert loaded
    assert loaded.phase is Phase.RESTORED


def test_a_publication_without_a_generation_has_none_to_forget(tmp_path: Path) -> None:
    directory, _journal, _swaps = make(tmp_path)
    (directory.generations / "0007").mkdir()
    generations.forget(directory, Journal(publication=1, release=1))
    assert (directory.generations / "0007").is_dir()


def test_files_of_one_name_in_two_places_are_both_kept(tmp_path: Path) -> None:
    """Links of two tables may lead to /srv/a/users and /srv/b/users."""
    directory, journal, _swaps = make(tmp_path)
    swaps = []
    for table in ("access", "mailertable"):
        (tmp_path / f"of-{table}").mkdir()
        live = tmp_path / f"of-{table}/users"
        live.write_text(f"old {table}")
        swaps.append(Swap(str(live), str(directory.staging / table)))
    generations.swap(directory, journal, swaps)
    assert (directory.generations / "0001/mailertable").read_text() == "old mailertable"
    generations.restore(directory, journal)
    assert [Path(item.live).read_text() for item in swaps] == ["old access", "old mailertable"]


# --- house keeping ----------------------------------------------------------------------------------------------------


def generations_of(directory: MailDir, *numbers: str) -> None:
    for number in numbers:
        (directory.generations / number).mkdir()
        (directory.generations / number / "access").write_bytes(b"old")


def left(directory: MailDir) -> set[str]:
    return {entry.name for entry in directory.generations.iterdir()}


def test_the_newest_generations_stay_and_the_removed_ones_are_told(tmp_path: Path) -> None:
    directory, _journal, _swaps = make(tmp_path)
    generations_of(directory, "0001", "0002", "0003", "0004")
    assert generations.prune(directory, 2) == "Removed generation 0001, 0002.\n"
    assert left(directory) == {"0003", "0004"}


def test_no_word_when_nothing_is_too_old(tmp_path: Path) -> None:
    directory, _journal, _swaps = make(tmp_path)
    generations_of(directory, "0001", "0002")
    assert generations.prune(directory, 2) == ""
    assert left(directory) == {"0001", "0002"}


def test_generations_are_ordered_by_number_past_four_digits(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    generations_of(directory, "9999", "10000")
    assert generations.prune(directory, 1) == "Removed generation 9999.\n"
    generations.swap(directory, journal, swaps)
    assert journal.generation == "10001"


def test_what_is_no_generation_is_neither_counted_nor_removed(tmp_path: Path) -> None:
    directory, journal, swaps = make(tmp_path)
    generations_of(directory, "0004", "kept-by-hand")
    assert generations.prune(directory, 1) == ""
    generations.swap(directory, journal, swaps)
    assert (journal.generation, left(directory)) == ("0005", {"0004", "0005", "kept-by-hand"})


def test_staging_starts_empty(tmp_path: Path) -> None:
    directory, _journal, _swaps = make(tmp_path)
    (directory.staging / "plan-x").mkdir()
    (directory.staging / "plan-x" / "access.body").write_bytes(b"from before")
    generations.clear_staging(directory)
    assert list(directory.staging.iterdir()) == []
