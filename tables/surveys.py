"""The whole check of a cluster's tables, made by one at a time and kept for the pages to show."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tables import bulk, waking
from tables.actors import Actor
from tables.checking import check_across, check_alone, context, numbered
from tables.entries import rows
from tables.models import CheckRun, Cluster, StoredFinding
from tables.sendmail.lint import Finding
from tables.sendmail.secret import masked
from tables.sendmail.spec import Fix, Grade
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import zone
from tables.sendmail.text import visible
from tables.snapshots import snapshot

#: Findings of one rule in one table that are kept; beyond, they are only counted. Two million need no more memory.
MOST = 1000

#: A turn that was not given back after this time was killed, and is anybody's again.
TURN = timedelta(minutes=15)

#: After a check that took a second the next one waits ten, unless somebody asks: a tenth of one processor at most.
SHARE = 10

#: Up to so many entries a check takes less than a person minds to wait for.
AT_ONCE = 20_000

COLUMNS = (
    "run_id",
    "number",
    "table",
    "key",
    "zone",
    "rule",
    "grade",
    "message",
    "remedy",
    "field",
    "line",
    "fix",
    "across",
)

_GRADES = {grade: place for place, grade in enumerate(Grade)}
_TABLES = {name: place for place, name in enumerate(TABLES)}


# --- whose turn it is -------------------------------------------------------------------------------------------------


def due(*, cluster: Cluster, now: datetime | None = None) -> bool:
    """Whether somebody should check: the tables changed or it was asked for, and nobody is at it."""
    run, now = CheckRun.objects.filter(cluster=cluster).select_related("cluster").first(), now or timezone.now()
    if run is None or run.finished_at is None:
        return run is None or not is_running(run, now)
    if is_running(run, now):
        return False
    if run.asked_at is not None:
        return True
    rested = now - run.finished_at >= timedelta(seconds=SHARE * run.seconds)
    return rested and run.change_number != run.cluster.last_change


def is_running(run: CheckRun, now: datetime) -> bool:
    return bool(run.turn) and run.turn_at is not None and now - run.turn_at < TURN


def ask(*, cluster: Cluster, actor: Actor) -> CheckRun | None:
    """Check at once where that is quick and can be done here; otherwise leave word for the publisher."""
    run, _created = CheckRun.objects.get_or_create(cluster=cluster)
    CheckRun.objects.filter(pk=run.pk).update(asked_at=timezone.now(), asked_by_name=actor.name)
    waking.wake(cluster)
    return refresh(cluster=cluster, by=actor.name)


def refresh(*, cluster: Cluster, by: str) -> CheckRun | None:
    """The same check again where it is quick and can be done here; ``None`` where it is left to the publisher."""
    return run(cluster=cluster, by=by) if _is_here(cluster) and _is_small(cluster) else None


def _is_here(cluster: Cluster) -> bool:
    """Users and sendmail.cf are those of a mail host: another machine's would tell of unknown users."""
    names = set(cluster.hosts.values_list("name", flat=True))
    return not names or settings.HOST_NAME in names


def _is_small(cluster: Cluster) -> bool:
    tables = (rows(cluster=cluster, table=table) for table in TABLES.values())
    return sum(found.values("pk")[: AT_ONCE + 1].count() for found in tables) <= AT_ONCE


def _take_turn(cluster: Cluster) -> str:
    """A token of our own; empty when it is somebody else's turn."""
    run, _created = CheckRun.objects.get_or_create(cluster=cluster)
    token, now = uuid.uuid4().hex, timezone.now()
    free = Q(turn="") | Q(turn_at__lt=now - TURN)
    taken = CheckRun.objects.filter(free, pk=run.pk).update(turn=token, turn_at=now)
    return token if taken else ""


def _give_back(token: str) -> None:
    CheckRun.objects.filter(turn=token).update(turn="", turn_at=None)


# --- looking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding that will be stored. ``across``: it takes the other entries to see it."""

    finding: Finding
    across: bool


@dataclass(slots=True)
class Group:
    """The findings of one rule in one table: all are counted, the first ones kept."""

    count: int = 0
    kept: list[Kept] = field(default_factory=list)


class Survey:
    """What a check finds, in memory that does not grow with it."""

    def __init__(self, change_number: int, most: int) -> None:
        self.change_number = change_number
        self.most = most
        self.groups: dict[tuple[str, str, Grade], Group] = {}
        self.lines: dict[tuple[str, str], int] = {}

    def add(self, finding: Finding, *, across: bool) -> None:
        problem = finding.problem
        group = self.groups.setdefault((finding.table, problem.rule, problem.grade), Group())
        group.count += 1
        if len(group.kept) < self.most:
            group.kept.append(Kept(finding, across))

    def count(self, grade: Grade) -> int:
        return sum(group.count for (_table, _rule, found), group in self.groups.items() if found is grade)

    def keys(self) -> set[tuple[str, str]]:
        """Tables and keys of all that is kept."""
        return {(kept.finding.table, kept.finding.key) for group in self.groups.values() for kept in group.kept}

    def sorted(self) -> list[Kept]:
        """Errors first, then as in the files; what is missing from a table before what is in it."""
        placed = [self._placed(kept) for group in self.groups.values() for kept in group.kept]
        return sorted(placed, key=_place)

    def _placed(self, kept: Kept) -> Kept:
        finding = kept.finding
        line = finding.problem.line or self.lines.get((finding.table, finding.key))
        return Kept(replace(finding, problem=replace(finding.problem, line=line)), kept.across)

    def summary(self) -> list[dict[str, Any]]:
        """The groups as JSON, the worst and most frequent first."""
        ordered = sorted(self.groups.items(), key=lambda item: (_GRADES[item[0][2]], -item[1].count, item[0]))
        return [
            {
                "table": table,
                "rule": rule,
                "grade": str(grade),
                "count": group.count,
                "stored": len(group.kept),
                "across": group.kept[0].across,
                "message": visible(group.kept[0].finding.problem.message),
            }
            for (table, rule, grade), group in ordered
        ]


def _place(kept: Kept) -> tuple[int, int, int, str, str]:
    finding = kept.finding
    problem = finding.problem
    return _GRADES[problem.grade], _TABLES[finding.table], problem.line or 0, finding.key, problem.rule


def look(*, cluster: Cluster, most: int = MOST) -> Survey:
    """Check all tables as they stand at one moment."""
    with snapshot():
        cluster = Cluster.objects.get(pk=cluster.pk)
        survey = Survey(cluster.last_change, most)
        for finding in check_across(cluster):
            survey.add(finding, across=True)
        wanted, known = survey.keys(), context()
        for table, line, entry in numbered(cluster):
            if (table.name, entry.key) in wanted:
                survey.lines[table.name, entry.key] = line
            for finding in check_alone(table, line, entry, known):
                survey.add(finding, across=False)
    return survey


# --- keeping ----------------------------------------------------------------------------------------------------------


def run(*, cluster: Cluster, by: str, most: int = MOST) -> CheckRun | None:
    """Check all tables and replace what is stored; ``None`` while somebody else is at it."""
    token = _take_turn(cluster)
    if not token:
        return None
    try:
        started, began = timezone.now(), time.monotonic()
        survey = look(cluster=cluster, most=most)
        return _store(token, survey, by=by, started=started, seconds=round(time.monotonic() - began, 3))
    finally:
        _give_back(token)


@transaction.atomic
def _store(token: str, survey: Survey, *, by: str, started: datetime, seconds: float) -> CheckRun | None:
    """Replace all in one transaction, unless the turn was taken from us because we were too slow."""
    kept = CheckRun.objects.filter(turn=token).update(
        change_number=survey.change_number,
        finished_at=timezone.now(),
        seconds=seconds,
        by_name=by,
        errors=survey.count(Grade.ERROR),
        warnings=survey.count(Grade.WARNING),
        notes=survey.count(Grade.NOTE),
        groups=survey.summary(),
    )
    if not kept:
        return None
    found = CheckRun.objects.get(turn=token)
    CheckRun.objects.filter(pk=found.pk, asked_at__lte=started).update(asked_at=None, asked_by_name="")
    found.findings.all().delete()
    bulk.insert(model=StoredFinding, columns=COLUMNS, rows=_rows(found.pk, survey))
    return found


def _rows(run: int, survey: Survey) -> Iterator[tuple[Any, ...]]:
    for number, kept in enumerate(survey.sorted(), start=1):
        finding, problem = kept.finding, kept.finding.problem
        yield (
            run,
            number,
            finding.table,
            finding.key,
            zone(TABLES[finding.table], finding.key),
            problem.rule,
            str(problem.grade),
            visible(problem.message),
            visible(problem.remedy),
            problem.field,
            problem.line,
            _fix_json(problem.fix) if kept.across and problem.fix else None,
            kept.across,
        )


def _fix_json(fix: Fix) -> str | None:
    """A fix as text, unless there is a password in it, which must not be stored a second time."""
    text = json.dumps(asdict(fix))
    return text if masked(text) == text else None
