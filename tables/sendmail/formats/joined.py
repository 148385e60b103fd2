"""The logical lines of aliases: what contline and readaliases make of physical ones in one buffer (alias.c, 8.17)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import BinaryIO

from tables.sendmail.formats.base import physical_lines

#: sendmail's BUFSIZ, the NUL at the end included.
BUFFER = 8192

#: Pieces of one endless line are handed on when they have grown to this many bytes.
_HELD = 1_000_000

_BLANKS = (b" ", b"\t")


class Joined(Enum):
    """Why there is no joined line."""

    TOO_LONG = auto()
    ENDLESS = auto()  # a blank follows where the buffer is full: newaliases tries to join it for ever
    NUL = auto()  # the line end behind it is not seen, so that the next line is taken for the rest of this one
    MORE = auto()  # the rest of what was lost


#: (number, exact bytes, joined line or why there is none, piece of the logical line)
Logical = tuple[int, bytes, bytes | Joined, int]


class _Source:
    """The file as fgets and getc hand it out. Every byte that was handed out stands in ``taken``."""

    def __init__(self, data: BinaryIO) -> None:
        self._lines = physical_lines(data, 65_536)
        self.taken: list[bytes] = []
        self.number, self.rest = next(self._lines, (0, b""))

    def peek(self) -> bytes:
        return self.rest[:1]

    def gets(self, most: int) -> bytes:
        """At most ``most`` bytes, up to and with a line end; none at the end of the file."""
        got = b""
        while self.rest and len(got) < most and not got.endswith(b"\n"):
            wanted = most - len(got)
            got, self.rest = got + self.rest[:wanted], self.rest[wanted:]
            if not self.rest:
                self.number, self.rest = next(self._lines, (self.number, b""))
        self.taken.append(got)
        return got


def logical_lines(data: BinaryIO) -> Iterator[Logical]:
    """The lines as newaliases joins them: after a backslash at the end, and before a line that starts with a blank."""
    source = _Source(data)
    while source.rest:
        number, source.taken = source.number, []
        line = source.gets(BUFFER - 1)
        if not line.endswith(b"\n") or line.endswith(b"\\\n") or b"\0" in line or source.peek() in _BLANKS:
            yield from _long_way(source, number, line)
        else:
            yield number, line, line[:-1], 0


def _long_way(source: _Source, number: int, first: bytes) -> Iterator[Logical]:
    line, endless = _joined(source, _seen(first))
    if not endless and (line.endswith(b"\n") or not source.rest):
        yield number, b"".join(source.taken), line.removesuffix(b"\n"), 0
        return
    nul = len(line) < BUFFER - 1
    why = Joined.ENDLESS if endless else Joined.NUL if nul else Joined.TOO_LONG
    for offset, taken in enumerate(_flushed(source)):
        yield number, taken, why if offset == 0 else Joined.MORE, offset


def _joined(source: _Source, line: bytes) -> tuple[bytes, bool]:
    """What the buffer holds in the end, and whether newaliases would never come out of it."""
    while True:
        if line.endswith(b"\\\n"):
            line = line[:-2]
        elif source.peek() in _BLANKS:
            line = line.removesuffix(b"\n")
        else:
            return line, False
        if len(line) == BUFFER - 1:
            return line, True
        more = source.gets(BUFFER - 1 - len(line))
        if not more:
            return line, False
        line += _seen(more)


def _seen(data: bytes) -> bytes:
    return data.partition(b"\0")[0]


def _flushed(source: _Source) -> Iterator[bytes]:
    """The bytes of a line that is lost, to the end of all that is joined to it, in pieces that memory can hold."""
    before, held = b"", 0
    goes_on = True
    while goes_on:
        got = source.gets(_HELD)
        held += len(got)
        before = got.removesuffix(b"\n")[-1:] or before
        ended = got.endswith(b"\n")
        goes_on = bool(source.rest) and (not ended or before == b"\\" or source.peek() in _BLANKS)
        if held >= _HELD:
            yield b"".join(source.taken)
            source.taken, held = [], 0
    if source.taken:
        yield b"".join(source.taken)
