"""The gate and what lies behind it: nothing but :func:`apply` and a baseline writes an entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.utils import timezone

from tables import audit, notices, policy, reviewers
from tables.actors import Actor
from tables.entries import rows
from tables.errors import ChangeError, Forbidden
from tables.judging import risks_of
from tables.models import ENTRY_MODELS, Change, ChangeRequest, Cluster, EntryModel
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import checksum, from_json

State = ChangeRequest.State

#: Rows that one statement reads or writes.
CHUNK = 500

ACTIONS = {
    Change.Action.CREATE: "entry-created",
    Change.Action.UPDATE: "entry-updated",
    Change.Action.DELETE: "entry-deleted",
}


def request_checksum(request: ChangeRequest, changes: Iterable[Change]) -> str:
    """SHA-256 over what a reviewer looks at: reason, and per change what it is, from what, to what and by whom."""
    return checksum(
        {
            "request": request.pk,
            "reason": request.reason,
            "changes": [
                [change.table, change.key, change.action, change.before, change.after, change.author_id]
                for change in sorted(changes, key=lambda change: (change.table, change.key))
            ],
        }
    )


def _chunks(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    for start in range(0, len(changes), CHUNK):
        yield changes[start : start + CHUNK]


def _by_table(changes: Iterable[Change]) -> dict[str, list[Change]]:
    grouped: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.table].append(change)
    return grouped


def holders(cluster: Cluster, changes: Iterable[Change]) -> Iterator[Change]:
    """The changes of other open requests that hold any of these keys."""
    for table, group in _by_table(changes).items():
        for chunk in _chunks(group):
            yield from (
                Change.objects.filter(
                    cluster=cluster, table=table, key__in=[change.key for change in chunk], holds=True
                )
                .exclude(request=chunk[0].request_id)
                .select_related("request")
            )


def conflicts(cluster: Cluster, changes: Iterable[Change]) -> list[tuple[Change, Entry | None]]:
    """The changes whose ``before`` is no longer what stands, each with what stands instead."""
    found = []
    for table, group in _by_table(changes).items():
        for chunk in _chunks(group):
            current = _current(cluster, TABLES[table], [change.key for change in chunk])
            for change in chunk:
                stands = current.get(change.key)
                if stands != from_json(change.key, change.before):
                    found.append((change, stands))
    return found


def _current(cluster: Cluster, table: TableSpec, keys: list[str]) -> dict[str, Entry]:
    return {row.key: row.entry for row in rows(cluster=cluster, table=table).filter(key__in=keys)}


@transaction.atomic
def apply(*, request: ChangeRequest, actor: Actor) -> ChangeRequest:
    """Carry a submitted request out, whole or not at all.

    Everything that could have changed since it was submitted is looked at again: its checksum, what stands in the
    tables, the risks, and whether the approvals still count. A conflict closes it and changes nothing.
    """
    cluster = Cluster.objects.select_for_update().get(pk=request.cluster_id)
    request = ChangeRequest.objects.select_for_update().get(pk=request.pk)
    changes = list(request.changes.select_related("author").order_by("id"))
    if request.state not in {State.SUBMITTED, State.APPROVED}:
        raise ChangeError(f"Change request {request.pk} is {request.state} and cannot be applied.")
    if request_checksum(request, changes) != request.checksum:
        raise ChangeError(f"Change request {request.pk} is not what was submitted. Withdraw it and make it anew.")
    if found := conflicts(cluster, changes):
        return _conflicted(request, actor, found)
    request.risks = _refuse_unapproved(request, changes)
    _write(cluster, changes)
    _number(cluster, changes)
    close(request=request, state=State.APPLIED)
    _record(cluster, request, actor, changes)
    _overtake(cluster, request, actor, changes)
    notices.applied(request=request, actor=actor)
    return request


def _refuse_unapproved(request: ChangeRequest, changes: Sequence[Change]) -> list[Risk]:
    """The risks as they are now, each backed by as many approvals as it needs."""
    risks = risks_of(request.cluster, changes)
    needed = policy.demand(request=request, risks=risks).reviews
    given = len({review.reviewer_id for review in reviewers.valid_approvals(request)}) if needed else 0
    if given < needed:
        raise Forbidden(
            f"Change request {request.pk} needs {needed} approval by another person ({', '.join(sorted(risks))}) "
            f"and has {given}."
        )
    return sorted(risks)


def _conflicted(request: ChangeRequest, actor: Actor, found: Sequence[tuple[Change, Entry | None]]) -> ChangeRequest:
    keys = ", ".join(f"{change.key} in {change.table}" for change, _stands in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    outcome = f"Changed since it was submitted: {keys}{more}. Make the request anew from what stands now."
    close(request=request, state=State.CONFLICTED, outcome=outcome)
    audit.record(actor=actor, action="request-conflicted", cluster=request.cluster, request=request, reason=outcome)
    notices.conflicted(request=request, actor=actor)
    return request


def close(*, request: ChangeRequest, state: str, outcome: str = "") -> None:
    """End a request: its keys are free again."""
    request.changes.filter(holds=True).update(holds=False)
    request.state, request.outcome, request.closed_at = state, outcome, timezone.now()
    request.save(update_fields=["state", "outcome", "closed_at", "risks"])
    notices.settle(request=request)


def _row(cluster: Cluster, table: TableSpec, entry: Entry) -> EntryModel:
    return ENTRY_MODELS[table.name](
        cluster=cluster,
        key=entry.key,
        domain=table.domain(entry.key),
        value=entry.value,
        comment=entry.comment,
        enabled=entry.enabled,
        position=entry.position,
        above=entry.above,
        raw=entry.raw,
    )


def _write(cluster: Cluster, changes: Sequence[Change]) -> None:
    for name, group in _by_table(changes).items():
        table = TABLES[name]
        for chunk in _chunks(group):
            gone = [change.key for change in chunk if change.action == Change.Action.DELETE]
            rows(cluster=cluster, table=table).filter(key__in=gone).delete()
            _update(cluster, table, [change for change in chunk if change.action == Change.Action.UPDATE])
            new = [change for change in chunk if change.action == Change.Action.CREATE]
            ENTRY_MODELS[name]._default_manager.bulk_create(
                [_row(cluster, table, entry) for change in new if (entry := from_json(change.key, change.after))]
            )


def _update(cluster: Cluster, table: TableSpec, changes: Sequence[Change]) -> None:
    found = {row.key: row for row in rows(cluster=cluster, table=table).filter(key__in=[c.key for c in changes])}
    for change in changes:
        for name, value in (change.after or {}).items():
            setattr(found[change.key], name, value)
    if found:
        fields = ["value", "comment", "enabled", "position", "above", "raw"]
        ENTRY_MODELS[table.name]._default_manager.bulk_update(found.values(), fields)


def _number(cluster: Cluster, changes: Sequence[Change]) -> None:
    """Give the changes their places in the change log."""
    now = timezone.now()
    for number, change in enumerate(changes, start=cluster.last_change + 1):
        change.number, change.applied_at = number, now
    Change.objects.bulk_update(changes, ["number", "applied_at"], batch_size=CHUNK)
    cluster.last_change += len(changes)
    cluster.save(update_fields=["last_change"])


def _record(cluster: Cluster, request: ChangeRequest, actor: Actor, changes: Sequence[Change]) -> None:
    audit.record_many(
        [
            audit.Act(
                actor=Actor(change.author_name, change.author),
                action=ACTIONS[Change.Action(change.action)],
                cluster=cluster,
                table=change.table,
                key=change.key,
                request=request,
                reason=request.reason,
                before=change.before,
                after=change.after,
                detail={"change": change.number, "applied_by": actor.name},
            )
            for change in changes
        ]
    )


def _overtake(cluster: Cluster, request: ChangeRequest, actor: Actor, changes: Sequence[Change]) -> None:
    """Open requests whose keys a tightening took first cannot be applied any more: say so now, not at their review."""
    overtaken = {held.request_id: held for held in holders(cluster, changes)}
    for held in overtaken.values():
        outcome = f"Request {request.pk} changed {held.key} in {held.table} first. Make the request anew."
        close(request=held.request, state=State.CONFLICTED, outcome=outcome)
        audit.record(
            actor=Actor("mailadmin"), action="request-conflicted", cluster=cluster, request=held.request, reason=outcome
        )
        notices.conflicted(request=held.request, actor=actor)
