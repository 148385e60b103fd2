"""The beginning of a file as lines, and what a look at it finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Look:
    """``what`` the file is, what shows it (``because``), and what to do instead of importing it."""

    what: str
    because: str
    remedy: str
    line: int | None = None


#: A line without its end, and its number from 1.
Numbered = tuple[int, str]


class Head:
    """The beginning of a file. Bytes are taken for characters of Latin-1: only ASCII is looked for."""

    def __init__(self, data: bytes, *, whole: bool) -> None:
        self.data = data
        self.whole = whole

    @cached_property
    def lines(self) -> list[Numbered]:
        lines = self.data.decode("latin-1").removeprefix("\xef\xbb\xbf").split("\n")
        if not self.whole and len(lines) > 1:
            lines.pop()  # it goes on beyond what was read
        return [(number, line.rstrip("\r")) for number, line in enumerate(lines, 1)]

    @cached_property
    def comments(self) -> list[Numbered]:
        return [(number, line) for number, line in self.lines if line.startswith("#")]

    @cached_property
    def written(self) -> list[Numbered]:
        """Lines that are neither comments nor blank."""
        return [(number, line) for number, line in self.lines if line.strip() and not line.startswith("#")]

    @cached_property
    def entries(self) -> list[Numbered]:
        """The same without lines that continue another one."""
        return [(number, line) for number, line in self.written if line[0] not in " \t"]

    @property
    def first(self) -> str:
        """The first line that is no comment."""
        return self.written[0][1] if self.written else ""

    def found(self, pattern: re.Pattern[str]) -> list[Numbered]:
        """The lines that match, comments aside."""
        return [(number, line) for number, line in self.written if pattern.search(line)]


def on_line(shown: str, found: list[Numbered]) -> str:
    """``shown on line 3``."""
    return f"{shown} on line {found[0][0]}"


def first_of(looks: Iterator[Look]) -> Look | None:
    return next(looks, None)
