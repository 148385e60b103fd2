"""What a format of text is: how its lines are told apart and how one entry is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import BinaryIO, NamedTuple

from tables.sendmail.layout import STAMP_PREFIX
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.text import encode, length

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
    offset: int = 0  # of the word, or of the piece of a line that is too long, within the physical line


#: (number, bytes): one physical line, or a piece of one that is longer than the buffer of the program that reads it.
Physical = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: ``read`` tells lines apart, ``canonical`` writes an entry, ``longest`` bounds a line in bytes."""

    read: Callable[[BinaryIO, frozenset[str]], Iterator[Line]]
    canonical: Callable[[str, str], str]
    longest: int
    joins: bool = False  # a trailing backslash or an indented line continues a line
    #: The keys of the entries in some whole lines, where they can be told without looking at each line for itself.
    keys: Callable[[bytes], list[str] | None] = lambda _lines: None


def physical_lines(data: BinaryIO, piece: int) -> Iterator[Physical]:
    """The physical lines of a file, without the publisher's stamp at its top, as fgets hands them out: at most
    ``piece`` bytes at a time. What follows a piece without line end is read as a line of its own.
    """
    number = 1
    read_piece = partial(data.readline, piece)
    line = read_piece()
    while line.startswith(_STAMP):
        line, number = read_piece(), number + line.endswith(b"\n")
    while line:
        yield number, line
        number += line[-1] == 10
        line = read_piece()


def before_nul(text: str) -> str:
    """What a program written in C sees of ``text``."""
    return text.partition(_NUL)[0]


def refusal(rule: str, message: str, remedy: str, line: int) -> Problem:
    return Problem(rule, Grade.ERROR, message, remedy, line=line)


def nul_byte(line: int, lost: str = "The program that reads it loses the line") -> Problem:
    return refusal(
        "text.nul",
        f"Line {line} contains a NUL byte. {lost}.",
        "Remove the NUL byte; it usually comes from a file that was cut off or is not text.",
        line,
    )


def too_long(line: int, limit: int, then: str) -> Problem:
    return refusal(
        "text.line-too-long",
        f"Line {line} has more than {limit} bytes, which are allowed: {then}.",
        "Shorten the line or split it into several entries.",
        line,
    )


def without_nul(text: str) -> str:
    """``text`` with its NUL bytes written out: in a comment newaliases would lose the line after them too."""
    return text.replace(_NUL, "\\x00").replace("\0", "\\x00")


def switched_off(text: str, format_: Format) -> str:
    """``text`` as comment lines that every program skips: each physical line after ``#``, none too long, no NUL."""
    longest = format_.longest
    body = without_nul(text).removesuffix("\n")
    lines = ["#" + line for line in body.split("\n")]
    if format_.joins:  # a blank keeps a backslash from joining what follows, or what would be too long again
        kept = lines[:-1] if length("".join(lines)) <= longest else []
        lines = [*kept, *(f"{line} " if line.endswith("\\") else line for line in lines[len(kept) :])]
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
        joins = rest[cut - 1] == "\\"  # at the end of a line it would join the next one
        cut -= joins
        pieces.append(rest[:cut] + " " * joins)
        rest = prefix + rest[cut:]
    return [*pieces, rest]


def _cut(line: str, longest: int) -> int:
    """Where to cut so that the head fits: at the last blank of its second half, otherwise at the last character."""
    cut = min(len(line), longest)
    while len(encode(line[:cut])) > longest:
        cut -= max(1, (len(encode(line[:cut])) - longest) // 4)
    blank = line.rfind(" ", cut // 2, cut)
    return blank if blank > 0 else cut
