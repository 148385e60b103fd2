"""Problems beside the entries that have them: each entry's own, found as it is shown, and those that the last check
found across entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.template.defaultfilters import pluralize

from tables import findings
from tables.models import Cluster
from tables.scopes import Scope
from tables.sendmail.hiding import unhidden
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec

#: Problems of one entry that a list unfolds; the page of problems has the rest.
UNFOLDED = 8

_GRADES = {grade: place for place, grade in enumerate(Grade)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A problem, what the button that mends it remembers, and how many changes of other entries came since."""

    problem: Problem
    seen: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong with one entry, the worst first. Notes are only counted."""

    shown: list[Shown] = field(default_factory=list)
    notes: int = 0
    more: int = 0

    @property
    def others(self) -> int:
        return max(len(self.shown) - 1, 0) + self.more

    @property
    def first(self) -> Shown | None:
        return self.shown[0] if self.shown else None


def troubles_of(scope: Scope, cluster: Cluster, table: TableSpec, entries: Sequence[Entry]) -> dict[str, Troubles]:
    """By key, for entries that have any, with one query for all of them."""
    across = findings.across(scope=scope, cluster=cluster, table=table, keys=[entry.key for entry in entries])
    found = {entry.key: _troubles(table, entry, across.get(entry.key, ())) for entry in entries}
    return {key: troubles for key, troubles in found.items() if troubles.shown or troubles.notes}


def _troubles(table: TableSpec, entry: Entry, across: Iterable[findings.Across]) -> Troubles:
    found = [(problem, 0) for problem in findings.alone(table, entry)] + [(one.problem, one.since) for one in across]
    found.sort(key=lambda one: _GRADES[one[0].grade])
    serious = [one for one in found if one[0].grade in findings.SERIOUS]
    return Troubles(
        shown=[Shown(one, findings.problem_checksum(entry, one), since) for one, since in serious[:UNFOLDED]],
        notes=len(found) - len(serious),
        more=len(serious[UNFOLDED:]),
    )


def across_of(
    scope: Scope, cluster: Cluster, table: TableSpec, entry: Entry | None, typed: Entry | None
) -> list[Problem]:
    """What shows across entries about the one being edited, as long as what is typed is still that entry."""
    if entry is None or not (typed is None or _is_same(table, typed, entry)):
        return []
    found = findings.across(scope=scope, cluster=cluster, table=table, keys=[entry.key]).get(entry.key, [])
    return [_dated(one) for one in found]


def _is_same(table: TableSpec, typed: Entry, entry: Entry) -> bool:
    return typed.key == entry.key and unhidden(table, typed, entry).value == entry.value


def _dated(found: findings.Across) -> Problem:
    """Without its line, which says nothing in a form, and with its age where it may be too old to be true."""
    ago = f" Found {found.since} change{pluralize(found.since)} of other entries ago." if found.since else ""
    return replace(found.problem, line=None, remedy=f"{found.problem.remedy}{ago}")
