"""What the last whole check found, and how much of it still holds: an entry may have changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from tables.entries import rows
from tables.models import Change, CheckRun, Cluster, StoredFinding
from tables.scopes import Scope
from tables.sendmail.spec import Entry, Fix, Grade, Problem, TableSpec
from tables.sendmail.tables import TABLES, check_entry
from tables.sendmail.text import visible
from tables.states import checksum, entry_checksum

#: Grades that ask for something to be done.
SERIOUS = (Grade.ERROR, Grade.WARNING)


def last(cluster: Cluster) -> CheckRun | None:
    return CheckRun.objects.filter(cluster=cluster).first()


def problem_checksum(entry: Entry | None, problem: Problem) -> str:
    """What a button remembers of the entry and the problem that it stands beside; empty where there is no button."""
    if problem.fix is None:
        return ""
    return checksum([entry_checksum(entry), problem.rule, problem.message, problem.remedy, asdict(problem.fix)])


def alone(table: TableSpec, entry: Entry) -> list[Problem]:
    """What an entry by itself shows; nothing while it is switched off."""
    return check_entry(table, entry) if entry.enabled else []


def listing(
    found: QuerySet[StoredFinding], *, table: str = "", grades: Iterable[str] = (), rule: str = "", query: str = ""
) -> QuerySet[StoredFinding]:
    """Those that match all that is given, in their order."""
    given: dict[str, Any] = {"table": table, "grade__in": list(grades), "rule": rule, "key__icontains": query}
    return found.filter(**{name: value for name, value in given.items() if value}).order_by("number")


def _changed_since() -> Exists:
    """Whether the entry of a finding was changed after the check; if so, nobody knows whether the finding holds."""
    later = Change.objects.filter(
        cluster=OuterRef("run__cluster"),
        table=OuterRef("table"),
        key=OuterRef("key"),
        number__gt=OuterRef("run__change_number"),
    )
    return Exists(later)


# --- beside entries ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Across:
    """A problem as the last check found it across entries, and how many changes ago that was."""

    problem: Problem
    since: int


def across(*, scope: Scope, cluster: Cluster, table: TableSpec, keys: Iterable[str]) -> dict[str, list[Across]]:
    """What shows across entries about these keys, as the last check found it; nothing of those changed since.

    To a limited person nothing: it may name entries that are not theirs.
    """
    if scope.limited:
        return {}
    stored = StoredFinding.objects.filter(run__cluster=cluster, table=table.name, key__in=list(keys), across=True)
    found: dict[str, list[Across]] = {}
    for row in stored.filter(~_changed_since()).annotate(then=F("run__change_number")).order_by("number"):
        found.setdefault(row.key, []).append(Across(problem_of(row), cluster.last_change - row.then))
    return found


def unmarked(scope: Scope, run: CheckRun | None, table: TableSpec) -> int:
    """Problems across entries that a check found in a table beyond those that are stored: lists do not show them."""
    groups = [
        group
        for group in (run.groups if run and not scope.limited else ())
        if group["table"] == table.name and group["across"]
    ]
    return sum(group["count"] - group["stored"] for group in groups)


def problem_of(row: StoredFinding) -> Problem:
    fix = Fix(**{**row.fix, "keys": _tuple(row.fix["keys"]), "adds": _adds(row.fix["adds"])}) if row.fix else None
    return Problem(row.rule, Grade(row.grade), row.message, row.remedy, row.field, row.line, fix)


def _tuple(keys: list[str] | None) -> tuple[str, ...] | None:
    return None if keys is None else tuple(keys)


def _adds(adds: list[list[str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((table, key, value) for table, key, value in adds)


# --- the page of problems ---------------------------------------------------------------------------------------------


class Now(StrEnum):
    """What became of a stored finding since the check."""

    STANDS = "stands"
    CHANGED = "changed"  # the entry is another one, and the finding not in it, or not known to be
    GONE = "gone"  # the entry is not there any more


@dataclass(frozen=True, slots=True)
class Standing:
    """A stored finding beside the entry as it is now. ``seen`` is for the button that mends it."""

    row: StoredFinding
    problem: Problem
    now: Now
    seen: str

    @property
    def table(self) -> TableSpec:
        return TABLES[self.row.table]


def standing(cluster: Cluster, found: Sequence[StoredFinding]) -> list[Standing]:
    """How each of the findings stands now, with at most one query for each table and one for all."""
    changed = _changed(found)
    both = [(row, problem_of(row)) for row in found]
    present = _present(cluster, both)
    return [_standing(row, problem, present, row.pk in changed) for row, problem in both]


def _present(cluster: Cluster, found: Iterable[tuple[StoredFinding, Problem]]) -> Mapping[tuple[str, str], Entry]:
    """The entries that the findings are about, and those that a fix would add, as far as they are there."""
    wanted: dict[str, set[str]] = {}
    for row, problem in found:
        wanted.setdefault(row.table, set()).add(row.key)
        for table, key in _added(problem):
            wanted.setdefault(table, set()).add(key)
    return {
        (table, row.key): row.entry
        for table, keys in wanted.items()
        for row in rows(cluster=cluster, table=TABLES[table]).filter(key__in=sorted(keys))
    }


def _added(problem: Problem) -> list[tuple[str, str]]:
    return [(table, key) for table, key, _value in (problem.fix.adds if problem.fix else ())]


def _changed(found: Sequence[StoredFinding]) -> set[int]:
    stored = StoredFinding.objects.filter(pk__in=[row.pk for row in found if row.across])
    return set(stored.filter(_changed_since()).values_list("pk", flat=True))


def _standing(
    row: StoredFinding, problem: Problem, present: Mapping[tuple[str, str], Entry], changed: bool
) -> Standing:
    entry = present.get((row.table, row.key))
    if not row.key:
        added = _added(problem)
        now = Now.CHANGED if added and all(one in present for one in added) else Now.STANDS
    elif entry is None:
        now = Now.GONE
    elif row.across:
        now = Now.CHANGED if changed else Now.STANDS
    else:
        live = _live(row, entry)
        problem, now = (live, Now.STANDS) if live else (problem, Now.CHANGED)
    return Standing(row, problem, now, problem_checksum(entry, problem))


def _live(row: StoredFinding, entry: Entry) -> Problem | None:
    """The problem as the entry shows it now: the one that was found, or another of the same rule."""
    same = [problem for problem in alone(TABLES[row.table], entry) if problem.rule == row.rule]
    return next((problem for problem in same if visible(problem.message) == row.message), same[0] if same else None)
