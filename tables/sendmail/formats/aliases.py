"""Text for newaliases: ``name: targets`` with joined lines (alias.c, contline and readaliases, 8.17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tables.sendmail.formats.base import Format, Line, Physical, What, nul_byte, refusal, too_long
from tables.sendmail.formats.localname import NotLocal, resolve
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.text import decode, fold, length

#: Bytes of a joined line without its line end: sendmail's BUFSIZ is 8192.
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
            yield Line(number, text, What.COMMENT, problems=_swallowed(number, text))
        elif not joined:
            yield Line(number, text, What.BLANK)
        elif joined[0] in " \t":
            yield _indented(number, text, joined)
        else:
            yield _alias(number, text, joined, local_names)


def _swallowed(number: int, text: str) -> tuple[Problem, ...]:
    """The warning on a comment that goes on in lines that do not look like one."""
    below = text.removesuffix("\n").split("\n")[1:]
    hidden = [line for line in below if line.strip() and not line.lstrip().startswith("#")]
    if not hidden:
        return ()
    return (
        Problem(
            "aliases.swallowed",
            Grade.WARNING,
            f"Line {number} is a comment and makes the {len(below)} line(s) that continue it a comment too.",
            "Put # before each line that is a comment, and no blank before one that is not.",
            line=number,
        ),
    )


#: Pieces of one endless line are handed on when they have grown to this many bytes.
_HELD = 1_000_000


def _logical(lines: Iterable[Physical]) -> Iterator[tuple[int, str, str, int]]:
    """(number, exact text, joined text, its bytes): a backslash or an indented next line continues a line."""
    held: list[bytes] = []
    first = latest = size = 0
    for number, data, long in lines:
        goes_on = bool(held) and (number == latest or held[-1].endswith(b"\\\n") or data[:1] in (b" ", b"\t"))
        if held and not (goes_on and size < 2 * _HELD):
            yield _joined(first, held, size)
            held, size = [], _HELD if goes_on else 0
        if not held:
            first = number
        held.append(data)
        size += len(data) + (_HELD if long else 0)
        latest = number
    if held:
        yield _joined(first, held, size)


def _joined(first: int, held: list[bytes], size: int) -> tuple[int, str, str, int]:
    """The lines held, as one. From ``_HELD`` on ``size`` says only that they are too long."""
    text = decode(b"".join(held))
    if size >= _HELD:
        return first, text, "", size
    joined = _end_off(text) if len(held) == 1 else decode(b"".join(_end_off_bytes(data) for data in held))
    return first, text, joined, length(joined)


def _end_off(text: str) -> str:
    return text[:-2] if text.endswith("\\\n") else text.removesuffix("\n")


def _end_off_bytes(data: bytes) -> bytes:
    return data[:-2] if data.endswith(b"\\\n") else data.removesuffix(b"\n")


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
    written = name.strip(_BLANKS)
    return Line(
        number, text, What.ENTRY, key, value, () if fold(written) == key else (_rewritten(number, written, key),)
    )


def _rewritten(number: int, written: str, key: str) -> Problem:
    plain = written.strip('"') == key
    return Problem(
        "aliases.rewritten-name",
        Grade.NOTE if plain else Grade.WARNING,
        f"Line {number}: the name “{written[:60]}” is stored as “{key[:60]}”.",
        f"Write {key[:60]}.",
        "key",
        number,
    )


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
