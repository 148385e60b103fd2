"""A text with a few items changed, made of the text as it lies there: what is not changed is copied unread.

Every item is found by its exact lines, which must stand there once and only once; otherwise there is no patch, and the
whole text is rendered.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tables.sendmail.plan import NO_END

#: Lines around a change that a difference shows.
_AROUND = 3
_HUNK = re.compile(r"@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Bytes ``start`` to ``end`` of a text become ``text``; edits at one place follow each other by ``turn``."""

    start: int
    end: int
    turn: int = 0
    text: bytes = b""


def is_plain(text: str) -> bool:
    """Whether an item's text stands for itself wherever it is put: whole lines that join nothing."""
    return text.endswith("\n") and not text.endswith("\\\n")


def place_of(data: bytes, lines: bytes, first: int) -> tuple[int, int] | None:
    """Where whole ``lines`` stand in ``data`` from ``first``, if they do so exactly once."""
    if data.startswith(lines, first):
        found = first
    elif (place := data.find(b"\n" + lines, first)) >= 0:
        found = place + 1
    else:
        return None
    return None if data.find(b"\n" + lines, found) >= 0 else (found, found + len(lines))


def overlap(edits: Sequence[Edit]) -> bool:
    """Whether two of the sorted edits concern the same bytes."""
    return any(after.start < before.end for before, after in pairwise(edits))


def patched(data: bytes, first: int, edits: Iterable[Edit], last: int | None = None) -> Iterator[bytes]:
    """``data`` from ``first`` (to ``last``) with the sorted edits, in chunks."""
    at, end = first, len(data) if last is None else last
    for edit in edits:
        yield from _blocks(data, at, edit.start)
        yield edit.text
        at = edit.end
    yield from _blocks(data, at, end)


def _blocks(data: bytes, start: int, end: int) -> Iterator[bytes]:
    for place in range(start, end, _BLOCK):
        yield data[place : min(place + _BLOCK, end)]


# --- as a difference --------------------------------------------------------------------------------------------------


def unified(data: bytes, first: int, edits: Sequence[Edit], labels: tuple[str, str]) -> Iterator[bytes]:
    """The lines of a unified difference, as ``diff -u`` would print them, found around the edits alone."""
    yield f"--- {labels[0]}\n".encode()
    yield f"+++ {labels[1]}\n".encode()
    counted, line, shift = first, 0, 0
    for group in _groups(data, first, edits):
        start, end = _before(data, group[0].start, first), _after(data, group[-1].end)
        line, counted = line + data.count(b"\n", counted, start), start
        old = _lines(data[start:end])
        new = _lines(b"".join(patched(data, start, group, end)))
        yield from _shifted(old, new, line, line + shift)
        shift += len(new) - len(old)


def _groups(data: bytes, first: int, edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Edits whose surroundings touch belong together."""
    group: list[Edit] = []
    for edit in edits:
        if group and _before(data, edit.start, first) > _after(data, group[-1].end):
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _before(data: bytes, place: int, first: int) -> int:
    """The start of the line some lines above ``place``."""
    for _line in range(_AROUND):
        if place > first:
            place = max(data.rfind(b"\n", first, place - 1) + 1, first)
    return place


def _after(data: bytes, place: int) -> int:
    for _line in range(_AROUND):
        found = data.find(b"\n", place)
        place = found + 1 if found >= 0 else len(data)
    return place


def _lines(data: bytes) -> list[bytes]:
    """With their line ends; the last one may have none."""
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _shifted(old: Sequence[bytes], new: Sequence[bytes], before: int, after: int) -> Iterator[bytes]:
    """Hunks, with the numbers of their lines in the whole texts."""
    texts = [[line.decode("latin-1") for line in lines] for lines in (old, new)]
    for line in list(difflib.unified_diff(texts[0], texts[1], n=_AROUND))[2:]:
        if match := _HUNK.match(line):
            numbers = (int(match[1]) + before, match[2] or "", int(match[3]) + after, match[4] or "")
            yield "@@ -{}{} +{}{} @@\n".format(*numbers).encode()
            continue
        yield line.encode("latin-1")
        if not line.endswith("\n"):
            yield f"\n{NO_END}".encode()
