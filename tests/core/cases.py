"""The verified cases: what real sendmail said about each line, read from ``tests/data``.

``cases.tsv`` is given; ``more_cases.tsv`` are variants of it that were tried on this project's own configuration.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"

_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)|\{(.)\*(\d+)\}", re.DOTALL)
_PLAIN = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"0": b"\0", b"v": b"\v", b"f": b"\f", b"\\": b"\\"}


@dataclass(frozen=True)
class Case:
    number: int
    table: str
    data: bytes
    real: str
    verdict: str
    probe: str

    def __str__(self) -> str:
        return f"{self.number}-{self.table}-{self.verdict}"

    @property
    def stored(self) -> list[tuple[bytes, bytes]] | None:
        """What the real program stored, where the case says so."""
        found = re.search(r"stored: (.*?)(?:; stderr:|; -bv|; aliases: line|\Z)", self.real)
        if not found:
            return None
        if found[1] == "(nothing)":
            return []
        pairs = (part.partition(" => ") for part in re.split(r"; (?=[^ ]+ => )", found[1]))
        return sorted((unescape(key.replace("(empty key)", "")), unescape(value)) for key, _, value in pairs)

    @property
    def names(self) -> set[str] | None:
        """The names that Debian's format reads, where the case is one of a class file."""
        found = re.search(r"Debian %\[\^\\#\] format: (\[.*?\])\Z", unescape(self.real).decode("latin-1"))
        return {name.lower() for name in ast.literal_eval(found[1])} if found else None


def unescape(text: str) -> bytes:
    return _ESCAPE.sub(_one, text.encode())


def _one(found: re.Match[bytes]) -> bytes:
    if found[2]:
        return found[2] * int(found[3])
    escape = found[1]
    return bytes([int(escape[1:], 16)]) if len(escape) == 3 else _PLAIN.get(escape, found[0])


def load(name: str, before: int = 0) -> list[Case]:
    """The cases of a file, each with the number of its line, and ``before`` more."""
    rows = (DATA / name).read_text(encoding="utf-8").splitlines()[1:]
    cells = (row.split("\t") for row in rows)
    return [Case(number, row[0], unescape(row[1]), *row[2:5]) for number, row in enumerate(cells, before + 2)]


CASES = load("cases.tsv")
MORE_CASES = load("more_cases.tsv", 1000)
