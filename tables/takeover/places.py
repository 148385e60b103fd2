"""Positions for what the hand put in, between what stands around it; what keeps its order keeps its place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from tables.sendmail.layout import STEP
from tables.takeover.blocks import Block, name
from tables.takeover.hunks import Hunk, Outline

#: So close that many find room after one another, and so far that many find room between two of them.
CLOSE = 2**20


def widened(hunks: list[Hunk], outline: Outline, needs: Sequence[int]) -> list[Hunk]:
    """The same, each with enough of its neighbours for its blocks to find room. ``needs``: positions of each."""
    pending = [(hunk, need) for hunk, need in zip(hunks, needs, strict=True)]
    done: list[tuple[Hunk, int]] = []
    while pending:
        hunk, need = pending.pop(0)
        while not _has_room(hunk, need, outline):
            if hunk.end < len(outline.first) and not (pending and pending[0][0].start == hunk.end):
                need += outline.last[hunk.end] - outline.first[hunk.end] + 1
                hunk = Hunk(hunk.start, hunk.end + 1, hunk.their_start, hunk.their_end + 1, loose=True)
            if pending and pending[0][0].start == hunk.end:
                other, more = pending.pop(0)
                hunk = Hunk(hunk.start, other.end, hunk.their_start, other.their_end, loose=True)
                need += more
        done.append((hunk, need))
    return [hunk for hunk, _need in done]


def bounds(hunk: Hunk, outline: Outline, need: int) -> tuple[int, int | None]:
    """The positions between which a hunk has to find room; ``None``: up to the end of the file."""
    above = outline.last[hunk.start - 1] if hunk.start else None
    below = outline.first[hunk.end] if hunk.end < len(outline.first) else None
    if above is None:
        above = 0 if below is None else min(0, below - STEP * (need + 1))
    return above, below


def _has_room(hunk: Hunk, need: int, outline: Outline) -> bool:
    above, below = bounds(hunk, outline, need)
    return below is None or _unit(above, below, need) >= 2


def _unit(above: int, below: int | None, need: int) -> int:
    """The distance of blocks that need so many positions in all."""
    return STEP if below is None else min(CLOSE, (below - above) // (2 * need + 1))


def place(
    new: Sequence[Block], known: Sequence[tuple[int, int]], above: int, below: int | None, taken: Sequence[int]
) -> list[int]:
    """The first position of each new block. ``known``: where blocks stand already, as (position, number), of which
    those stay that are in order. ``taken``: sorted positions in between of what others put there."""
    for kept in ({number: position for position, number in _longest(known)}, {}):
        if (found := _filled(new, kept, above, below, taken)) is not None:
            return found
    found = _filled(new, {}, above, below, ())
    assert found is not None  # noqa: S101  a hunk is widened until it has room
    return found


def known_places(old: Sequence[Block], new: Sequence[Block]) -> list[tuple[int, int]]:
    """Where blocks with the same keys stood, as (position, number of the new one); texts in order, if as many stood."""
    places = {(name(block), len(block)): block[0].position for block in old if name(block)}
    keys = [(name(block), len(block)) for block in new]
    found = [(places[key], number) for number, key in enumerate(keys) if key in places]
    stood = [block[0].position for block in old if not name(block)]
    texts = [number for number, block in enumerate(new) if not name(block)]
    if len(stood) == len(texts):
        found += zip(stood, texts, strict=True)
    return found


def _longest(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of them in which the first numbers rise."""
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, (value, _number) in enumerate(pairs):
        length = bisect_left(ends, value)
        before.append(at[length - 1] if length else -1)
        ends[length : length + 1], at[length : length + 1] = [value], [index]
    found, index = [], at[-1] if at else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _filled(
    new: Sequence[Block], kept: dict[int, int], above: int, below: int | None, taken: Sequence[int]
) -> list[int] | None:
    """All of them, the kept ones where they are; nothing when some find no room."""
    found = [0] * len(new)
    marks = [-1, *sorted(kept), len(new)]
    for one, other in pairwise(marks):
        low = above if one < 0 else kept[one] + len(new[one]) - 1
        high = below if other == len(new) else kept[other]
        run = _run(new[one + 1 : other], low, _before(taken, low, high))
        if run is None:
            return None
        found[one + 1 : other] = run
        if other < len(new):
            found[other] = kept[other]
    return found


def _before(taken: Sequence[int], low: int, high: int | None) -> int | None:
    """What others put there stays below what the hand put in."""
    index = bisect_right(taken, low)
    first = taken[index] if index < len(taken) else None
    return high if first is None else first if high is None else min(first, high)


def _run(run: Sequence[Block], low: int, high: int | None) -> list[int] | None:
    need = sum(len(block) for block in run)
    unit = _unit(low, high, need)
    if run and unit < 2:
        return None
    found = []
    for block in run:
        found.append(low + unit)
        low = found[-1] + len(block) - 1
    return found
