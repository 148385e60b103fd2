"""What a format of text is: how its lines are told apart and how one entry is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import BinaryIO, NamedTuple

from tables.sendmail.layout import STAMP_PREFIX
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.text import encode, length

#: A physical line is read in pieces of this many bytes: no program accepts a longer one, and memory stays bounded.
PIECE = 65_536

_NUL = "\uf700"
_STAMP = STAMP_PREFIX.encode()


class What(IntEnum):
    """What a logical line is to the program that reads the file."""

    ENTRY = 0
    COMMENT = 1
    BLANK = 2
    REFUSED = 3


class Line(NamedTuple):
    """One logical line (in a class file: one word) with its exact text, line ends included."""

    number: int  # of its first physical line, from 1
    text: str
    what: What
    key: str = ""
    value: str = ""
    problems: tuple[Problem, ...] = ()
    offset: int = 0  # of the word within a line of a class file


#: (number, bytes, too long): one physical line, or a piece of one that is longer than any program accepts.
Physical = tuple[int, bytes, bool]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: ``read`` tells lines apart, ``canonical`` writes an entry, ``longest`` bounds a line in bytes."""

    read: Callable[[Iterable[Physical], frozenset[str]], Iterator[Line]]
    canonical: Callable[[str, str], str]
    longest: int
    joins: bool = False  # a trailing backslash or an indented line continues a line


def physical_lines(data: BinaryIO) -> Iterator[Physical]:
    """The physical lines of a file, without the publisher's stamp at its top."""
    number = 1
    inside = False
    read_piece = partial(data.readline, PIECE)
    piece = read_piece()
    while piece.startswith(_STAMP):
        piece, number = read_piece(), number + piece.endswith(b"\n")
    while piece:
        whole = piece[-1] == 10
        yield number, piece, inside or (not whole and len(piece) == PIECE)
        inside = not whole
        number += whole
        piece = read_piece()


def refusal(rule: str, message: str, remedy: str, line: int) -> Problem:
    return Problem(rule, Grade.ERROR, message, remedy, line=line)


def nul_byte(line: int) -> Problem:
    return refusal(
        "text.nul",
        f"Line {line} contains a NUL byte, which the program that reads it cannot store.",
        "Remove the NUL byte; it usually comes from a file that was cut off or is not text.",
        line,
    )


def too_long(line: int, size: int, limit: int) -> Problem:
    return refusal(
        "text.line-too-long",
        f"Line {line} has {size} bytes; {limit} are allowed.",
        "Shorten the line or split it into several entries.",
        line,
    )


def switched_off(text: str, longest: int) -> str:
    """``text`` as comment lines that every program skips: each physical line after ``#``, none too long, no NUL."""
    body = text.replace(_NUL, "\\x00").removesuffix("\n")
    lines = ["#" + line for line in body.split("\n")]
    if (
        length("".join(lines)) > longest
    ):  # together they would be too long again: a blank keeps a backslash from joining
        lines = [f"{line} " if line.endswith("\\") else line for line in lines]
    pieces = [piece for line in lines for piece in broken(line, longest)]
    return "\n".join(pieces) + ("\n" if text.endswith("\n") else "")


def uncommented(text: str) -> str:
    """``text`` without each line's ``#`` and one blank after the first; empty when a line has no ``#``."""
    lines = text.removesuffix("\n").split("\n")
    if not all(line.startswith("#") for line in lines):
        return ""
    first, *rest = (line[1:] for line in lines)
    return "\n".join([first.removeprefix(" "), *rest]) + ("\n" if text.endswith("\n") else "")


def broken(line: str, longest: int, prefix: str = "#") -> list[str]:
    """A comment line broken into as many as its length needs, each at most ``longest`` bytes."""
    if length(line) <= longest:
        return [line]
    pieces: list[str] = []
    rest = line
    while length(rest) > longest:
        cut = _cut(rest, longest)
        pieces.append(rest[:cut])
        rest = prefix + rest[cut:]
    return [*pieces, rest]


def _cut(line: str, longest: int) -> int:
    """Where to cut so that the head fits: at the last blank of its second half, otherwise at the last character."""
    cut = min(len(line), longest)
    while len(encode(line[:cut])) > longest:
        cut -= max(1, (len(encode(line[:cut])) - longest) // 4)
    blank = line.rfind(" ", cut // 2, cut)
    return blank if blank > 0 else cut
