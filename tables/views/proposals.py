"""The changes of a request as somebody reads them who must decide: difference, effect, problems, conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tables import applying, changes, judging
from tables.differences import Line, Told, difference, told
from tables.models import Change, ChangeRequest
from tables.scopes import Scope
from tables.sendmail.risk.effect import effects
from tables.sendmail.spec import Entry, Problem, Risk, TableSpec
from tables.sendmail.tables import TABLES, check_entry

State = ChangeRequest.State


@dataclass(frozen=True, slots=True)
class Proposal:
    change: Change
    table: TableSpec
    before: list[str]
    after: list[str]
    lines: list[Line]
    risks: list[Risk]
    effects: list[str]
    problems: list[Problem]
    conflicted: bool
    current: list[str]  # what stands there instead, when conflicted
    about: list[Told]


def proposals(scope: Scope, request: ChangeRequest, shown: Sequence[Change]) -> list[Proposal]:
    """What stands now is shown to whoever may see it: a line of one's own may be about what is no longer delegated."""
    stands = _conflicts(request, [change for change in shown if scope.sees(TABLES[change.table], change.key)])
    risks = judging.risks_within(request, shown)
    return [_proposal(request, change, sorted(risk), stands) for change, risk in zip(shown, risks, strict=True)]


def _conflicts(request: ChangeRequest, shown: Sequence[Change]) -> dict[int, Entry | None]:
    """What stands instead of what a change starts from, by the change's id."""
    if not (request.is_open or request.state == State.CONFLICTED):
        return {}
    return {change.pk: stands for change, stands in applying.conflicts(request.cluster, shown)}


def _proposal(
    request: ChangeRequest,
    change: Change,
    risks: list[Risk],
    stands: dict[int, Entry | None],
) -> Proposal:
    table, before, after = judging.step_of(change)
    removed, added = changes.lines(change)
    current = stands.get(change.pk)
    return Proposal(
        change=change,
        table=table,
        before=[table.shown(line) for line in removed],
        after=[table.shown(line) for line in added],
        lines=difference(removed, added, clear=table.shown),
        risks=risks,
        effects=effects(table, before, after, risks),
        problems=check_entry(table, after) if after and request.is_open else [],
        conflicted=change.pk in stands,
        current=[table.shown(line) for line in changes.file_lines(table, current)],
        about=told(before, after),
    )
