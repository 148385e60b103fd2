"""The one way a change goes: draft, propose, submit, and (here or after a review) apply."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils import timezone

from tables import applying, audit, contributors, due, notices, passages, policy, reviewers, scopes, seeing
from tables.actors import Actor
from tables.entries import find, get_entry, look_around
from tables.errors import (
    ChangeError,
    Forbidden,
    Invalid,
    KeyHeld,
    NotDelegated,
    ReasonMissing,
    ReviewError,
    Stale,
    Unconfirmed,
)
from tables.judging import risks_in, tightens
from tables.models import AuditEvent, Change, ChangeRequest, Cluster
from tables.placing import position_for
from tables.progress import say
from tables.proposing import draft, must_be_editor, propose, propose_many
from tables.scopes import Scope
from tables.sendmail.hiding import unhidden
from tables.sendmail.render import changed, item_text, renamed, switched
from tables.sendmail.risk.dated import alone, dated_risks
from tables.sendmail.spec import Entry, Grade, Problem, Risk, TableSpec
from tables.sendmail.syntax.typed import check_typed, replaced
from tables.sendmail.tables import TABLES, check_entry, normalise_key
from tables.several import Several, in_place_of, sort_out
from tables.states import entry_checksum, from_json

__all__ = [
    "ChangeError",
    "Forbidden",
    "Invalid",
    "KeyHeld",
    "NotDelegated",
    "ReasonMissing",
    "ReviewError",
    "Stale",
    "Unconfirmed",
    "check",
    "check_entries",
    "delete_entry",
    "draft",
    "entry_checksum",
    "file_lines",
    "lines",
    "propose",
    "propose_many",
    "save_entries",
    "save_entry",
    "submit",
    "switch_entry",
]

State = ChangeRequest.State

#: Keys that one query asks for.
CHUNK = 500

#: What a version of a request is.
SUBMITTED = ("reason", "submitter", "risks", "asked", "policy_version", "checksum")


# --- submitting -------------------------------------------------------------------------------------------------------


@transaction.atomic
def submit(*, request: ChangeRequest, actor: Actor, reason: str = "") -> ChangeRequest:
    """Hand a draft in. Applied at once when no change in it needs a review; otherwise it waits for one.

    Approvals of exactly this version, from before it was brought up to date, still count.
    """
    must_be_editor(actor)
    request = applying.locked(request)
    cluster = request.cluster
    contributors.note(request=request, actor=actor)
    if request.state != State.DRAFT:
        raise ChangeError(f"Change request {request.pk} is {request.state}. Only a draft can be submitted.")
    say("Reading the changes")
    changes = applying.changes_of(request)
    if not changes and not passages.any_in(request):
        raise ChangeError("Nothing was changed. Edit something before you submit.")
    say("Judging what they put at risk")
    due.refuse_other(request, changes)
    found = risks_in(request, changes)
    risks = frozenset[Risk]().union(*found)
    request.reason = reason.strip() or request.reason
    request.submitter = actor.person
    demand = policy.demand(request=request, risks=risks, changes=changes)
    needed = demand.reviews
    if needed and not request.reason:
        raise ReasonMissing(demand.reasons)
    _refuse_held_keys(cluster, changes, scopes.of_actor(actor))
    request.risks, request.asked = demand.risks, dict(demand.found)
    request.policy_version = policy.in_force(cluster).number
    request.checksum = applying.request_checksum(request, changes)
    request.submitted_at = timezone.now()
    request.state = State.SUBMITTED
    request.save(update_fields=[*SUBMITTED, "submitted_at", "state"])
    if not needed:
        # Under the same lock: neither the tables nor the policy can be others by then.
        return applying.apply_locked(request=request, changes=changes, actor=actor, demand=demand)
    scopes.refuse_lost(cluster=cluster, changes=changes, actor=actor)
    _refuse_unreviewable(request, demand)
    request.changes.filter(risky=True).update(risky=False)
    _mark_risky(changes, found)
    try:
        with transaction.atomic():
            request.changes.update(holds=True)
    except IntegrityError as error:
        raise ChangeError("Another request holds one of the keys. Have it decided or withdrawn first.") from error
    audit.record(
        actor=actor,
        action="request-submitted",
        cluster=cluster,
        request=request,
        reason=request.reason,
        detail={"risks": request.risks, "checksum": request.checksum, "changes": len(changes)},
    )
    if reviewers.decisions(request):
        request = applying.settle(request=request, actor=actor)
    notices.review_asked(request=request, actor=actor)
    return request


def _mark_risky(changes: Sequence[Change], found: Sequence[frozenset[Risk]]) -> None:
    risky = [change.pk for change, risks in zip(changes, found, strict=True) if risks]
    for start in range(0, len(risky), CHUNK):
        Change.objects.filter(pk__in=risky[start : start + CHUNK]).update(risky=True)


def _refuse_held_keys(cluster: Cluster, changes: Sequence[Change], scope: Scope) -> None:
    """A key belongs to one open request at a time; what only tightens does not wait for that."""
    all_held = list(applying.holders(cluster, changes))
    closing = tightens(cluster, changes) if all_held else []
    free = {(change.table, change.key) for change, closes in zip(changes, closing, strict=False) if closes}
    for held in all_held:
        if (held.table, held.key) not in free:
            raise KeyHeld(seeing.named(scope, held.request), held.table, held.key)


def _refuse_unreviewable(request: ChangeRequest, demand: policy.Demand) -> None:
    """Refuse at once what nobody, or too few, could ever approve."""
    able = reviewers.eligible_reviewers(request)
    if not able:
        raise ChangeError(
            f"This change needs a second person ({', '.join(request.risks)}), and nobody may review it. "
            "Ask an administrator to give another person the role approver."
        )
    if lacking := reviewers.unmet(able, demand):
        raise ChangeError(
            f"This change needs {demand.reviews} approvals{demand.whom} ({', '.join(request.risks)}). There are "
            f"{len(able)} who may review it, {lacking} too few. Ask an administrator to give others that role."
        )


# --- editing one entry ------------------------------------------------------------------------------------------------


def check(
    *,
    scope: Scope,
    cluster: Cluster,
    table: TableSpec,
    original_key: str | None,
    typed: Entry,
    about: Mapping[str, str] | None = None,
) -> tuple[list[Problem], frozenset[Risk]]:
    """What is wrong with an entry as typed, and what saving it would put at risk. Writes nothing."""
    current = _original(scope, cluster, table, original_key)
    wanted = _meant(table, current, typed).carrying(current).knowing(about or {})
    problems = _problems(scope, cluster, table, original_key, typed, wanted)
    # Of what is not theirs a person is not told either what it would meet there.
    risks = _risks_of_edit(cluster, table, current, wanted) if scope.sees(table, wanted.key) else frozenset()
    return problems, risks


def _original(scope: Scope, cluster: Cluster, table: TableSpec, key: str | None) -> Entry | None:
    return None if key is None else find(scope=scope, cluster=cluster, table=table, key=key)


def _problems(
    scope: Scope, cluster: Cluster, table: TableSpec, key: str | None, typed: Entry, wanted: Entry
) -> list[Problem]:
    problems = replaced(check_entry(table, wanted), check_typed(table, typed, key))
    if not_theirs := scope.objection(table, wanted):
        return [not_theirs, *problems]
    if wanted.key != key and get_entry(cluster=cluster, table=table, key=wanted.key):
        problems.append(_taken(table, wanted.key))
    return problems


def _risks_of_edit(cluster: Cluster, table: TableSpec, current: Entry | None, wanted: Entry) -> frozenset[Risk]:
    look = look_around(cluster)
    if current is None or current.key == wanted.key:
        return alone((table, current, wanted), look)
    gone, come = dated_risks([(table, current, None), (table, None, wanted)], look)
    return gone | come


def _taken(table: TableSpec, key: str) -> Problem:
    return Problem(
        rule="duplicate-key",
        grade=Grade.ERROR,
        message=f"{key} stands in {table.name} already.",
        remedy="Edit that entry instead.",
        field="key",
    )


def _meant(table: TableSpec, current: Entry | None, typed: Entry) -> Entry:
    """What a person typed, without stray blanks, and with the password that they were not shown."""
    meant = Entry(
        key=normalise_key(table, typed.key),
        value=typed.value.strip(),
        comment=typed.comment.replace("\r\n", "\n").strip("\n"),
        enabled=typed.enabled,
    )
    return unhidden(table, meant, current)


@transaction.atomic
def save_entry(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    original_key: str | None,
    typed: Entry,
    seen: str,
    reason: str = "",
    confirmed: bool,
    about: Mapping[str, str] | None = None,
    into: ChangeRequest | None = None,
) -> ChangeRequest:
    """Add an entry (``original_key`` is ``None``) or change one; another key is a delete and a create in one request.

    Of ``typed`` only key, value, comment and the enabled flag count: its place and lines are found here. ``about`` has
    what stands in no file (:data:`tables.sendmail.spec.ABOUT`), as far as it is to be another. ``into``: a draft that
    the change is put into, to be submitted with others later.
    Raises :class:`Invalid`, :class:`Unconfirmed`, :class:`Stale`, :class:`KeyHeld`, :class:`ReasonMissing`.
    """
    scope = scopes.of_actor(actor)
    current = None
    if original_key is not None:
        current = _seen_entry(scope, cluster, table, original_key, seen)
    meant = _meant(table, current, typed)
    scopes.refuse(scope=scope, table=table, entry=meant)
    _refuse_problems(_problems(scope, cluster, table, original_key, typed, meant), confirmed=confirmed)
    wanted = _edited(cluster, table, current, meant).knowing(about or {})
    if wanted.starts and wanted.enabled:
        wanted = switched(table, wanted, False)  # until then
    pairs: list[tuple[Entry | None, Entry | None]] = [(current, wanted)]
    if current is not None and current.key != wanted.key:
        pairs = [(current, None), (None, wanted)]
    return _at_once(cluster=cluster, actor=actor, table=table, pairs=pairs, reason=reason, into=into)


def check_entries(
    *, scope: Scope, cluster: Cluster, table: TableSpec, original_key: str | None, typed: Sequence[Entry]
) -> Several:
    """What :func:`save_entries` would make of several entries as typed. Writes nothing."""
    current = _original(scope, cluster, table, original_key)
    wanted = [_meant(table, current, entry) for entry in typed]
    return sort_out(scope=scope, cluster=cluster, table=table, original_key=original_key, wanted=wanted)


@transaction.atomic
def save_entries(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    original_key: str | None,
    typed: Sequence[Entry],
    seen: str,
    reason: str = "",
    confirmed: bool,
    into: ChangeRequest | None = None,
) -> ChangeRequest:
    """Put several entries in the place of one, or add them (``original_key`` is ``None``), in one change request.

    What stands there with the same value is left out; another value is refused. Raises what :func:`save_entry` raises.
    """
    scope = scopes.of_actor(actor)
    current = None if original_key is None else _seen_entry(scope, cluster, table, original_key, seen)
    several = check_entries(scope=scope, cluster=cluster, table=table, original_key=original_key, typed=typed)
    _refuse_problems(several.problems, confirmed=confirmed)
    made = [_edited(cluster, table, current, entry) for entry in several.new[:1]] + several.new[1:]
    pairs = in_place_of(cluster=cluster, table=table, current=current, made=made)
    return _at_once(cluster=cluster, actor=actor, table=table, pairs=pairs, reason=reason, into=into)


@transaction.atomic
def delete_entry(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    key: str,
    seen: str,
    reason: str = "",
    into: ChangeRequest | None = None,
) -> ChangeRequest:
    current = _seen_entry(scopes.of_actor(actor), cluster, table, key, seen)
    return _at_once(cluster=cluster, actor=actor, table=table, pairs=[(current, None)], reason=reason, into=into)


@transaction.atomic
def switch_entry(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    key: str,
    enabled: bool,
    seen: str,
    reason: str = "",
    into: ChangeRequest | None = None,
) -> ChangeRequest:
    """Comment an entry out, or back in. What is switched on must be free of errors."""
    current = _seen_entry(scopes.of_actor(actor), cluster, table, key, seen)
    wanted = due.switched_by_hand(table, current, enabled, due.stamp(timezone.now()))
    if enabled:
        _refuse_problems(check_entry(table, wanted), confirmed=True)
    return _at_once(cluster=cluster, actor=actor, table=table, pairs=[(current, wanted)], reason=reason, into=into)


def _seen_entry(scope: Scope, cluster: Cluster, table: TableSpec, key: str, seen: str) -> Entry:
    current = find(scope=scope, cluster=cluster, table=table, key=key)
    if current is None or entry_checksum(current) != seen:
        raise Stale(table.name, key, current)
    return current


def _refuse_problems(problems: Collection[Problem], *, confirmed: bool) -> None:
    if errors := [problem for problem in problems if problem.grade is Grade.ERROR]:
        raise Invalid(errors)
    warnings = [problem for problem in problems if problem.grade is Grade.WARNING]
    if warnings and not confirmed:
        raise Unconfirmed(warnings)


def _edited(cluster: Cluster, table: TableSpec, current: Entry | None, meant: Entry) -> Entry:
    """What was typed, at its place in the file, with as much of the present line as is still true."""
    if current is None:
        return replace(meant, position=position_for(cluster=cluster, table=table, key=meant.key))
    entry = renamed(table, current, meant.key)
    return switched(table, changed(table, entry, value=meant.value, comment=meant.comment), meant.enabled)


def _at_once(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    pairs: Sequence[tuple[Entry | None, Entry | None]],
    reason: str,
    into: ChangeRequest | None = None,
) -> ChangeRequest:
    """A change request that is made and submitted in the same breath; whoever was quicker wins. Or one more change in a
    draft that is submitted later."""
    if into is not None:
        request = applying.locked(into)
        propose_many(request=request, actor=actor, table=table, pairs=pairs)
        return request
    request = draft(cluster=cluster, actor=actor, reason=reason)
    propose_many(request=request, actor=actor, table=table, pairs=pairs)
    request = submit(request=request, actor=actor)
    if request.state == State.CONFLICTED:
        key = next(entry.key for pair in pairs for entry in pair if entry)
        raise Stale(table.name, key, get_entry(cluster=cluster, table=table, key=key))
    return request


def lines(change: Change | AuditEvent) -> tuple[list[str], list[str]]:
    """The lines of the file before and after a change (or what history keeps of one), for a diff."""
    table = TABLES[change.table]
    both = (from_json(change.key, change.before), from_json(change.key, change.after))
    before, after = (file_lines(table, entry) for entry in both)
    return before, after


def file_lines(table: TableSpec, entry: Entry | None) -> list[str]:
    """The lines that an entry takes in its file. Only a line feed ends one: all else is shown as what it is."""
    return [] if entry is None else item_text(table, entry).removesuffix("\n").split("\n")
