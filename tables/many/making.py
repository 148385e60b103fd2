"""A look at what would become of many entries, and the draft that is made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from django.db import transaction

from tables import applying, changes
from tables.actors import Actor
from tables.errors import ChangeError
from tables.many.keys import pairs
from tables.many.rows import Progress, Row
from tables.models import ChangeRequest, Cluster
from tables.sendmail.tables import TABLES
from tables.sendmail.text import visible

#: Entries that a look shows before and after, and those that are refused which it shows.
SHOWN, BAD = 20, 100
#: Entries between two reports of how far it came.
EVERY = 500


class NothingError(ChangeError):
    """Nothing would change."""

    def __init__(self, refused: list[Row]) -> None:
        super().__init__(_nothing(refused))
        self.refused = refused


@dataclass(slots=True)
class Look:
    """How many entries were looked at; of those that change and that are refused the first ones."""

    total: int = 0
    changed: int = 0
    shown: list[Row] = field(default_factory=list)
    refused: int = 0
    bad: list[Row] = field(default_factory=list)
    tables: Counter[str] = field(default_factory=Counter)

    @property
    def same(self) -> int:
        return self.total - self.changed - self.refused


def look(rows: Iterable[Row], *, shown: int = SHOWN) -> Look:
    """Keeps no more of the rows than it shows."""
    found = Look()
    for row in rows:
        found.total += 1
        if row.problem:
            found.refused += 1
            found.bad += [row] if len(found.bad) < BAD else []
        elif not row.stays:
            found.changed += 1
            found.tables[row.table.name] += 1
            found.shown += [row] if len(found.shown) < shown else []
    return found


@transaction.atomic
def propose(
    *,
    cluster: Cluster,
    actor: Actor,
    kind: str,
    rows: Iterable[Row],
    reason: str = "",
    into: ChangeRequest | None = None,
    total: int = 0,
    progress: Progress | None = None,
) -> ChangeRequest:
    """A draft with all that can go on, or the same in the draft ``into``. Refuses when nothing would change.

    ``total``: how many rows there are, for ``progress``.
    """
    request = applying.locked(into) if into else changes.draft(cluster=cluster, actor=actor, kind=kind, reason=reason)
    refused: list[Row] = []
    good = _good(rows, refused, total, progress)
    put = 0
    for name, group in groupby(good, key=lambda row: row.table.name):
        made = changes.propose_many(request=request, actor=actor, table=TABLES[name], pairs=pairs(group))
        put += len(made)
    if not put:
        raise NothingError(refused)
    return request


def _good(rows: Iterable[Row], refused: list[Row], total: int, progress: Progress | None) -> Iterator[Row]:
    number = 0
    for number, row in enumerate(rows, start=1):
        if progress and not number % EVERY:
            progress(number, max(total, number))
        if row.problem:
            refused += [row] if not refused else []
        elif not row.stays:
            yield row
    if progress:
        progress(number, max(total, number))


def _nothing(refused: list[Row]) -> str:
    if not refused:
        return "Nothing would change: every entry that was chosen is so already, or none is there any more."
    row, problem = refused[0], refused[0].problem
    said = f"{problem.message} {problem.remedy}" if problem else ""
    return f"None of it can be done. {visible(row.before.key)} in {row.table.name}: {said}"
