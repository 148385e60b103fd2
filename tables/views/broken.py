"""The broken rows of an import, beside its draft, each with a form to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import QueryDict

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import EDIT
from tables import drafting
from tables.forms import LinesField, RawField
from tables.models import BrokenRow, ChangeRequest
from tables.sendmail.spec import Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sheets import mending
from tables.sheets.columns import columns_of

#: Broken rows on one page of a draft.
SHOWN = 20

#: What a column is called on a page, where the table has no word of its own for it.
LABELS = {
    "comment": "Comment",
    "enabled": "In force (yes or no)",
    "owner": "Owner",
    "ticket": "Ticket",
    "starts": "Begins",
    "ends": "Ends",
}


class RowForm(forms.Form):
    """One row of a sheet: what its columns hold."""

    def __init__(self, row: BrokenRow, data: QueryDict | None = None, *, initial: dict[str, str] | None = None) -> None:
        super().__init__(data, prefix=f"row-{row.pk}", initial=initial)
        table = TABLES[row.table]
        for name in _columns(row, table):
            field = LinesField if name == "comment" else RawField
            self.fields[name] = field(label=_label(table, name))
            if name == "comment":
                self.fields[name].widget.attrs["rows"] = 2

    @property
    def typed(self) -> dict[str, str]:
        self.is_valid()
        return {name: text for name, text in self.cleaned_data.items() if self.add_prefix(name) in self.data}


def _columns(row: BrokenRow, table: TableSpec) -> list[str]:
    """Those that the sheet has: another one is nobody's wish. Key and value are always asked for."""
    return [name for name in columns_of(table) if name in row.texts or name in ("key", "value")]


def _label(table: TableSpec, name: str) -> str:
    own = {"key": table.key_label, "value": table.value_label}
    return own.get(name) or LABELS[name]


@dataclass(frozen=True, slots=True)
class Shown:
    row: BrokenRow
    table: TableSpec
    form: RowForm
    problems: list[Problem]
    #: The line of a flat file that could not be taken apart.
    line: str


@dataclass(frozen=True, slots=True)
class BrokenPart:
    """Some of the rows, how many there are, and what became of the others."""

    rows: list[Shown]
    total: int
    mended: int
    left_out: int


def broken_part(wanted: ChangeRequest, user: User) -> BrokenPart | None:
    """For whoever may go on with the draft; nothing where no row was ever broken."""
    if not user.has_perm(EDIT) or not drafting.is_editor(request=wanted, person=user):
        return None
    counts = mending.counts(wanted)
    if not counts:
        return None
    state = BrokenRow.State
    shown = [show(row) for row in mending.rows_of(wanted)[:SHOWN]]
    return BrokenPart(shown, counts.get(state.BROKEN, 0), counts.get(state.MENDED, 0), counts.get(state.LEFT_OUT, 0))


def show(row: BrokenRow) -> Shown:
    form = RowForm(row, initial=mending.shown_texts(row))
    problems = mending.problems_of(row)
    for name in {problem.field for problem in problems} & set(form.fields):
        form.fields[name].widget.attrs["aria-invalid"] = "true"
    return Shown(row, TABLES[row.table], form, problems, mending.shown_line(row))
