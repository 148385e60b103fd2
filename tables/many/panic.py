"""Closing every relay permission but those of the site's own networks, at once and alone: closing never waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import PUBLISH
from tables import audit, changes, drafting, entries, notices, publishing, releases, scopes
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest, Cluster, Host, Release
from tables.noticing.people import holders
from tables.publishing.errors import EXPECTED
from tables.seen_plans import SeenPlan
from tables.sendmail import own
from tables.sendmail.risk.together import Step, after_all, remembered, risks_together
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.tables import TABLES

OWN = "It is one of the site's own networks."
COVERED = "Without it the same may relay, by one of the site's own networks."
OPENS = "Without it something else would open: look at it by hand."


@dataclass(frozen=True, slots=True)
class Permission:
    """An entry by which somebody relays, and, if it stays, why."""

    table: TableSpec
    entry: Entry
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    closing: list[Permission]
    staying: list[Permission]


def own_networks() -> own.Own:
    """Raises :class:`ChangeError` when the setting names something else."""
    try:
        return own.parse(settings.OWN_NETWORKS)
    except own.NotOwnError as error:
        raise ChangeError(f"MAILADMIN_OWN_NETWORKS cannot be read. {error}") from error


def found(*, cluster: Cluster) -> Found:
    """What would be closed, and what stays, by the effect that all of it together has."""
    mine = own_networks()
    staying: list[Permission] = []
    steps: list[Step] = []
    for table, entry in _permissions(cluster):
        if mine.holds(table, entry.key):
            staying.append(Permission(table, entry, OWN))
        else:
            steps.append((table, entry, None))
    while True:
        closing, left = _closing(cluster, steps)
        staying += left
        if not left:
            return Found(closing, staying)
        # What stays may change what closing the others does.
        steps = [(one.table, one.entry, None) for one in closing]


def _permissions(cluster: Cluster) -> Iterator[tuple[TableSpec, Entry]]:
    """Entries in force that may be how somebody relays."""
    for table in TABLES.values():
        if table.relay_words is None:
            continue
        some = entries.rows(cluster=cluster, table=table).filter(enabled=True)
        if table.relay_words:
            some = some.filter(reduce(or_, (Q(value__icontains=word) for word in table.relay_words)))
        for row in some.order_by("position", "key"):
            if Risk.RELAY in table.risks(None, row.entry, _nothing_around):
                yield table, row.entry


def _nothing_around(_table: str, _keys: Iterable[str]) -> Mapping[str, str]:
    return {}


def _closing(cluster: Cluster, steps: list[Step]) -> tuple[list[Permission], list[Permission]]:
    """Those by which somebody relays who then does not any more, and those that are left alone."""
    stands = remembered(entries.look_around(cluster))
    then = remembered(after_all(steps, stands))
    opened = risks_together(steps, stands, then)
    closed = risks_together([(table, None, entry) for table, entry, _none in steps], then, stands)
    closing: list[Permission] = []
    left: list[Permission] = []
    for (table, entry, _none), opens, closes in zip(steps, opened, closed, strict=True):
        if entry is None:
            continue
        if Risk.RELAY in closes and not opens:
            closing.append(Permission(table, entry))
        elif Risk.RELAY in closes or opens:
            left.append(Permission(table, entry, OPENS))
        else:
            left.append(Permission(table, entry, COVERED))
    return closing, left


@transaction.atomic
def close(*, cluster: Cluster, actor: Actor, reason: str, ticket: str = "") -> ChangeRequest:
    """One request that takes away every permission that is found, submitted and applied in the same breath.

    Nothing in it waits: not for a second person, not for a freeze, not for another request that holds a key.
    """
    if scopes.of_actor(actor).limited:
        raise Forbidden("Relaying concerns all domains. Ask somebody who sees all of them.")
    if not reason.strip():
        raise ChangeError("Say why: everybody who may approve is told.")
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    wanted = found(cluster=cluster)
    if not wanted.closing:
        raise ChangeError("Nobody but the site's own networks may relay: there is nothing to close.")
    request = changes.draft(cluster=cluster, actor=actor, kind=ChangeRequest.Kind.BULK, reason=reason)
    request.ticket = drafting.checked_ticket(ticket)
    request.save(update_fields=["ticket"])
    for table in {one.table.name: one.table for one in wanted.closing}.values():
        pairs = [(one.entry, None) for one in wanted.closing if one.table is table]
        changes.propose_many(request=request, actor=actor, table=table, pairs=pairs)
    request = changes.submit(request=request, actor=actor)
    audit.record(
        actor=actor,
        action="panic-close",
        cluster=cluster,
        request=request,
        reason=request.reason,
        detail={"closed": len(wanted.closing), "left": len(wanted.staying), "state": request.state},
    )
    notices.panic_closed(request=request, actor=actor, count=len(wanted.closing))
    return request


# --- live -------------------------------------------------------------------------------------------------------------


def publishers() -> list[User]:
    """Who may publish, for whoever may not."""
    return list(holders(PUBLISH))


def publish(*, request: ChangeRequest, actor: Actor) -> Release:
    """Make it live on every host. What stops a publication for taking too much of a file does not stop this one, as far
    as it is about the tables that were closed."""
    closed = set(request.changes.order_by().values_list("table", flat=True).distinct())
    plans = {host.pk: plan for host in request.cluster.hosts.all() if (plan := _plan(host, closed))}
    override = any(plan.findings for plan in plans.values())
    return releases.cut(
        cluster=request.cluster,
        actor=actor,
        reason=request.reason,
        override=override,
        plans=plans if override else None,
    )


def _plan(host: Host, closed: set[str]) -> SeenPlan | None:
    """What an override is to cover on one host; nothing where its plan cannot be made here."""
    try:
        plan = SeenPlan.of(publishing.make_plan(host=host))
    except EXPECTED:
        return None
    return SeenPlan("", findings=[name for name in plan.findings or [] if name[1] in closed])
