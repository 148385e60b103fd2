"""The audit history as JSON lines for another program. Each export is itself an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Max, Min

from mailadmin.accounts.roles import AUDIT
from tables import audit, disclosing, originals
from tables.actors import Actor
from tables.audit import BATCH
from tables.errors import Forbidden
from tables.eventlines import line, shown_line
from tables.models import AuditEvent


class Export(NamedTuple):
    """The events of one export, as numbers: what there is by then cannot change any more."""

    first: int
    last: int
    total: int
    lines: Iterator[str]


@transaction.atomic
def export(
    *,
    actor: Actor,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    secrets: bool = False,
) -> Export:
    """The events since a time, until (without) a time and after a number, oldest first, one JSON object a line.

    Recorded before the first line is read, with the numbers that it has: nobody waits for the chain meanwhile.
    """
    _check_right(actor, secrets=secrets)
    wanted = audit.events(since=since, until=until).filter(number__gt=after)
    found = wanted.aggregate(first=Min("number"), last=Max("number"), count=Count("pk"))
    first, last, count = found["first"] or 0, found["last"] or 0, found["count"]
    detail = {"events": count, "first": first, "last": last} | ({"secrets": True} if secrets else {})
    audit.record(actor=actor, action="audit-exported", detail=detail)
    rows = wanted.filter(number__lte=last).order_by("number")
    return Export(first, last, count, _lines(rows.iterator(chunk_size=BATCH), secrets=secrets))


def _check_right(actor: Actor, *, secrets: bool) -> None:
    if actor.person is not None and not actor.person.has_perm(AUDIT):
        raise Forbidden("You may not see the history. Ask an administrator for a role.")
    originals.refuse_limited(actor)
    if secrets:
        disclosing.check_right(actor)


def _lines(events: Iterator[AuditEvent], *, secrets: bool) -> Iterator[str]:
    for event in events:
        yield line(event) if secrets else shown_line(event)
