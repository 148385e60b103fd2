"""What a form shows of an entry in parts, and the entry that its answers make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tables.sendmail.parts.base import Pieces

#: The names of fields to what was written in them; of a switch ``on`` or nothing, of lines one a line.
Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. Named ``key`` or ``value`` it holds the whole text, so that no part of it is asked for."""

    name: str
    label: str
    help: str = ""
    of: str = "value"  # or key: whose part it is, and whose problems concern it
    choices: tuple[tuple[str, str], ...] = ()  # what is posted, and the words for it
    suggestions: tuple[str, ...] = ()
    example: str = ""
    decides: bool = False  # another choice asks for other fields
    lines: bool = False
    switch: bool = False
    secret: bool = False  # the mask stands for what is kept
    optional: bool = False
    short: bool = False
    rules: tuple[str, ...] = ()  # what follows the table in the ids of rules that are about this field alone


@dataclass(frozen=True, slots=True)
class Parts:
    """How the keys and values of a table come apart, declared once a table.

    ``answers`` is ``None`` for an entry whose text is none of the forms that the fields can say. ``compose`` is given
    the value that was there before, for the spelling of what is not asked for.
    """

    key: Callable[[str], Pieces]
    value: Callable[[str, str], Pieces]  # (key, value)
    fields: Callable[[Answers], tuple[Field, ...]]
    answers: Callable[[str, str], Answers | None]  # (key, value)
    compose: Callable[[Answers, str], tuple[str, str]]  # (answers, value before)

    def shown(self, answers: Answers) -> dict[str, str]:
        """The answers to the fields that these answers lead to; all others are not asked for and do not count."""
        return {field.name: answers.get(field.name, "") for field in self.fields(answers)}

    def composed(self, answers: Answers, key: str = "", value: str = "") -> tuple[str, str]:
        """Key and value for the answers. ``key`` and ``value`` as they were stay exactly, where theirs are the same."""
        wanted = self.compose(self.shown(answers), value)
        before = self.answers(key, value) if key or value else None
        if before is None:
            return wanted
        return (
            key if self._part(answers, "key") == self._part(before, "key") else wanted[0],
            value if self._part(answers, "value") == self._part(before, "value") else wanted[1],
        )

    def _part(self, answers: Answers, of: str) -> dict[str, str]:
        return {field.name: answers.get(field.name, "") for field in self.fields(answers) if field.of == of}


def lines(text: str) -> list[str]:
    """The lines of an answer that say something."""
    return [line for part in text.split("\n") if (line := part.strip())]
