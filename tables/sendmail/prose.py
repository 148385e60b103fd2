"""Telling a commented-out entry from prose, and a file's head from the comment of its first entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO

from tables.sendmail.formats import FORMATS
from tables.sendmail.formats.base import Line, What, uncommented
from tables.sendmail.spec import Grade, Kind, TableSpec
from tables.sendmail.syntax import check_line
from tables.sendmail.text import encode

#: A first block of comments longer than this speaks of the file, not of its first entry.
_LONG_HEAD = 5

#: A list that was commented out over more lines than this is text: each line of a block is tried as its beginning.
_LONG_LIST = 50

#: What is said of a comment itself, not of the line that it was.
_DOUBTFUL = frozenset(("class.indented-comment", "aliases.swallowed"))

_HEAD_WORDS = re.compile(
    r"\$(?:Id|FreeBSD|OpenBSD|NetBSD)|/etc/|copyright|makemap|newaliases|sendmail|\baliases\b|this file|-\*-",
    re.IGNORECASE,
)
_BARE = re.compile(r"# ?[^ \t#]")
_CONTINUED = re.compile(r"#[ \t]+[^ \t\n#:](?:[^:]|:include:)*\Z")
_WORD = re.compile(r"[^ \t\v\f\r\n#]+\Z")
_DATA = re.compile(r"[@|/\\,\"]|:include:")
_INNER_MARK = re.compile(r"[@.:][^:]")
_ACTION = re.compile(r"[A-Z]{2,}\b|[0-9]|(?:error|esmtp|smtp|relay|local):")
_ADDRESS_MARK = re.compile(r"[@.:]")
_COLUMNS = re.compile(r":?(?:[ \t]*\t[ \t]*|  +)\S")


def reads_as_head(block: Sequence[Line]) -> bool:
    """Whether the first comment lines of a file are its head, though no empty line follows them."""
    prose = [line.text for line in block]
    return len(prose) > _LONG_HEAD or any(text.strip() == "#" or _HEAD_WORDS.search(text) for text in prose)


def commented_out(
    spec: TableSpec, block: Sequence[Line], index: int, local_names: frozenset[str]
) -> tuple[Line | None, int]:
    """The entry that ``block[index]`` is when ``#`` is taken away, with the number of lines that it takes.

    Strict: ``#`` stands directly before the key, or with one blank; the line has no error and looks like data; it has
    no warning either, unless it is data beyond doubt. Aliases may go on in the comment lines below when a line ends in
    a comma.
    """
    first = block[index]
    if not _BARE.match(first.text) or any(problem.rule in _DOUBTFUL for problem in first.problems):
        return None, 0
    used = _extent(spec, block, index)
    text = "".join(line.text for line in block[index : index + used])
    live = uncommented(text)
    if not live:
        return None, 0
    lines = list(FORMATS[spec.kind].read(BytesIO(encode(live)), local_names))
    if len(lines) != 1 or lines[0].what is not What.ENTRY or not _looks_like_data(spec, live, lines[0], first.text):
        return None, 0
    found = lines[0]
    problems = (*found.problems, *check_line(spec, found.key, found.value, first.number))
    allowed = _allowed(spec, first.text, found)
    if any(problem.grade not in allowed and not problem.rule.endswith(".masked-password") for problem in problems):
        return None, 0
    # What is off does no harm: only why it was switched off remains to be said.
    return found._replace(number=first.number, offset=first.offset, text=text, problems=first.problems), used


def _allowed(spec: TableSpec, text: str, line: Line) -> frozenset[Grade]:
    """How bad an entry may be to count as one: whoever switches off what is dubious still wrote an entry."""
    if text.startswith("# ") or "//" in line.key:
        return frozenset((Grade.NOTE,))
    if spec.kind is Kind.MAP:
        marked, valued = _INNER_MARK.search(line.key), _ACTION.match(line.value)
        sure = bool(marked and (valued or len(line.value.split()) == 1))
    else:
        sure = spec.kind is Kind.ALIASES and bool(_DATA.search(line.value))
    return frozenset((Grade.NOTE, Grade.WARNING)) if sure else frozenset((Grade.NOTE,))


def _extent(spec: TableSpec, block: Sequence[Line], index: int) -> int:
    if spec.kind is not Kind.ALIASES or ":" not in block[index].text:
        return 1
    used = 1
    while (
        used < _LONG_LIST
        and block[index + used - 1].text.rstrip().endswith(",")
        and index + used < len(block)
        and _CONTINUED.match(block[index + used].text)
    ):
        used += 1
    return used


def _looks_like_data(spec: TableSpec, live: str, line: Line, text: str) -> bool:
    if spec.kind is Kind.CLASS:
        name = live.partition("#")[0].strip()
        return bool(_WORD.match(name)) and ("." in name.strip(".") or ":" in name.strip(":") or name.isdigit())
    if not text.startswith("# "):
        return True
    if spec.kind is Kind.ALIASES:
        return bool(_COLUMNS.match(live[len(line.key) :]) or _DATA.search(line.value))
    one_word = len(line.value.split()) == 1
    return bool(_COLUMNS.match(live[len(line.key) :])) or (one_word and bool(_ADDRESS_MARK.search(line.key)))
