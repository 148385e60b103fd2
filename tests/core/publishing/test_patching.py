"""A patched text is what was meant, its difference is what diff prints, and whatever is in doubt is no patch."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from tables.sendmail import commands
from tables.sendmail.patching import Edit, is_plain, overlap, patched, place_of, unified
from tables.sendmail.plan import DIFF_LINES, new_diff, unified_diff

TEXT = b"# stamp\none\ntwo\nthree\n"
FIRST = len(b"# stamp\n")
LABELS = ("x (live)", "x (to be published)")


@pytest.mark.parametrize(
    ("data", "lines", "first", "place"),
    [
        (TEXT, b"one\n", FIRST, (8, 12)),
        (TEXT, b"two\n", FIRST, (12, 16)),
        (TEXT, b"one\ntwo\n", FIRST, (8, 16)),
        (TEXT, b"wo\n", FIRST, None),  # no whole line
        (TEXT, b"# stamp\n", FIRST, None),  # above the text
        (TEXT, b"four\n", FIRST, None),
        (b"one\n", b"one\n", 0, (0, 4)),
        (b"one\none\n", b"one\n", 0, None),
        (b"one\ntwo\none\n", b"one\n", 0, None),
        (b"two\none\none\n", b"one\n", 0, None),
        (b"xone\none\n", b"one\n", 0, (5, 9)),
    ],
)
def test_lines_are_found_where_they_stand_once(
    data: bytes, lines: bytes, first: int, place: tuple[int, int] | None
) -> None:
    assert place_of(data, lines, first) == place


@pytest.mark.parametrize(("text", "plain"), [("a\n", True), ("a", False), ("a \\\n", False), ("", False), ("\n", True)])
def test_only_whole_lines_that_join_nothing_are_plain(text: str, plain: bool) -> None:
    assert is_plain(text) is plain


def test_edits_that_share_bytes_are_told() -> None:
    assert overlap([Edit(0, 4), Edit(3, 5)])
    assert not overlap([Edit(0, 4), Edit(4, 4, 1, b"x\n"), Edit(4, 4, 2, b"y\n"), Edit(4, 8)])


def test_a_patch_changes_adds_and_cuts_in_the_order_of_the_text() -> None:
    edits = sorted([Edit(12, 16), Edit(12, 12, 2, b"b\n"), Edit(12, 12, 1, b"a\n"), Edit(8, 12, text=b"1\n")])
    assert b"".join(patched(TEXT, FIRST, edits)) == b"1\na\nb\nthree\n"
    assert b"".join(patched(TEXT, FIRST, [])) == TEXT[FIRST:]


def some_edits(chance: random.Random, data: bytes) -> list[Edit]:
    starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]
    edits = []
    for start, end in pairwise(starts):
        what = chance.random()
        if what < 0.06:
            edits.append(Edit(start, end))
        elif what < 0.12:
            edits.append(Edit(start, end, text=b"changed %d\n" % start))
        elif what < 0.18:
            edits.append(Edit(end, end, 1, b"new %d\n" % end))
    return edits


def applied(data: bytes, difference: bytes) -> bytes:
    """What becomes of ``data`` by the hunks of a difference, every line of which is held to what it claims."""
    old, new = data.splitlines(keepends=True), []
    at = 0
    lines = difference.replace(b"\n\\ No newline at end of file\n", b"").splitlines(keepends=True)[2:]
    for line in lines:
        if line.startswith(b"@@"):
            start, count = (int(number) for number in (line.split()[1][1:].decode() + ",1").split(",")[:2])
            first = start - 1 if count else start
            new += old[at:first]
            at = first
        elif line[:1] in b" -":
            assert old[at] == line[1:]
            at += 1
        if line[:1] in b" +":
            new.append(line[1:])
    return b"".join([*new, *old[at:]])


@pytest.mark.parametrize("seed", range(60))
def test_the_difference_of_a_patch_makes_the_one_text_of_the_other(seed: int) -> None:
    chance = random.Random(seed)
    data = b"".join(b"line %d\n" % number for number in range(chance.choice([0, 1, 5, 60])))
    data += chance.choice([b"", b"no end"])
    edits = some_edits(chance, data)
    assert applied(data, b"".join(unified(data, 0, edits, LABELS))) == b"".join(patched(data, 0, edits))


@pytest.mark.parametrize("text", [b"", b"one\n", b"one", b"one\ntwo\n", b"one\ntwo", b"x\n" * 500, b"x\n" * 500 + b"y"])
def test_the_difference_of_a_new_file_is_what_diff_says(directory: Path, text: bytes) -> None:
    after = directory / "after"
    after.write_bytes(text)
    said = unified_diff(
        [], after, labels=LABELS, scratch=directory / "scratch", run=commands.run, timeout=10, passwords=False
    )
    found = new_diff(after, LABELS, passwords=False) if text else ("", 0)
    assert found == said
    assert len(found[0].splitlines()) <= DIFF_LINES + 1
