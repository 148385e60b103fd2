"""Bytes of a flat file to entries, passages and problems: a stream in file order, memory bounded.

What the program that builds the table would refuse or lose (a second line with one key) is kept as text, switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from io import BytesIO
from typing import BinaryIO

from tables.sendmail.formats import FORMATS
from tables.sendmail.formats.base import Line, What, switched_off
from tables.sendmail.knowledge import Knowledge, learn, learn_at_once
from tables.sendmail.layout import STEP
from tables.sendmail.prose import commented_out, reads_as_head
from tables.sendmail.render import canonical, comment_lines
from tables.sendmail.spec import Entry, Parsed, Passage, Problem, TableSpec
from tables.sendmail.syntax import check_line
from tables.sendmail.text import encode

#: A passage is handed on when it has grown to this many lines.
_LONG_PASSAGE = 5_000

NO_NAMES: frozenset[str] = frozenset()


def parse(spec: TableSpec, data: BinaryIO, *, local_names: frozenset[str] = NO_NAMES) -> Iterator[Parsed]:
    """The items of one file in order, read once: every line with a key counts, also a second one with the same key.

    ``local_names``: the domains for which ``user@domain`` is a name that aliases may hold.
    """
    return _Assembly(spec, Knowledge(), local_names).items(_lines(spec, data, local_names))


def read_table(
    spec: TableSpec, open_: Callable[[], BinaryIO], *, local_names: frozenset[str] = NO_NAMES
) -> Iterator[Parsed]:
    """The items of one file in order, each key once: read twice, first to learn which line wins a key.

    A line that loses its key, or that the building program refuses, comes out as a passage of comment lines with an
    error; a refused line with a key of its own and a value comes out as a disabled entry.
    """
    with closing(open_()) as data:
        knowledge = learn_at_once(spec, data)
    if knowledge is None:
        with closing(open_()) as data:
            knowledge = learn(spec, _lines(spec, data, local_names))
    with closing(open_()) as data:
        yield from _Assembly(spec, knowledge, local_names).items(_lines(spec, data, local_names))


def _lines(spec: TableSpec, data: BinaryIO, local_names: frozenset[str]) -> Iterator[Line]:
    return FORMATS[spec.kind].read(data, local_names)


class _Assembly:
    """Puts comments to entries, merges what belongs to none into passages and switches off what cannot stay."""

    def __init__(self, spec: TableSpec, knowledge: Knowledge, local_names: frozenset[str]) -> None:
        self.spec = spec
        self.format = FORMATS[spec.kind]
        self.knowledge = knowledge
        self.local_names = local_names
        self.block: list[Line] = []  # the comment lines directly above the line at hand
        self.texts: list[str] = []  # of the passage at hand
        self.start = (0, 0)  # line and position of its first line
        self.problems: list[Problem] = []
        self.at_head = True

    def items(self, lines: Iterable[Line]) -> Iterator[Parsed]:
        for line in lines:
            if line.what is What.ENTRY:
                if self.block or self.texts or self.knowledge.contested:
                    yield from self._entry_after_text(line)
                else:
                    yield self._parsed(line, ())
            elif line.what is What.BLANK:
                yield from self._blank(line)
            elif line.what is What.COMMENT:
                yield from self._comment(line)
            else:
                yield from self._switch_off(line, line.problems)
        yield from self._block(keep_comment=False)
        yield from self._passage()

    def _entry_after_text(self, line: Line) -> Iterator[Parsed]:
        loss = self.knowledge.loss(self.spec, line)
        if loss is not None:
            yield from self._switch_off(line, (*line.problems, loss))
            return
        self._end_piece()
        yield from self._block(keep_comment=True)
        comment, self.block = self.block, []
        yield from self._passage()
        yield self._parsed(line, comment)

    def _blank(self, line: Line) -> Iterator[Parsed]:
        if self._end_piece() and line.offset:
            return  # that was the end of the line
        yield from self._block(keep_comment=False)
        self._add(line)
        yield from self._long_passage()
        self.at_head = False

    def _end_piece(self) -> bool:
        """Give the last comment line its line end when it has none: it is a piece of a line that was too long."""
        if not self.block or self.block[-1].text.endswith("\n"):
            return False
        self.block[-1] = self.block[-1]._replace(text=f"{self.block[-1].text}\n")
        return True

    def _comment(self, line: Line) -> Iterator[Parsed]:
        self._end_piece()
        self.block.append(line)
        if len(self.block) > _LONG_PASSAGE:
            yield from self._block(keep_comment=False)

    def _switch_off(self, line: Line, problems: tuple[Problem, ...]) -> Iterator[Parsed]:
        """A line that cannot stay, as the comment lines that are read in its place the next time."""
        text = switched_off(line.text, self.format)
        for comment in self.format.read(BytesIO(encode(text)), self.local_names):
            yield from self._comment(comment._replace(number=line.number, offset=line.offset, problems=problems))
            problems = ()

    def _block(self, *, keep_comment: bool) -> Iterator[Parsed]:
        """Hand on the block of comment lines: commented-out entries as what they are, the rest as text.

        With ``keep_comment`` the lines after the last commented-out entry stay in ``self.block``: they are the comment
        of the entry that follows.
        """
        block, self.block = self.block, []
        if not block:
            return
        pending: list[Line] = []
        head = self.at_head and reads_as_head(block)
        self.at_head = False
        index = 0
        while index < len(block):
            found, used = commented_out(self.spec, block, index, self.local_names)
            if found is None:
                pending.append(block[index])
                index += 1
                continue
            if self.knowledge.may_rest(found):
                yield from self._resting(found, pending, head=head)
            else:  # the key stands elsewhere: text, but no comment of what follows
                self._add_all([*pending, *block[index : index + used]])
            pending, head = [], False
            index += used
        if keep_comment and not head:
            self.block = pending
        else:
            self._add_all(pending)
            yield from self._long_passage()

    def _resting(self, found: Line, above: list[Line], *, head: bool) -> Iterator[Parsed]:
        """A commented-out entry with the comment above it, unless that is the head of the file."""
        if head:
            self._add_all(above)
            above = []
        yield from self._passage()
        yield self._disabled(found, found.text, above)

    def _add_all(self, lines: list[Line]) -> None:
        for line in lines:
            self._add(line)

    def _add(self, line: Line) -> None:
        if not self.texts:
            self.start = (line.number, line.number * STEP + line.offset)
        self.texts.append(line.text)
        self.problems += line.problems

    def _long_passage(self) -> Iterator[Parsed]:
        if len(self.texts) > _LONG_PASSAGE:
            yield from self._passage()

    def _passage(self) -> Iterator[Parsed]:
        if self.texts:
            line, position = self.start
            yield Parsed(Passage("".join(self.texts), position), line, tuple(self.problems))
            self.texts, self.problems = [], []

    def _parsed(self, line: Line, comment: Iterable[Line]) -> Parsed:
        self.at_head = False
        number, text, _, key, value, problems, offset = line
        raw = "" if text == self.format.canonical(key, value) + "\n" else text
        problems = (*problems, *check_line(self.spec, key, value, number))
        words, above, more = _above(comment) if comment else ("", "", ())
        return Parsed(Entry(key, value, words, True, number * STEP + offset, above, raw), number, problems + more)

    def _disabled(self, line: Line, text: str, comment: list[Line]) -> Parsed:
        self.knowledge.rest(line.key)
        words, above, more = _above(comment)
        entry = Entry(line.key, line.value, words, False, line.number * STEP + line.offset, above)
        raw = "" if text == canonical(self.spec, entry) + "\n" else text
        entry = Entry(line.key, line.value, words, False, entry.position, above, raw)
        return Parsed(entry, line.number, line.problems + more)


def _above(lines: Iterable[Line]) -> tuple[str, str, tuple[Problem, ...]]:
    """(plain text, exact lines where they are not the canonical ones, problems) of comment lines."""
    exact = "".join(line.text for line in lines)
    words = "\n".join(_plain(line) for line in exact.removesuffix("\n").split("\n")).strip("\n") if exact else ""
    above = "" if exact == comment_lines(words) else exact
    return words, above, tuple(problem for line in lines for problem in line.problems)


def _plain(line: str) -> str:
    return line.removesuffix("\r").lstrip(" \t").removeprefix("#").removeprefix(" ")
