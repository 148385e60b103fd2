"""Text for makemap: ``key``, blanks, ``value``; ``#`` in the first column only (makemap.c; grammar of 8.17)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from tables.sendmail.formats.base import Format, Line, What, before_nul, nul_byte, physical_lines, refusal, too_long
from tables.sendmail.spec import Problem
from tables.sendmail.text import decode, fold

#: Bytes of a line without its line end: the buffer is 1024, one for the line end and one for the NUL after it.
LONGEST = 1022

_BLANKS = " \t\v\f\r"
_ENTRY = re.compile(r"([^# \t\v\f\r\n\0][^ \t\v\f\r\n\0]*)[ \t\v\f\r]+([^ \t\v\f\r\n\0][^\n\0]*)\n?\Z")
_KEYS = re.compile(rb"^([^# \t\v\f\r\n\0][^ \t\v\f\r\n\0]*)[ \t\v\f\r]+[^ \t\v\f\r\n\0]", re.MULTILINE)


def read(data: BinaryIO, _local_names: frozenset[str]) -> Iterator[Line]:
    """The lines of a map's text, as makemap tells them apart.

    It refuses the head of a line that is longer than its buffer and takes what follows for a line of its own.
    """
    match, build, entry = _ENTRY.match, tuple.__new__, What.ENTRY
    offset = 0  # of a piece of a line that is too long
    for number, line in physical_lines(data, LONGEST + 1):
        if not offset and len(line) <= LONGEST and line.isascii() and (found := match(line.decode("ascii"))):
            key, value = found.groups()
            # NamedTuple's own constructor takes twice the time, and this runs once for each of a million lines.
            yield build(Line, (number, found.string, entry, key.lower(), value, (), 0))
            continue
        if b"\0" in line:
            yield from _with_nul(number, line, offset)
        elif len(line) > LONGEST and not line.endswith(b"\n"):
            problems = () if offset else (too_long(number, LONGEST, "makemap reads the rest as another line"),)
            yield Line(number, decode(line), What.REFUSED, problems=problems, offset=offset)
        else:
            yield _line(number, decode(line), offset)
        offset = 0 if line[-1] == 10 else offset + 1


def keys(lines: bytes) -> list[str] | None:
    """The keys of the entries in plain lines: ASCII without NUL, none of them too long."""
    if not lines.isascii() or b"\0" in lines or max(map(len, lines.split(b"\n"))) > LONGEST:
        return None
    found = _KEYS.findall(lines)
    return b"\n".join(found).decode("ascii").lower().split("\n") if found else []


def _with_nul(number: int, data: bytes, offset: int) -> Iterator[Line]:
    """makemap misses the line end behind a NUL and refuses the line; where the file ends so, it takes what it sees."""
    text = decode(data)
    refused = Line(number, text, What.REFUSED, problems=(nul_byte(number),), offset=offset)
    seen = before_nul(text) + "\n"
    found = None if data.endswith(b"\n") or len(data) > LONGEST else _line(number, seen, offset + 1)
    yield refused
    if found and found.what is What.ENTRY:
        yield found


def _line(number: int, text: str, offset: int) -> Line:
    if text[0] == "#":
        return Line(number, text, What.COMMENT, offset=offset)
    if text == "\n":
        return Line(number, text, What.BLANK, offset=offset)
    if found := _ENTRY.match(text):
        return Line(number, text, What.ENTRY, fold(found[1]), found[2], offset=offset)
    refused = _refused(number, text)
    return refused._replace(offset=offset, problems=()) if offset else refused  # the line was reported already


def _refused(number: int, text: str) -> Line:
    if text[0] not in _BLANKS:
        key = text.strip(_BLANKS + "\n")
        return Line(number, text, What.REFUSED, problems=(_no_value(number, key),))
    problem = refusal(
        "map.leading-blank",
        f"Line {number} starts with a blank, which makemap refuses.",
        "Remove the blanks at the start of the line; an empty line must be truly empty.",
        number,
    )
    found = _ENTRY.match(text.lstrip(_BLANKS))
    if found:
        return Line(number, text, What.REFUSED, fold(found[1]), found[2], (problem,))
    return Line(number, text, What.REFUSED, problems=(problem,))


def _no_value(number: int, key: str) -> Problem:
    return refusal(
        "map.no-value",
        f"Line {number} has the key “{key[:60]}” and no value, which makemap refuses.",
        "Write a value after the key, or remove the line.",
        number,
    )


def canonical(key: str, value: str) -> str:
    return f"{key}\t{value}"


FORMAT = Format(read=read, canonical=canonical, longest=LONGEST, keys=keys)
