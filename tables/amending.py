"""A submitted request edited, or brought up to date with what stands now. Either makes a new version of it.

What was approved before counts for the new version only where its checksum says that nothing is different.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from tables import applying, audit, changes, contributors, notices, passages, scopes
from tables.actors import Actor
from tables.entries import get_entry
from tables.errors import ChangeError, Invalid, Stale, Unconfirmed
from tables.models import Change, ChangeRequest
from tables.placing import position_for
from tables.sendmail.hiding import unhidden
from tables.sendmail.render import changed, switched
from tables.sendmail.spec import ABOUT, Entry, Grade, TableSpec
from tables.sendmail.tables import TABLES, check_entry
from tables.states import from_json, to_json

__all__ = ["amend", "bring_up_to_date", "merged", "why_not"]

State = ChangeRequest.State

#: What a person may type about an entry; its place and exact lines follow from that.
TYPED = ("value", "comment", "enabled")
#: Changes beyond which a request is made anew rather than edited line by line.
MOST = 100


def why_not(request: ChangeRequest) -> str:
    """Why a request can be neither edited nor brought up to date; empty when it can."""
    if request.kind == ChangeRequest.Kind.BASELINE:
        return "What was taken over at the start is not edited."
    if request.kind == ChangeRequest.Kind.POLICY:
        return "A change of the policy is not edited. Withdraw it and propose another one."
    if request.kind == ChangeRequest.Kind.TAKE_OVER or passages.any_in(request):
        return "It carries text between entries, which is not edited here. Withdraw it and make it anew."
    if request.state not in {State.SUBMITTED, State.APPROVED, State.CONFLICTED}:
        return f"Change request {request.pk} is {request.state} and can no longer be edited."
    return ""


@transaction.atomic
def bring_up_to_date(*, request: ChangeRequest, actor: Actor, reason: str = "") -> ChangeRequest:
    """Start each change from what stands now (a rebase), and submit the request again.

    Of each entry what the request changed is kept as it wants it, the rest as it stands. A change that is done already
    drops out. Lines keep their authors, and whoever does this becomes an author too.
    """
    request = _reopened(request, actor)
    for change in list(request.changes.order_by("id")):
        _start_anew(request, change)
    if not request.changes.exists():
        raise ChangeError("All that it wanted stands already: nothing is left of it. Withdraw it.")
    _record(request, actor, "request-rebased", reason)
    return changes.submit(request=request, actor=actor, reason=reason)


def _start_anew(request: ChangeRequest, change: Change) -> None:
    table = TABLES[change.table]
    stands = get_entry(cluster=request.cluster, table=table, key=change.key)
    before, after = from_json(change.key, change.before), from_json(change.key, change.after)
    if stands == before:
        return
    wanted = merged(table, before, after, stands)
    if wanted == stands:
        change.delete()
        return
    if wanted is not None and stands is None:
        place = position_for(cluster=request.cluster, table=table, key=change.key)
        wanted = replace(wanted, position=place)
    change.action = Change.Action.CREATE if stands is None else Change.Action.UPDATE
    if wanted is None:
        change.action = Change.Action.DELETE
    change.before, change.after = to_json(stands), to_json(wanted)
    change.before_position = stands.position if stands else None
    change.save(update_fields=["action", "before", "after", "before_position"])


def merged(table: TableSpec, before: Entry | None, after: Entry | None, stands: Entry | None) -> Entry | None:
    """What a change from ``before`` to ``after`` makes of what stands now instead of ``before``."""
    if after is None or stands is None:
        return after
    start = before or Entry(after.key, position=after.position)
    names = [name for name in (*TYPED, *ABOUT) if before is None or getattr(after, name) != getattr(start, name)]
    wanted = replace(stands, **{name: getattr(after, name) for name in names})
    if wanted == stands:
        return stands
    entry = switched(table, changed(table, stands, value=wanted.value, comment=wanted.comment), wanted.enabled)
    return entry.carrying(wanted)


@transaction.atomic
def amend(
    *,
    request: ChangeRequest,
    actor: Actor,
    seen: str,
    lines: Mapping[int, Entry | None],
    reason: str,
    confirmed: bool = False,
) -> ChangeRequest:
    """Edit a request that waits, and submit it again.

    ``lines``: by the change's id the entry as it is wanted now (key and place stay), or ``None`` to leave the change
    out. Lines that are not named stay as they are. Raises :class:`Stale`, :class:`Invalid`, :class:`Unconfirmed`.
    """
    request = _reopened(request, actor)
    if request.checksum != seen:  # as it is under the lock: of two who edit at once one is told of the other
        raise ChangeError("The request changed since you looked. Look at it again before you edit it.")
    for change in list(request.changes.filter(pk__in=list(lines)).order_by("id")):
        typed = lines[change.pk]
        if typed is None:
            change.delete()
        else:
            _edit(request, actor, change, typed, confirmed=confirmed)
    if not request.changes.exists():
        raise ChangeError("Nothing would be left of the request. Withdraw it instead.")
    request.reason = reason.strip()
    request.save(update_fields=["reason"])
    _record(request, actor, "request-edited", request.reason)
    return changes.submit(request=request, actor=actor)


def _edit(request: ChangeRequest, actor: Actor, change: Change, typed: Entry, *, confirmed: bool) -> None:
    table, was = TABLES[change.table], from_json(change.key, change.after)
    if was is None:
        raise ChangeError(f"{change.key} in {change.table} is to be deleted: leave that out, or keep it as it is.")
    comment = typed.comment.replace("\r\n", "\n").strip("\n")
    wanted = unhidden(table, replace(was, value=typed.value.strip(), comment=comment, enabled=typed.enabled), was)
    if all(getattr(wanted, name) == getattr(was, name) for name in TYPED):
        return
    problems = check_entry(table, wanted)
    if errors := [problem for problem in problems if problem.grade is Grade.ERROR]:
        raise Invalid(errors)
    warnings = [problem for problem in problems if problem.grade is Grade.WARNING]
    if warnings and not confirmed:
        raise Unconfirmed(warnings)
    before = from_json(change.key, change.before)
    if get_entry(cluster=request.cluster, table=table, key=change.key) != before:
        raise Stale(table.name, change.key, get_entry(cluster=request.cluster, table=table, key=change.key))
    after = switched(table, changed(table, was, value=wanted.value, comment=wanted.comment), wanted.enabled)
    changes.propose_many(request=request, actor=actor, table=table, pairs=[(before, after)])


def _reopened(request: ChangeRequest, actor: Actor) -> ChangeRequest:
    """A draft again, under lock; its keys stay held until it is submitted or this transaction fails."""
    request = applying.locked(request)
    if reason := why_not(request):
        raise ChangeError(reason)
    scopes.refuse_amending(actor=actor, changes=request.changes.iterator)
    contributors.note(request=request, actor=actor)
    request.state, request.outcome, request.closed_at = State.DRAFT, "", None
    request.save(update_fields=["state", "outcome", "closed_at"])
    return request


def _record(request: ChangeRequest, actor: Actor, action: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        cluster=request.cluster,
        request=request,
        reason=reason.strip(),
        detail={"was": request.checksum},
    )
    notices.edited(request=request, actor=actor)
