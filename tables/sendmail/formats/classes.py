"""Class files as Debian's configuration reads them, ``%[^\\#]``: words apart by blanks, ``#`` starts a comment.

readcf.c reads with fgets(2048) and splits what sscanf leaves (8.17). Upstream's format ``%s`` takes the first word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tables.sendmail.formats.base import Format, Line, Physical, What, nul_byte, too_long
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.text import decode, fold

#: Bytes of a line without its line end.
LONGEST = 2046

_WORD = re.compile(r"[^ \t\v\f\r\n]+")
_SIMPLE = re.compile(r"[^ \t\v\f\r\n#\uf700]+\n\Z")


def read(lines: Iterable[Physical], _local_names: frozenset[str]) -> Iterator[Line]:
    """The words of a class file; each carries the blanks before it, the last one the rest of its line."""
    for number, data, long in lines:
        text = decode(data)
        if len(data) <= LONGEST and _SIMPLE.match(text):
            yield Line(number, text, What.ENTRY, fold(text[:-1]))
        elif long or len(data.removesuffix(b"\n")) > LONGEST:
            yield Line(number, text, What.REFUSED, problems=(too_long(number, len(data), LONGEST),))
        elif "\uf700" in text:
            yield Line(number, text, What.REFUSED, problems=(nul_byte(number),))
        else:
            yield from _words(number, text)


def _words(number: int, text: str) -> Iterator[Line]:
    head, comment, _ = text.partition("#")
    words = list(_WORD.finditer(head))
    if not words:
        yield _wordless(number, text, head, comment)
        return
    problems = tuple(_doubts(number, head, comment, len(words)))
    start = 0
    for offset, word in enumerate(words):
        end = len(text) if offset == len(words) - 1 else word.end()
        yield Line(
            number, text[start:end], What.ENTRY, fold(word[0]), problems=problems if offset == 0 else (), offset=offset
        )
        start = end


def _wordless(number: int, text: str, head: str, comment: str) -> Line:
    if not comment:
        return Line(number, text, What.BLANK)
    problem = Problem(
        "class.indented-comment",
        Grade.WARNING,
        f"Line {number} has blanks before “#”: without Debian's format sendmail reads “#” as a name.",
        "Write # in the first column.",
        line=number,
    )
    return Line(number, text, What.COMMENT, problems=(problem,) if head else ())


def _doubts(number: int, head: str, comment: str, words: int) -> Iterator[Problem]:
    if words > 1:
        yield Problem(
            "class.several-words",
            Grade.WARNING,
            f"Line {number} has {words} names; without Debian's format sendmail reads the first only.",
            "Write one name a line.",
            line=number,
        )
    if comment and head[-1:] not in (" ", "\t"):
        yield Problem(
            "class.comment-without-blank",
            Grade.WARNING,
            f"Line {number} has “#” directly after a name; without Debian's format it becomes part of the name.",
            "Write the comment on a line of its own above the name.",
            line=number,
        )


def canonical(key: str, _value: str) -> str:
    return key


FORMAT = Format(read=read, canonical=canonical, longest=LONGEST)
