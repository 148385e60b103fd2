"""The columns of a table's sheet: the same names out and in, and no other is guessed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tables.errors import ChangeError
from tables.sendmail.spec import ABOUT, TableSpec
from tables.sendmail.text import visible

#: What a column of a sheet may be called, in the order in which it is written.
COLUMNS = ("key", "value", "comment", "enabled", *ABOUT)
#: Columns of one sheet that are looked at.
MOST = 64
#: Unknown names that a message repeats.
_NAMED = 8

#: The place of a column that is left out because a person said so.
LEFT_OUT = "-"


class SheetRefused(ChangeError):
    """A file that is not taken at all. The message says what it is and what to do."""


class UnknownColumns(SheetRefused):
    """Columns that nobody knows, and that nobody said are to be left out."""


def columns_of(table: TableSpec) -> tuple[str, ...]:
    return COLUMNS if table.has_value else tuple(name for name in COLUMNS if name != "value")


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in each place of a row: the name of a column, :data:`LEFT_OUT`, or nothing where it has no name."""

    places: tuple[str, ...]
    #: Names that are left out.
    unknown: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in self.places if name and name != LEFT_OUT)


def read_header(table: TableSpec, texts: Sequence[str], *, leave_out_unknown: bool = False) -> Header:
    """The columns that a sheet's first row names, in whatever order. Raises :class:`SheetRefused`."""
    names = [text.strip() for text in texts]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST:
        raise SheetRefused(f"The first row names {len(names)} columns; {MOST} are read at most. {_known(table)}")
    known = columns_of(table)
    folded = [name.lower() for name in names]
    unknown = [name for name in names if name and name.lower() not in known]
    _refuse_double(table, folded)
    if "key" not in folded:
        raise SheetRefused(f"The first row has no column “key”{_instead(names)}. {_known(table)}")
    if unknown and not leave_out_unknown:
        raise UnknownColumns(
            f"Nobody knows {'the column' if len(unknown) == 1 else 'the columns'} {_listed(unknown)}. {_known(table)} "
            "Rename them, or say that unknown columns are to be left out."
        )
    places = tuple(name if name in known else LEFT_OUT if name else "" for name in folded)
    return Header(places, tuple(unknown))


def _refuse_double(table: TableSpec, names: Sequence[str]) -> None:
    double = sorted({name for name in names if name in columns_of(table) and names.count(name) > 1})
    if double:
        raise SheetRefused(
            f"The column {_listed(double)} stands in the first row more than once. Leave one of each name."
        )


def _known(table: TableSpec) -> str:
    return f"The columns of {table.name} are {', '.join(columns_of(table))}; key must be there, the order is free."


def _instead(names: Sequence[str]) -> str:
    found = [name for name in names if name]
    return f": it says {_listed(found)}" if found else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{visible(name)[:40]}”" for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
