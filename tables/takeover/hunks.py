"""Where two files differ, block by block. Neither has to fit into memory: what is alike is only counted."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tables.errors import ChangeError
from tables.sendmail.commands import Run
from tables.sendmail.spec import TableSpec
from tables.takeover.blocks import Item, blocks, token

#: Blocks that may differ; more are another file, which an import takes.
MOST = 20_000

_HEAD = re.compile(rb"^(\d+)(?:,(\d+))?([acd])(\d+)(?:,(\d+))?$")


@dataclass(slots=True)
class Hunk:
    """Blocks of the base (from ``start`` up to ``end``) in whose place theirs stand. ``loose``: all get new places."""

    start: int
    end: int
    their_start: int
    their_end: int
    loose: bool = False


@dataclass(slots=True)
class Outline:
    """Of each block of the base where it begins and ends."""

    first: array[int] = field(default_factory=lambda: array("q"))
    last: array[int] = field(default_factory=lambda: array("q"))

    def size(self, start: int, end: int) -> int:
        """How many positions these blocks take: those of one block follow each other."""
        return sum(self.last[at] - self.first[at] + 1 for at in range(start, end))


def outline(table: TableSpec, items: Iterable[Item], tokens: Path) -> Outline:
    """Write a token for each block, one a line."""
    found = Outline()
    with tokens.open("w", encoding="ascii") as stream:
        for block in blocks(table, items):
            found.first.append(block[0].position)
            found.last.append(block[-1].position)
            stream.write(f"{token(table, block)}\n")
    return found


def compare(base: Path, theirs: Path, *, run: Run, scratch: Path, timeout: float) -> list[Hunk]:
    """Raises :class:`ChangeError` when they have too little in common."""
    result = run(["diff", "--", str(base), str(theirs)], stdout=scratch, timeout=timeout)
    if result.returncode > 1:
        raise ChangeError(f"The two files could not be compared: {result.stderr.strip()}. Try again.")
    with scratch.open("rb") as stream:
        found = list(_hunks(stream))
    differing = sum(hunk.end - hunk.start + hunk.their_end - hunk.their_start for hunk in found)
    if differing > MOST:
        raise ChangeError(
            f"The file differs in {differing} places, more than the {MOST} that a change request takes over. "
            "Import it on the host: manage.py import_tables FILE --table TABLE --mode replace."
        )
    return found


def _hunks(lines: Iterable[bytes]) -> Iterator[Hunk]:
    for line in lines:
        if head := _HEAD.match(line.rstrip(b"\n")):
            one, two, kind, three, four = head.groups()
            start, end = _span(int(one), int(two or one), empty=kind == b"a")
            their_start, their_end = _span(int(three), int(four or three), empty=kind == b"d")
            yield Hunk(start, end, their_start, their_end)


def _span(first: int, last: int, *, empty: bool) -> tuple[int, int]:
    """Lines as ``diff`` counts them, from 1; of nothing it names the line before."""
    return (first, first) if empty else (first - 1, last)
