"""A problem mended by one click: what its fix makes of the entry goes the one way that every change goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction

from tables import changes, findings, scopes
from tables.actors import Actor
from tables.entries import find, look_around, rows
from tables.errors import ChangeError, ReasonMissing, Unconfirmed
from tables.models import ChangeRequest, Cluster
from tables.placing import position_for
from tables.scopes import Scope
from tables.sendmail.fixing import fixed
from tables.sendmail.risk.together import risks_together
from tables.sendmail.spec import Entry, Fix, Grade, Problem, Risk, TableSpec
from tables.sendmail.tables import TABLES, check_entry, normalise_key
from tables.sendmail.text import visible

__all__ = ["FixRefused", "Planned", "Step", "apply", "plan"]


class FixRefused(ChangeError):
    """A fix that would not mend the entry, or that is not what was shown. It has to be edited by hand."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry before and after: what a fix changes in a table."""

    table: TableSpec
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Planned:
    """What a fix would do. ``warnings`` are those that its entries bear and the old one does not."""

    problem: Problem
    fix: Fix
    steps: list[Step]
    risks: frozenset[Risk]
    warnings: list[Problem]


def plan(*, scope: Scope, cluster: Cluster, table: TableSpec, key: str, rule: str, seen: str) -> Planned:
    """What mending this problem changes now. ``seen`` is :func:`findings.problem_checksum` of what was shown.

    ``key`` is empty where an entry is missing. Raises :class:`FixRefused`. Writes nothing.
    """
    entry = find(scope=scope, cluster=cluster, table=table, key=key) if key else None
    problem, fix = _problem(scope, cluster, table, entry, key, rule, seen)
    steps = [*_replacing(table, entry, fix), *_adding(cluster, fix)]
    _refuse_others(scope, steps)
    _refuse_taken(cluster, steps)
    _refuse_errors(steps)
    old = {found.rule for found in findings.alone(table, entry)} if entry else set()
    found = [problem for step in steps for problem in _problems(step) if problem.grade is Grade.WARNING]
    return Planned(
        problem=problem,
        fix=fix,
        steps=steps,
        risks=_risks(cluster, steps),
        warnings=[problem for problem in found if problem.rule not in old],
    )


@transaction.atomic
def apply(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    key: str,
    rule: str,
    seen: str,
    reason: str = "",
    confirmed: bool = False,
) -> ChangeRequest:
    """Mend one problem of one entry in one change request, applied at once when it puts nothing at risk.

    Nothing that was posted is trusted: the problem and its fix are found again. Raises :class:`FixRefused`,
    :class:`ReasonMissing` when a second person must look, and :class:`Unconfirmed` when new warnings come with it.
    """
    # One order of locks everywhere: the cluster first. What is planned cannot change before it is submitted.
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    planned = plan(scope=scopes.of_actor(actor), cluster=cluster, table=table, key=key, rule=rule, seen=seen)
    if planned.risks and not reason.strip():
        raise ReasonMissing(planned.risks)
    if planned.warnings and not confirmed:
        raise Unconfirmed(planned.warnings)
    why = reason.strip() or f"{visible(planned.fix.label)} ({rule})"
    request = changes.draft(cluster=cluster, actor=actor, reason=why)
    for name, pairs in _by_table(planned.steps).items():
        changes.propose_many(request=request, actor=actor, table=TABLES[name], pairs=pairs)
    return changes.submit(request=request, actor=actor)


def _refuse_others(scope: Scope, steps: Iterable[Step]) -> None:
    """Before anything is said of what stands there."""
    for step in steps:
        for entry in (step.before, step.after):
            scopes.refuse(scope=scope, table=step.table, entry=entry)


def _problem(
    scope: Scope, cluster: Cluster, table: TableSpec, entry: Entry | None, key: str, rule: str, seen: str
) -> tuple[Problem, Fix]:
    """The problem that was shown, as it is found now."""
    alone = findings.alone(table, entry) if entry else []
    across = findings.across(scope=scope, cluster=cluster, table=table, keys=[key]).get(key, [])
    for problem in [*alone, *(found.problem for found in across)]:
        if problem.rule == rule and problem.fix and findings.problem_checksum(entry, problem) == seen:
            return problem, problem.fix
    raise FixRefused(f"{_named(table, key)} is not what you were shown any more. Look at what is wrong with it now.")


def _named(table: TableSpec, key: str) -> str:
    return f"{visible(key)} in {table.name}" if key else table.name


def _replacing(table: TableSpec, entry: Entry | None, fix: Fix) -> Iterator[Step]:
    """The entry itself: changed in its place, or deleted with others in its place."""
    if entry is None:
        return
    new = fixed(table, entry, fix)
    same = next((after for after in new if after.key == entry.key), None)
    if same != entry:
        yield Step(table, entry, same)
    yield from (Step(table, None, after) for after in new if after.key != entry.key)


def _adding(cluster: Cluster, fix: Fix) -> Iterator[Step]:
    for name, typed, value in fix.adds:
        table = TABLES[name]
        key = normalise_key(table, typed)
        yield Step(table, None, Entry(key, value, position=position_for(cluster=cluster, table=table, key=key)))


def _by_table(steps: Iterable[Step]) -> dict[str, list[tuple[Entry | None, Entry | None]]]:
    grouped: dict[str, list[tuple[Entry | None, Entry | None]]] = {}
    for step in steps:
        grouped.setdefault(step.table.name, []).append((step.before, step.after))
    return grouped


def _refuse_taken(cluster: Cluster, steps: Iterable[Step]) -> None:
    """A fix never goes over an entry that stands already, nor makes one twice."""
    new: set[tuple[str, str]] = set()
    for step in steps:
        if step.before is not None or step.after is None:
            continue
        table, key = step.table, step.after.key
        if (table.name, key) in new or rows(cluster=cluster, table=table).filter(key=key).exists():
            raise FixRefused(f"{_named(table, key)} stands there already. Decide which of the two is meant.")
        new.add((table.name, key))


def _problems(step: Step) -> list[Problem]:
    return check_entry(step.table, step.after) if step.after else []


def _refuse_errors(steps: Iterable[Step]) -> None:
    errors = [problem for step in steps for problem in _problems(step) if problem.grade is Grade.ERROR]
    if errors:
        said = f"{visible(errors[0].message)} {visible(errors[0].remedy)}"
        raise FixRefused(f"This alone does not mend the entry: {said}")


def _risks(cluster: Cluster, steps: Iterable[Step]) -> frozenset[Risk]:
    done = [(step.table, step.before, step.after) for step in steps]
    return frozenset().union(*risks_together(done, look_around(cluster)))
