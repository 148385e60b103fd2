"""What becomes of each of many entries, and which of them cannot go on and why. The good ones go on without the bad."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice

from tables import seeing
from tables.entries import look_around
from tables.judging import is_tightening
from tables.models import ChangeRequest, Cluster
from tables.scopes import Scope
from tables.sendmail.render import is_faithful
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec
from tables.sendmail.syntax.common import check_comment
from tables.sendmail.tables import check_entry, misread
from tables.sendmail.text import visible

#: Entries that one query asks about.
CHUNK = 500

#: How far it came: of how many, how many are done.
Progress = Callable[[int, int], None]


class RefusedError(Exception):
    """One entry with which it cannot be done."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it stands and as it shall be. ``problem``: why it is left as it is. ``note``: what to know of it."""

    table: TableSpec
    before: Entry
    after: Entry | None
    problem: Problem | None = None
    note: str = ""

    @property
    def stays(self) -> bool:
        return self.problem is None and self.before == self.after

    @property
    def renames(self) -> bool:
        return self.after is not None and self.after.key != self.before.key

    def refused(self, problem: Problem) -> Row:
        return replace(self, problem=problem)


def refusal(rule: str, message: str, remedy: str, field: str = "") -> Problem:
    return Problem(rule, Grade.ERROR, message, remedy, field)


Make = Callable[[TableSpec, Entry], Entry | None]


def made(table: TableSpec, entries: Iterable[Entry], make: Make) -> Iterator[Row]:
    """What ``make`` makes of each entry; it may raise :class:`RefusedError`."""
    for entry in entries:
        try:
            yield Row(table, entry, make(table, entry))
        except RefusedError as error:
            yield Row(table, entry, entry, error.problem)


def judged(*, scope: Scope, cluster: Cluster, rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows, each that cannot go on with why. Rows of one table come together."""
    for _name, group in groupby(rows, key=lambda row: row.table.name):
        while chunk := list(islice(group, CHUNK)):
            yield from _judged(scope, cluster, chunk)


def _judged(scope: Scope, cluster: Cluster, chunk: list[Row]) -> Iterator[Row]:
    table = chunk[0].table
    going = [row for row in chunk if not (row.stays or row.problem)]
    keys = {entry.key for row in going for entry in (row.before, row.after) if entry}
    held = seeing.holders(scope, cluster, table, keys) if keys else {}
    for row in chunk:
        problem = None if row.stays or row.problem else _problem(scope, cluster, row, held)
        yield row.refused(problem) if problem else row


def _problem(scope: Scope, cluster: Cluster, row: Row, held: dict[str, ChangeRequest]) -> Problem | None:
    found = scope.objection(row.table, row.before) or scope.objection(row.table, row.after)
    return found or _error(row) or _held(cluster, row, held)


def _error(row: Row) -> Problem | None:
    """The first error that the entry would stand there with, if what it is about is changed."""
    before, after = row.before, row.after
    if after is None:
        return None
    whole = (after.key, after.value) != (before.key, before.value) or (after.enabled and not before.enabled)
    if whole:
        return next((problem for problem in check_entry(row.table, after) if problem.grade is Grade.ERROR), None)
    wrong = check_comment(after.comment) if after.comment != before.comment else []
    return next(iter(wrong), None) or (None if is_faithful(row.table, after) else misread(row.table))


def _held(cluster: Cluster, row: Row, held: dict[str, ChangeRequest]) -> Problem | None:
    key = next((entry.key for entry in (row.before, row.after) if entry and entry.key in held), None)
    if key is None or is_tightening(row.table, row.before, row.after, look_around(cluster)):
        return None
    who = f"request {held[key].pk}" if held[key].pk else "a request of others"
    return refusal("many.held", f"{visible(key)} is held by {who}.", "Have that request decided or withdrawn first.")
