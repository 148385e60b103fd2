"""What a first reading of a file learns: which keys are live and which line wins a key that stands twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from tables.sendmail.formats import FORMATS
from tables.sendmail.formats.base import Line, What
from tables.sendmail.spec import Duplicates, Grade, Kind, Problem, TableSpec

#: Bytes that are looked at together.
_BLOCK = 1 << 20


@dataclass(slots=True)
class Knowledge:
    """``live``: the keys of live lines; ``contested``: (line, word) that wins each key that stands more than once."""

    live: set[str] = field(default_factory=set)
    contested: dict[str, tuple[int, int]] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)

    def loss(self, spec: TableSpec, line: Line) -> Problem | None:
        """What is wrong with a line that loses its key to another line; ``None`` for every other line."""
        winner = self.contested.get(line.key)
        if winner is None:
            return None
        if winner == (0, 0):  # the first wins, and this is it
            self.contested[line.key] = (line.number, line.offset)
            return None
        return None if winner == (line.number, line.offset) else _duplicate(spec, line, winner[0])

    def may_rest(self, line: Line) -> bool:
        """Whether a line that is not live can be kept as a disabled entry: its key is used by nothing else."""
        return bool(line.key) and line.key not in self.live and line.key not in self.resting

    def rest(self, key: str) -> None:
        self.resting.add(key)


def learn_at_once(spec: TableSpec, data: BinaryIO) -> Knowledge | None:
    """The same of many lines at a time, in half the time: of plain lines only, in which no key stands twice."""
    keys, live, count, rest = FORMATS[spec.kind].keys, set[str](), 0, b""
    while block := data.read(_BLOCK):
        lines, end, rest = (rest + block).rpartition(b"\n")
        found = keys(lines + end)
        if found is None:
            return None
        live.update(found)
        count += len(found)
    last = keys(rest)
    if last is None:
        return None
    live.update(last)
    return Knowledge(live) if len(live) == count + len(last) else None


def learn(spec: TableSpec, lines: Iterable[Line]) -> Knowledge:
    """Read a file for its keys only."""
    knowledge = Knowledge()
    live, contested = knowledge.live, knowledge.contested
    last = spec.duplicates is Duplicates.LAST
    for line in lines:
        if line.what is not What.ENTRY:
            continue
        key = line.key
        if key not in live:
            live.add(key)
        elif last:
            contested[key] = (line.number, line.offset)
        else:
            contested[key] = (0, 0)
    return knowledge


def _duplicate(spec: TableSpec, line: Line, winner: int) -> Problem:
    if spec.kind is Kind.CLASS:
        return Problem(
            "class.duplicate",
            Grade.NOTE,
            f"Line {line.number} names “{line.key[:60]}” again, which line {winner} does already.",
            "Nothing is lost: the line was made a comment.",
            "key",
            line.number,
        )
    keeps = "last" if spec.duplicates is Duplicates.LAST else "first"
    return Problem(
        f"{spec.kind.value}.duplicate",
        Grade.ERROR,
        f"Line {line.number} has the key “{line.key[:60]}” of line {winner}; sendmail keeps the {keeps} of the two.",
        "The line was made a comment. Remove it, or move its value to the other line.",
        "key",
        line.number,
    )
