"""Text for makemap: ``key``, blanks, ``value``; ``#`` in the first column only (makemap.c; grammar of 8.17)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tables.sendmail.formats.base import Format, Line, Physical, What, nul_byte, refusal, too_long
from tables.sendmail.spec import Problem
from tables.sendmail.text import decode, fold

#: Bytes of a line without its line end: the buffer is 1024, one for the line end and one for the NUL after it.
LONGEST = 1022

_BLANKS = " \t\v\f\r"
_ENTRY = re.compile(r"([^# \t\v\f\r\n\0][^ \t\v\f\r\n\0]*)[ \t\v\f\r]+([^ \t\v\f\r\n\0][^\n\0]*)\n?\Z")


def read(lines: Iterable[Physical], _local_names: frozenset[str]) -> Iterator[Line]:
    """The lines of a map's text, as makemap tells them apart."""
    match, build, entry = _ENTRY.match, tuple.__new__, What.ENTRY
    for number, data, long in lines:
        if len(data) <= LONGEST and data.isascii() and (found := match(data.decode("ascii"))):
            key, value = found.groups()
            # NamedTuple's own constructor takes twice the time, and this runs once for each of a million lines.
            yield build(Line, (number, found.string, entry, key.lower(), value, (), 0))
        else:
            yield _line(number, data, long)


def _line(number: int, data: bytes, long: bool) -> Line:
    text = decode(data)
    size = len(data.removesuffix(b"\n"))
    if long or size > LONGEST:
        return Line(number, text, What.REFUSED, problems=(too_long(number, size, LONGEST),))
    if b"\0" in data:
        return Line(number, text, What.REFUSED, problems=(nul_byte(number),))
    if text[0] == "#":
        return Line(number, text, What.COMMENT)
    if text == "\n":
        return Line(number, text, What.BLANK)
    if found := _ENTRY.match(text):
        return Line(number, text, What.ENTRY, fold(found[1]), found[2])
    return _refused(number, text)


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


FORMAT = Format(read=read, canonical=canonical, longest=LONGEST)
