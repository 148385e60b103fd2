"""Class files as Debian's configuration reads them, ``%[^\\#]``: words apart by blanks, ``#`` starts a comment.

readcf.c reads with fgets(2048) and splits what sscanf leaves (8.17): no line is refused, a longer one is read in
pieces, and a NUL ends it. Upstream's format ``%s`` takes the first word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from tables.sendmail.formats.base import Format, Line, What, before_nul, nul_byte, physical_lines, refusal, too_long
from tables.sendmail.spec import Grade, Problem
from tables.sendmail.text import decode, fold, length

#: Bytes of a line without its line end.
LONGEST = 2046

_WORD = re.compile(r"[^ \t\v\f\r\n]+")
_SIMPLE = re.compile(r"[^ \t\v\f\r\n#\uf700]+\n\Z")


#: The byte that stands for ``$=`` inside sendmail (MATCHCLASS), as text.py writes it.
_CLASS_MARK = "\uf793"


def read(data: BinaryIO, _local_names: frozenset[str]) -> Iterator[Line]:
    """The words of a class file; each carries the blanks before it, the last one the rest of its line."""
    offset = 0  # of a piece of a line that is too long
    for number, line in physical_lines(data, LONGEST + 1):
        text = decode(line)
        if not offset and len(line) <= LONGEST and _SIMPLE.match(text):
            yield Line(number, text, What.ENTRY, fold(text[:-1]))
        elif len(line) > LONGEST and text[-1] != "\n":
            # What follows is another line to sendmail, so it is one in what we write.
            words = list(_words(number, f"{text}\n", offset))
            yield from words
            offset += len(words)
        else:
            if not offset or text != "\n":  # that one was written already
                yield from _words(number, text, offset)
            offset = 0


def _words(number: int, text: str, offset: int) -> Iterator[Line]:
    """The words of one line, or of a piece of one."""
    head, comment, _ = before_nul(text).partition("#")
    words = list(_WORD.finditer(head))
    problems = tuple(_losses(number, text, offset))
    if not words:
        yield _wordless(number, text, head, comment, problems)._replace(offset=offset)
        return
    problems += tuple(_doubts(number, head, comment, len(words)))
    start = 0
    for index, word in enumerate(words, offset):
        end = len(text) if word is words[-1] else word.end()
        if word[0].startswith(_CLASS_MARK):
            yield Line(number, text[start:end], What.REFUSED, problems=(*problems, _class_name(number)), offset=index)
        else:
            yield Line(number, text[start:end], What.ENTRY, fold(word[0]), problems=problems, offset=index)
        start, problems = end, ()


def _class_name(number: int) -> Problem:
    return refusal(
        "class.class-name",
        f"Line {number} has a word that starts with the byte 0x93: sendmail adds all words of the class so named.",
        "Remove the word, or correct the encoding of the file.",
        number,
    )


def _losses(number: int, text: str, offset: int) -> Iterator[Problem]:
    """Errors, though the words are live: sendmail says nothing of what it does not read."""
    if length(text) > LONGEST + 1 and not offset:
        yield too_long(number, LONGEST, "sendmail reads the rest as another line")
    if before_nul(text) != text:
        yield nul_byte(number, "Sendmail reads nothing after it on the line")


def _wordless(number: int, text: str, head: str, comment: str, problems: tuple[Problem, ...]) -> Line:
    if before_nul(text) != text:
        return Line(number, text, What.REFUSED, problems=problems)
    if not comment:
        return Line(number, text, What.BLANK, problems=problems)
    indented = Problem(
        "class.indented-comment",
        Grade.WARNING,
        f"Line {number} has blanks before “#”: without Debian's format sendmail reads “#” as a name.",
        "Write # in the first column.",
        line=number,
    )
    return Line(number, text, What.COMMENT, problems=(*problems, indented) if head else problems)


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
