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
_ENTRY = re.compile(r"([^ \t\v\f\r\n]+)[ \t\v\f\r]+([^\n]+)\n?\Z")


def read(lines: Iterable[Physical], _local_names: frozenset[str]) -> Iterator[Line]:
    """The lines of a map's text, as makemap tells them apart."""
    match = _ENTRY.match
    for number, data, long in lines:
        text = decode(data)
        if long or len(data) > LONGEST or "\uf700" in text:
            problem = _unreadable(number, data, long)
            if problem:
                yield Line(number, text, What.REFUSED, problems=(problem,))
                continue
        if text[0] == "#":
            yield Line(number, text, What.COMMENT)
        elif text == "\n":
            yield Line(number, text, What.BLANK)
        elif found := match(text):
            key, value = found.groups()
            yield Line(number, text, What.ENTRY, fold(key), value)
        else:
            yield _refused(number, text)


def _unreadable(number: int, data: bytes, long: bool) -> Problem | None:
    if long or len(data.removesuffix(b"\n")) > LONGEST + (not data.endswith(b"\n")):
        return too_long(number, len(data.removesuffix(b"\n")), LONGEST)
    return nul_byte(number) if b"\0" in data else None


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
    if found and not found[1].startswith("#"):
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
