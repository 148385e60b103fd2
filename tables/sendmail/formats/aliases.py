"""Text for newaliases: ``name: targets`` with joined lines (alias.c, contline and readaliases, 8.17)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tables.sendmail.formats.base import Format, Line, What, before_nul, nul_byte, refusal, too_long
from tables.sendmail.formats.joined import BUFFER, Joined, logical_lines
from tables.sendmail.formats.localname import NotLocal, named, unbalanced
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.text import decode, fold

#: Bytes of a joined line without its line end: one for that, one for the NUL after it.
LONGEST = BUFFER - 2

_BLANKS = " \t\v\f\r"


def read(data: BinaryIO, local_names: frozenset[str]) -> Iterator[Line]:
    """The logical lines of an aliases file, as newaliases joins them and tells them apart."""
    for number, taken, joined, offset in logical_lines(data):
        if isinstance(joined, Joined):
            yield Line(number, decode(taken), What.REFUSED, problems=_lost(number, joined), offset=offset)
            continue
        text, line = decode(taken), decode(joined)
        found = _lines(number, text, line, local_names)
        if len(found) == 1:
            yield found[0]
        else:
            yield from (line._replace(offset=offset) for offset, line in enumerate(found))


def _lines(number: int, text: str, joined: str, local_names: frozenset[str]) -> list[Line]:
    """A logical line; where newaliases takes something else than it says, that is a line of its own after it."""
    if before_nul(text) != text:
        refused = Line(number, text, What.REFUSED, problems=(nul_byte(number, "Newaliases reads nothing after it"),))
        found = _lines(number, _ended(joined), joined, local_names)
        return [refused, *(line for line in found if line.what is What.ENTRY)]
    if joined[:1] == "#":
        return [Line(number, text, What.COMMENT, problems=_swallowed(number, text))]
    if not joined:
        return [Line(number, text, What.BLANK)]
    if joined[0] in " \t":
        return [_indented(number, text, joined)]
    return _alias(number, text, joined, local_names)


def _lost(number: int, why: Joined) -> tuple[Problem, ...]:
    match why:
        case Joined.TOO_LONG:
            return (too_long(number, LONGEST, "newaliases refuses it"),)
        case Joined.ENDLESS:
            return (too_long(number, LONGEST, "and where it is cut stands a blank, at which newaliases never ends"),)
        case Joined.NUL:
            return (nul_byte(number, "Newaliases loses the line and the one after it"),)
        case _:  # a further piece of the same line
            return ()


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


def _alias(number: int, text: str, joined: str, local_names: frozenset[str]) -> list[Line]:
    name, colon, value = joined.partition(":")
    value = value.lstrip(_BLANKS + "\n")
    if not colon:
        return [Line(number, text, What.REFUSED, problems=(_no_colon(number),))]
    try:
        key, clean = named(joined, local_names)
    except NotLocal as error:
        return [_refused(number, text, error, fold(name.strip(_BLANKS)) if value else "", value)]
    if not value:
        return [Line(number, text, What.REFUSED, problems=(_no_value(number, key),))]
    if not clean:
        return _completed(number, text, joined, key, value)
    problems = () if fold(name.strip(_BLANKS)) == key else (_rewritten(number, name.strip(_BLANKS), key),)
    return [Line(number, text, What.ENTRY, key, value, problems)]


def _refused(number: int, text: str, error: NotLocal, key: str = "", value: str = "") -> Line:
    problem = refusal(error.rule, f"Line {number}: {error.message}", error.remedy, number)
    return Line(number, text, What.REFUSED, key, value, (problem,))


def _completed(number: int, text: str, joined: str, key: str, value: str) -> list[Line]:
    """A name that newaliases completes with a complaint: what it stores is written plainly, where that can be."""
    refused = _refused(number, text, unbalanced(joined.partition(":")[0]))
    if ":" in key:
        return [refused]
    plain = canonical(f"<{key}>" if key[0] == "#" else key, value)
    (found,) = _lines(number, _ended(plain), plain, frozenset())
    return [refused, found] if (found.what, found.key) == (What.ENTRY, key) else [refused]


def _ended(line: str) -> str:
    """``line`` with a line end, unless that would join the next one: then the file ends here."""
    return line if line.endswith("\\") else f"{line}\n"


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
