"""Releases: cutting one, what a host still lacks, and the state of a table at any change number."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from mailadmin.accounts.roles import PUBLISH
from tables import audit, glass_gate, passages, policy, release_gate, reviewers, scopes, waking
from tables.actors import Actor
from tables.entries import rows
from tables.errors import ChangeError, Forbidden
from tables.models import BrokenGlass, Change, ChangeRequest, Cluster, Host, PassageChange, Publication, Release, Review
from tables.seen_plans import SeenPlan, refuse_stale
from tables.sendmail.render import Row, WholeRow, entry_of, row_of, whole_row_of
from tables.sendmail.spec import ABOUT, Entry, Passage, TableSpec
from tables.snapshots import snapshot
from tables.states import checksum_of_list, from_json
from tables.streams import FETCH, by_key, stream

__all__ = [
    "cut",
    "entries_at",
    "file_items",
    "file_rows",
    "later_changes",
    "newest",
    "pending",
    "release_checksum",
    "rows_at",
    "snapshot",
    "standing",
    "whole_rows_at",
]


def newest(cluster: Cluster) -> Release | None:
    return Release.objects.filter(cluster=cluster).order_by("-number").first()


@transaction.atomic
def cut(
    *,
    cluster: Cluster,
    actor: Actor,
    reason: str = "",
    override: bool = False,
    glass: BrokenGlass | None = None,
    plans: Mapping[int, SeenPlan] | None = None,
    seen_change: int | None = None,
) -> Release:
    """Say that what is applied now shall be live on every host of the cluster, and queue it there.

    When nothing was applied since the newest release, that one is queued again. ``glass``: for which emergency.
    ``plans``: what was looked at, by host; an override then covers what was found there, and no more.
    ``seen_change``: the last change that was in them.
    """
    if actor.person is not None and not actor.person.has_perm(PUBLISH):
        raise Forbidden("You may not publish. Ask an administrator for the role publisher.")
    if override and scopes.of_actor(actor).limited:
        raise Forbidden("What stops an unsafe publication concerns all domains. Ask somebody who sees all of them.")
    if glass:
        glass_gate.refuse_other(glass=glass, request=glass.request, actor=actor)
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    refuse_stale(last_change=cluster.last_change, seen_change=seen_change)
    release = newest(cluster)
    if release is None or release.change_number < cluster.last_change:
        release = _cut(cluster, actor, reason.strip(), after=release, glass=glass)
    waking.wake(cluster)
    for host in cluster.hosts.all():
        Publication.objects.create(
            release=release,
            host=host,
            requested_by_name=actor.name,
            override_by_name=actor.name if override else "",
            **_looked_at(plans, host),
        )
        if override:
            audit.record(
                actor=actor,
                action="unsafe-override",
                cluster=cluster,
                reason=reason.strip(),
                detail={"release": release.number, "host": host.name, **_covered(plans, host)},
            )
    return release


def _looked_at(plans: Mapping[int, SeenPlan] | None, host: Host) -> dict[str, Any]:
    if not plans:
        return {}
    plan = plans.get(host.pk) or SeenPlan("", findings=[])
    return {"plan_checksum": plan.checksum, "plan_counts": plan.counts, "override_findings": plan.findings}


def _covered(plans: Mapping[int, SeenPlan] | None, host: Host) -> dict[str, Any]:
    """What the override is about, where that is known before the host has looked."""
    findings = _looked_at(plans, host).get("override_findings")
    return {} if findings is None else {"findings": [message for _rule, _table, message in findings]}


def _standing(cluster: Cluster, after: int) -> QuerySet[ChangeRequest]:
    """The requests of what is about to be published; what was undone since does not count."""
    found = standing(Change.objects.filter(cluster=cluster, number__gt=after))
    return ChangeRequest.objects.filter(pk__in=found.values("request")).order_by("pk")


def standing(applied: QuerySet[Change]) -> QuerySet[Change]:
    """Those of the applied changes whose entry nothing changed since."""
    newer = Change.objects.filter(
        cluster=OuterRef("cluster"), table=OuterRef("table"), key=OuterRef("key"), number__gt=OuterRef("number")
    )
    return applied.filter(~Exists(newer))


def _refuse_unbacked(requests: Iterable[ChangeRequest]) -> None:
    """Who approved what is about to be published must still be an approver."""
    for request in requests:
        demand = policy.demand(request=request, risks=request.risks)
        lacking = reviewers.lacking(reviewers.standing_approvals(request), demand) if demand.reviews else 0
        if lacking and not glass_gate.went(request):
            raise ChangeError(_unbacked(request))


def _unbacked(request: ChangeRequest) -> str:
    given = reviewers.decisions(request).values()
    if any(reviewers.lapsed(review) for review in given if review.decision == Review.Decision.APPROVE):
        hours = policy.approval_hours(request)
        return (
            f"Change request {request.pk} was approved more than {hours} hours ago and never published. "
            "Have it approved again on its page, or take its changes back."
        )
    if not reviewers.lacking(reviewers.standing_approvals(request), policy.demand_then(request)):
        demand = policy.demand(request=request, risks=request.risks)
        return (
            f"The policy now asks for {demand.reviews} approvals{demand.whom} of what change request {request.pk} did. "
            "Take its changes back, or propose them anew."
        )
    return (
        f"Who approved change request {request.pk} is no longer an approver, so it cannot be published. "
        "Take its changes back, or propose them anew."
    )


def _cut(cluster: Cluster, actor: Actor, reason: str, *, after: Release | None, glass: BrokenGlass | None) -> Release:
    published = after.change_number if after else 0
    if glass is None:
        release_gate.refuse_frozen(cluster=cluster, after=published)
    fresh = list(_standing(cluster, published).select_related("cluster"))
    _refuse_unbacked(fresh)
    release_gate.refuse_third_person(actor=actor, requests=fresh)
    release = Release.objects.create(
        cluster=cluster,
        number=after.number + 1 if after else 1,
        change_number=cluster.last_change,
        author=actor.person,
        author_name=actor.name,
        reason=reason,
        checksum=release_checksum(cluster, published, cluster.last_change),
    )
    audit.record(
        actor=actor,
        action="release-cut",
        cluster=cluster,
        reason=reason,
        detail={
            "release": release.number,
            "change": release.change_number,
            "checksum": release.checksum,
            **({"glass": glass.request_id} if glass else {}),
        },
    )
    return release


def release_checksum(cluster: Cluster, after: int, until: int) -> str:
    """SHA-256 over the changes after ``after`` up to ``until``, each with the checksum it was approved under."""
    changes = Change.objects.filter(cluster=cluster, number__gt=after, number__lte=until).order_by("number")
    values = changes.values_list("number", "table", "key", "before", "after", "request__checksum")
    between = PassageChange.objects.filter(cluster=cluster, number__gt=after, number__lte=until).order_by("number")
    texts = between.values_list("number", "table", "position", "before", "after", "request__checksum")
    return checksum_of_list(chain(values.iterator(chunk_size=FETCH), texts.iterator(chunk_size=FETCH)))


def pending(*, cluster: Cluster, host: Host | None = None) -> QuerySet[Change]:
    """Changes that are applied but not yet live: on that host, or (without one) not yet in any release."""
    release = host.release if host else newest(cluster)
    live = release.change_number if release else 0
    return Change.objects.filter(cluster=cluster, number__gt=live).select_related("request").order_by("-number")


# --- the state at a change number -------------------------------------------------------------------------------------


FIELDS = ("key", "value", "comment", "enabled", "position", "above", "raw")
WHOLE = (*FIELDS, *ABOUT)


def entries_at(*, cluster: Cluster, table: TableSpec, change_number: int, by: str = "place") -> Iterator[Entry]:
    """The entries of a table as they stood after that change, in file order (``place``) or sorted by ``key``.

    Read it within :func:`snapshot` when others may write meanwhile.
    """
    return map(entry_of, whole_rows_at(cluster=cluster, table=table, change_number=change_number, by=by))


def whole_rows_at(*, cluster: Cluster, table: TableSpec, change_number: int, by: str = "place") -> Iterator[WholeRow]:
    """The same as rows, with what stands in no file."""
    return _rows_at(cluster, table, change_number, by, WHOLE, whole_row_of)


def rows_at(*, cluster: Cluster, table: TableSpec, change_number: int, by: str = "place") -> Iterator[Row]:
    """The same as rows of what stands in files."""
    return _rows_at(cluster, table, change_number, by, FIELDS, row_of)


def _rows_at(
    cluster: Cluster, table: TableSpec, change_number: int, by: str, fields: Sequence[str], of: Callable[[Entry], Any]
) -> Iterator[Any]:
    """The head without the keys that changed later, merged with what those keys were before their first later change:
    two ordered streams.
    """
    later = later_changes(cluster=cluster, table=table, change_number=change_number)
    head = rows(cluster=cluster, table=table)
    if not later.exists():
        return _stream(head, by, fields)
    untouched = head.filter(~Exists(later.filter(key=OuterRef("key"))))
    before = map(of, _before(later, by))
    return heapq.merge(_stream(untouched, by, fields), before, key=_place if by == "place" else _key)


def later_changes(*, cluster: Cluster, table: TableSpec, change_number: int) -> QuerySet[Change]:
    return Change.objects.filter(cluster=cluster, table=table.name, number__gt=change_number)


def _place(row: Row | WholeRow) -> tuple[int, str]:
    return row[4], row[0]


def _key(row: Row | WholeRow) -> str:
    return row[0]


def _stream(found: QuerySet[Any], by: str, fields: Sequence[str]) -> Iterator[Any]:
    ordered = found.order_by("position", "key") if by == "place" else by_key(found)
    return stream(ordered.values_list(*fields))


def _before(later: QuerySet[Change], by: str) -> Iterator[Entry]:
    """What each later-changed key was before its first later change; nothing for keys that did not exist."""
    earlier = later.filter(key=OuterRef("key"), number__lt=OuterRef("number"))
    first = later.filter(~Exists(earlier), before__isnull=False)
    order = ("before_position", "key") if by == "place" else ("key",)
    for key, before in first.order_by(*order).values_list("key", "before").iterator(chunk_size=FETCH):
        if entry := from_json(key, before):
            yield entry


def file_rows(*, cluster: Cluster, table: TableSpec, change_number: int) -> Iterator[Row | Passage]:
    """Entries and passages as they follow each other in the file, ready to be rendered."""
    between = passages.stream(cluster=cluster, table=table, change_number=change_number)
    passage = next(between, None)
    for row in rows_at(cluster=cluster, table=table, change_number=change_number):
        while passage is not None and passage.position <= row[4]:
            yield passage
            passage = next(between, None)
        yield row
    if passage is not None:
        yield passage
        yield from between


def file_items(*, cluster: Cluster, table: TableSpec, change_number: int) -> Iterator[Entry | Passage]:
    """The same as entries."""
    for item in file_rows(cluster=cluster, table=table, change_number=change_number):
        yield item if isinstance(item, Passage) else entry_of(item)
