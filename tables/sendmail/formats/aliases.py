"""Text for newaliases: ``name: targets`` with joined lines (alias.c, contline and readaliases, 8.17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tables.sendmail.formats.base import Format, Line, Physical, What, nul_byte, refusal, too_long
from tables.sendmail.formats.localname import NotLocal, resolve
from tables.sendmail.spec import Problem
from tables.sendmail.text import decode, fold, length

#: Bytes of a joined line: sendmail's BUFSIZ is 8192.
LONGEST = 8190

_BLANKS = " \t\v\f\r"


def read(lines: Iterable[Physical], local_names: frozenset[str]) -> Iterator[Line]:
    """The logical lines of an aliases file, as newaliases joins them and tells them apart."""
    for number, text, joined, size in _logical(lines):
        if size > LONGEST:
            yield Line(number, text, What.REFUSED, problems=(too_long(number, size, LONGEST),))
        elif "\uf700" in text:
            yield Line(number, text, What.REFUSED, problems=(nul_byte(number),))
        elif joined[:1] == "#":
            yield Line(number, text, What.COMMENT)
        elif not joined:
            yield Line(number, text, What.BLANK)
        elif joined[0] in " \t":
            yield _indented(number, text, joined)
        else:
            yield _alias(number, text, joined, local_names)


def _logical(lines: Iterable[Physical]) -> Iterator[tuple[int, str, str, int]]:
    """(number, exact text, joined text, bytes of it): a backslash or an indented next line continues a line.

    Of a line that is too long the first pieces are kept together so far as memory allows; the rest follows as lines
    of its own that are too long as well.
    """
    held: list[bytes] = []
    first, size = 0, 0
    open_end = False
    for number, data, long in lines:
        follows = bool(held) and (open_end or data[:1] in (b" ", b"\t") or (long and number == first))
        if held and not (follows and size < 1_000_000):
            yield _joined(first, held, size)
            held, size = [], LONGEST + 1 if follows else 0
        if not held:
            first = number
        held.append(data)
        size += len(data) + (LONGEST if long else 0)
        open_end = data.endswith(b"\\\n")
    if held:
        yield _joined(first, held, size)


def _joined(first: int, held: list[bytes], size: int) -> tuple[int, str, str, int]:
    text = decode(b"".join(held))
    parts = [decode(data) for data in held[:-1]]
    joined = "".join(part[:-2] if part.endswith("\\\n") else part.removesuffix("\n") for part in parts)
    last = decode(held[-1])
    joined += last[:-2] if last.endswith("\\\n") else last.removesuffix("\n")
    return first, text, joined, size if size > LONGEST else length(joined)


def _indented(number: int, text: str, joined: str) -> Line:
    problem = refusal(
        "aliases.leading-blank",
        f"Line {number} starts with a blank and continues nothing, which newaliases refuses.",
        "Remove the blanks at the start of the line, or the empty line above it.",
        number,
    )
    key, colon, value = joined.strip(_BLANKS).partition(":")
    key, value = fold(key.strip(_BLANKS)), value.strip(_BLANKS)
    if colon and key and value and "\n" not in text.strip("\n") and not key.startswith("#"):
        return Line(number, text, What.REFUSED, key, value, (problem,))
    return Line(number, text, What.REFUSED, problems=(problem,))


def _alias(number: int, text: str, joined: str, local_names: frozenset[str]) -> Line:
    name, colon, value = joined.partition(":")
    value = value.lstrip(_BLANKS + "\n")
    if not colon:
        return Line(number, text, What.REFUSED, problems=(_no_colon(number),))
    try:
        key = resolve(name, local_names)
    except NotLocal as error:
        problem = refusal(error.rule, f"Line {number}: {error.message}", error.remedy, number)
        return Line(number, text, What.REFUSED, fold(name.strip(_BLANKS)) if value else "", value, (problem,))
    if not value:
        return Line(number, text, What.REFUSED, problems=(_no_value(number, key),))
    return Line(number, text, What.ENTRY, key, value)


def _no_colon(number: int) -> Problem:
    return refusal(
        "aliases.no-colon",
        f"Line {number} has no colon, which newaliases refuses.",
        "Write the line as name: target.",
        number,
    )


def _no_value(number: int, key: str) -> Problem:
    return refusal(
        "aliases.no-value",
        f"Line {number} gives the alias “{key[:60]}” no target, which newaliases refuses.",
        "Write at least one target after the colon, or remove the line.",
        number,
    )


def canonical(key: str, value: str) -> str:
    return f"{key}: {value}"


FORMAT = Format(read=read, canonical=canonical, longest=LONGEST, joins=True)
