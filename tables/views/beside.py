"""Problems beside the entries that have them: each entry's own, found as it is shown, and those that the last check
found across entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tables import findings
from tables.models import Cluster
from tables.sendmail.secret import unmasked
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec

#: Problems of one entry that a list unfolds; the page of problems has the rest.
UNFOLDED = 8

_GRADES = {grade: place for place, grade in enumerate(Grade)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A problem, and what the button that mends it remembers."""

    problem: Problem
    seen: str


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


def troubles_of(cluster: Cluster, table: TableSpec, entries: Sequence[Entry]) -> dict[str, Troubles]:
    """By key, for entries that have any, with one query for all of them."""
    across = findings.across(cluster=cluster, table=table, keys=[entry.key for entry in entries])
    found = {
        entry.key: _troubles(entry, [*findings.alone(table, entry), *across.get(entry.key, ())]) for entry in entries
    }
    return {key: troubles for key, troubles in found.items() if troubles.shown or troubles.notes}


def _troubles(entry: Entry, problems: Iterable[Problem]) -> Troubles:
    ordered = sorted(problems, key=lambda problem: _GRADES[problem.grade])
    serious = [problem for problem in ordered if problem.grade in findings.SERIOUS]
    return Troubles(
        shown=[Shown(problem, findings.problem_checksum(entry, problem)) for problem in serious[:UNFOLDED]],
        notes=len(ordered) - len(serious),
        more=len(serious[UNFOLDED:]),
    )


def across_of(cluster: Cluster, table: TableSpec, entry: Entry | None, typed: Entry | None) -> list[Problem]:
    """What shows across entries about the one being edited, as long as what is typed is still that entry."""
    if entry is None or (
        typed is not None and (typed.key, unmasked(typed.value, entry.value)) != (entry.key, entry.value)
    ):
        return []
    return findings.across(cluster=cluster, table=table, keys=[entry.key]).get(entry.key, [])
