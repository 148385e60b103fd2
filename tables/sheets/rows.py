"""A row of a sheet as it was read, before anybody asks what it means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from tables.sendmail.spec import Grade, Problem

#: Rows of one sheet.
MOST_ROWS = 1_048_576


@dataclass(frozen=True, slots=True)
class SheetRow:
    """``number`` is what a spreadsheet shows beside the row. ``texts`` has the columns that the row says something of,
    be it that they are empty."""

    number: int
    texts: dict[str, str]
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.problems and not any(self.texts.values())


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds. ``said`` tells how it was read; ``total`` is about how many rows there are."""

    format: str
    said: str
    total: int
    rows: Iterator[SheetRow]
    #: Names of columns that are left out.
    unknown: tuple[str, ...] = ()


@contextmanager
def closed_if_refused(file: IO[Any]) -> Iterator[None]:
    """A file that is closed where reading it does not go on."""
    try:
        yield
    except BaseException:
        file.close()
        raise


def problem(rule: str, message: str, remedy: str, field: str = "") -> Problem:
    return Problem(rule=f"sheet.{rule}", grade=Grade.ERROR, message=message, remedy=remedy, field=field)
