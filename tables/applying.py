"""The gate and what lies behind it: nothing but :func:`apply` and a baseline writes an entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tables import (
    audit,
    bulk,
    drift_ends,
    due,
    glass_gate,
    notices,
    passages,
    policy,
    policy_gate,
    reviewers,
    scopes,
    sizes,
)
from tables.actors import Actor
from tables.entries import get_entries, rows
from tables.errors import ChangeError, Forbidden, Waiting
from tables.judging import risks_in
from tables.models import ENTRY_MODELS, BrokenGlass, Change, ChangeRequest, Cluster, EntryModel
from tables.progress import counted, say
from tables.searching.index import put_off
from tables.sendmail.render import item_text
from tables.sendmail.spec import ABOUT, Entry, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import zone
from tables.states import checksum, from_json

State = ChangeRequest.State

#: Rows that one statement reads or writes.
CHUNK = 500
#: Changes of one table from which on its index of words is made anew instead of following each of them.
MANY = 20_000

ACTIONS = {
    Change.Action.CREATE: "entry-created",
    Change.Action.UPDATE: "entry-updated",
    Change.Action.DELETE: "entry-deleted",
}


def locked(request: ChangeRequest) -> ChangeRequest:
    """The request and its cluster as they are now, under the one order of locks everywhere: the cluster first.

    Not the key of either row is locked: whoever writes a row that points there would wait for us, and we for them.
    """
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=request.cluster_id)
    found = ChangeRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    found.cluster = cluster
    return found


def request_checksum(request: ChangeRequest, changes: Iterable[Change]) -> str:
    """SHA-256 over what a reviewer looks at: the reason, and per change what it is, from what, to what, by whom, and
    the exact bytes that it takes out of its file and puts in.

    Those of the whole file are not in it: they change with every other edit of the table, which nobody need approve
    this request again for.
    """
    looked_at: dict[str, Any] = {
        "request": request.pk,
        "reason": request.reason,
        "changes": [
            [change.table, change.key, change.action, change.before, change.after, change.author_id, _lines(change)]
            for change in sorted(changes, key=lambda change: (change.table, change.key))
        ],
    }
    if (beside := policy_gate.carried(request)) is not None:
        looked_at["beside"] = beside
    if request.ticket:
        looked_at["ticket"] = request.ticket
    if texts := passages.carried(request):
        looked_at["texts"] = texts
    return checksum(looked_at)


def _lines(change: Change) -> list[str]:
    states = (from_json(change.key, change.before), from_json(change.key, change.after))
    return [item_text(TABLES[change.table], entry) if entry else "" for entry in states]


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
            current = get_entries(cluster=cluster, table=TABLES[table], keys=[change.key for change in chunk])
            for change in chunk:
                stands = current.get(change.key)
                if stands != from_json(change.key, change.before):
                    found.append((change, stands))
    return found


@transaction.atomic
def apply(*, request: ChangeRequest, actor: Actor, glass: BrokenGlass | None = None) -> ChangeRequest:
    """Carry a submitted request out, whole or not at all.

    Everything that could have changed since it was submitted is looked at again: its checksum, what stands in the
    tables, the risks, and whether the approvals still count. A conflict closes it and changes nothing.
    ``glass`` stands in for approvals, open threads and whatever else it would wait for.
    """
    request = locked(request)
    return _apply(request, changes_of(request), actor, glass=glass)


@transaction.atomic(savepoint=False)
def apply_locked(
    *, request: ChangeRequest, changes: Sequence[Change], actor: Actor, demand: policy.Demand | None = None
) -> ChangeRequest:
    """The same for a request that :func:`locked` gave within this transaction, with all of its :func:`changes_of`.

    ``demand``: what it needs, where that was found under the same lock.
    """
    return _apply(request, changes, actor, demand=demand)


def changes_of(request: ChangeRequest) -> list[Change]:
    """All changes of a request in their order, with their authors."""
    return list(request.changes.select_related("author").order_by("id"))


def _apply(
    request: ChangeRequest,
    changes: Sequence[Change],
    actor: Actor,
    *,
    glass: BrokenGlass | None = None,
    demand: policy.Demand | None = None,
) -> ChangeRequest:
    """``demand`` is given where this gate itself found it under the same lock."""
    say("Checking that nothing changed since")
    cluster = request.cluster
    if request.state not in ChangeRequest.WAITING:
        raise ChangeError(f"Change request {request.pk} is {request.state} and cannot be applied.")
    if request_checksum(request, changes) != request.checksum:
        raise ChangeError(f"Change request {request.pk} is not what was submitted. Bring it up to date.")
    due.refuse_other(request, changes)
    if glass:
        glass_gate.refuse_other(glass=glass, request=request, actor=actor)
    elif held_back := waits(request, changes):
        raise Waiting(held_back)
    if overtaken := policy_gate.conflict(request) or passages.conflict(request):
        return _end_in_conflict(request, actor, overtaken)
    if found := conflicts(cluster, changes):
        return _conflicted(request, actor, found)
    scopes.refuse_lost(cluster=cluster, changes=changes, actor=actor)
    demand = demand or _demand(request, changes)
    _refuse_unapproved(request, changes, demand, by_glass=glass is not None)
    policy_gate.carry_out(request=request, actor=actor)
    _write(cluster, changes)
    say("Writing the change log")
    _number(cluster, changes)
    passages.carry_out(request=request, actor=actor, about=_of_request(request))
    close(request=request, state=State.APPLIED)
    say("Writing the history")
    _record(cluster, request, actor, changes)
    _overtake(cluster, request, actor, changes)
    drift_ends.taken_over(request=request, actor=actor)
    notices.applied(request=request, actor=actor)
    return request


@transaction.atomic
def settle(*, request: ChangeRequest, actor: Actor) -> ChangeRequest:
    """Apply a request that has all approvals it needs; it stays approved while something holds it back.

    Comes back ``submitted`` (more approvals needed), ``approved``, ``applied`` or ``conflicted``.
    """
    request = locked(request)
    say("Reading the changes")
    return settle_locked(request=request, changes=changes_of(request), found=None, actor=actor)


@transaction.atomic(savepoint=False)
def settle_locked(
    *, request: ChangeRequest, changes: Sequence[Change], found: Sequence[frozenset[Risk]] | None, actor: Actor
) -> ChangeRequest:
    """The same for a request that :func:`locked` gave within this transaction, with all of its :func:`changes_of`.

    ``found``: what each puts at risk, where that was judged under the same lock.
    """
    say("Judging what they put at risk")
    demand = _demand(request, changes, found)
    enough = not reviewers.lacking(reviewers.valid_approvals(request), demand)
    state = State.APPROVED if enough else State.SUBMITTED
    if request.state != state:
        request.state = state
        request.save(update_fields=["state"])
    if not enough or waits(request, changes):
        return request
    return _apply(request, changes, actor, demand=demand)


def _demand(
    request: ChangeRequest, changes: Sequence[Change], found: Sequence[frozenset[Risk]] | None = None
) -> policy.Demand:
    """What a request needs, by the risks as they are now."""
    risks = frozenset[Risk]().union(*(risks_in(request, changes) if found is None else found))
    return policy.demand(request=request, risks=risks, changes=changes)


def _refuse_unapproved(
    request: ChangeRequest, changes: Sequence[Change], demand: policy.Demand, *, by_glass: bool
) -> None:
    """Note the risks as they are now, each backed by as many approvals as it needs, or by an emergency, and what was
    done alone."""
    given = reviewers.valid_approvals(request)
    lacking = reviewers.lacking(given, demand) if demand.reviews else 0
    if lacking and not by_glass:
        persons = "one more person" if lacking == 1 else f"{lacking} more persons"
        raise Forbidden(
            f"Change request {request.pk} needs an approval by {persons}{demand.whom} ({', '.join(demand.reasons)})."
        )
    request.risks, request.asked = demand.risks, dict(demand.found)
    sizes.mark(cluster=request.cluster, changes=changes, approved=bool(given))


def waits(request: ChangeRequest, changes: Sequence[Change] | None = None) -> str:
    """Why an approved request must not be applied yet; empty when it may."""
    open_threads = request.remarks.filter(parent__isnull=True, resolved_at__isnull=True).count()
    if not open_threads:
        return policy.waits(request=request, changes=changes)
    threads = "a thread of its review is" if open_threads == 1 else f"{open_threads} threads of its review are"
    return f"Change request {request.pk} waits: {threads} open. Have it answered and resolved."


def _conflicted(request: ChangeRequest, actor: Actor, found: Sequence[tuple[Change, Entry | None]]) -> ChangeRequest:
    keys = ", ".join(f"{change.key} in {change.table}" for change, _stands in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    outcome = f"Changed since it was submitted: {keys}{more}. Make the request anew from what stands now."
    return _end_in_conflict(request, actor, outcome)


def _end_in_conflict(request: ChangeRequest, actor: Actor, outcome: str) -> ChangeRequest:
    close(request=request, state=State.CONFLICTED, outcome=outcome)
    audit.record(actor=actor, action="request-conflicted", cluster=request.cluster, request=request, reason=outcome)
    notices.conflicted(request=request, actor=actor)
    return request


def close(*, request: ChangeRequest, state: str, outcome: str = "") -> None:
    """End a request: its keys are free again."""
    request.changes.filter(holds=True).update(holds=False)
    request.state, request.outcome, request.closed_at = state, outcome, timezone.now()
    request.save(update_fields=["state", "outcome", "closed_at", "risks", "asked"])
    notices.settle(request=request)


def _row(cluster: Cluster, table: TableSpec, entry: Entry) -> EntryModel:
    return ENTRY_MODELS[table.name](
        cluster=cluster,
        key=entry.key,
        domain=table.domain(entry.key),
        zone=zone(table, entry.key),
        value=entry.value,
        comment=entry.comment,
        enabled=entry.enabled,
        position=entry.position,
        above=entry.above,
        raw=entry.raw,
        **_about(entry),
    )


def _about(entry: Entry) -> dict[str, str | None]:
    """What stands in no file, as the columns have it."""
    return {name: getattr(entry, name) or None for name in ABOUT}


def _write(cluster: Cluster, changes: Sequence[Change]) -> None:
    for name, group in _by_table(changes).items():
        many = len(group) > MANY
        with (
            put_off(connection, table=ENTRY_MODELS[name]._meta.db_table, cluster=cluster.pk) if many else nullcontext()
        ):
            for chunk in counted("Writing entries", _chunks(group), len(group), step=CHUNK):
                _write_chunk(cluster, TABLES[name], chunk)


def _write_chunk(cluster: Cluster, table: TableSpec, chunk: Sequence[Change]) -> None:
    by_action: dict[str, list[Change]] = defaultdict(list)
    for change in chunk:
        by_action[change.action].append(change)
    if gone := by_action[Change.Action.DELETE]:
        rows(cluster=cluster, table=table).filter(key__in=[change.key for change in gone]).delete()
    if kept := by_action[Change.Action.UPDATE]:
        _update(cluster, table, kept)
    if new := by_action[Change.Action.CREATE]:
        ENTRY_MODELS[table.name]._default_manager.bulk_create(
            [_row(cluster, table, entry) for change in new if (entry := from_json(change.key, change.after))]
        )


_FIELDS = ("value", "comment", "enabled", "position", "above", "raw")


def _update(cluster: Cluster, table: TableSpec, changes: Sequence[Change]) -> None:
    there = rows(cluster=cluster, table=table).filter(key__in=[change.key for change in changes])
    keys = dict(there.values_list("key", "pk"))
    states = [(keys[change.key], entry) for change in changes if (entry := from_json(change.key, change.after))]
    written = [
        (pk, *(getattr(entry, name) for name in _FIELDS), *(getattr(entry, name) or None for name in ABOUT))
        for pk, entry in states
    ]
    bulk.update(model=ENTRY_MODELS[table.name], columns=(*_FIELDS, *ABOUT), rows=written)


def _number(cluster: Cluster, changes: Sequence[Change]) -> None:
    """Give the changes their places in the change log, and their keys free in the same stroke: it writes every row."""
    now = timezone.now()
    for number, change in enumerate(changes, start=cluster.last_change + 1):
        change.number, change.applied_at, change.holds = number, now, False
    placed = [(change.pk, change.number, change.applied_at, change.alone, change.holds) for change in changes]
    bulk.update(model=Change, columns=("number", "applied_at", "alone", "holds"), rows=placed)
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
                detail={"change": change.number, "applied_by": actor.name, **_further(request, change)},
            )
            for change in changes
        ]
    )


def _further(request: ChangeRequest, change: Change) -> dict[str, Any]:
    """What the history says beside the change itself, where it is not what it mostly is: so nobody alters it unseen."""
    told = _of_request(request)
    if (request.author_id, request.author_name) != (change.author_id, change.author_name):
        told["author"] = request.author_name
    return told | {name: True for name in ("risky", "alone") if getattr(change, name)}


def _of_request(request: ChangeRequest) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if request.kind != ChangeRequest.Kind.EDIT:
        told["kind"] = request.kind
    if request.risks:
        told["risks"] = request.risks
    beside = {
        "asked": request.asked,
        "policy": request.policy_version,
        "undoes": request.undoes_id,
        "ticket": request.ticket,
    }
    return told | {name: value for name, value in beside.items() if value}


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
