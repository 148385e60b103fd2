"""The audit history: written in the transaction of the act, hash-chained, never altered."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Field, JSONField, QuerySet
from django.utils import timezone

from tables import bulk
from tables.models import AuditEvent, AuditHead
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import zone
from tables.states import checksum

if TYPE_CHECKING:
    from tables.actors import Actor
    from tables.models import ChangeRequest, Cluster

#: Rows that one INSERT takes.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done, before it has its place in the chain."""

    actor: Actor
    action: str
    cluster: Cluster | None = None
    table: str = ""
    key: str = ""
    request: ChangeRequest | None = None
    reason: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def record(*, actor: Actor, action: str, **about: Any) -> AuditEvent:
    """Add one event; ``about`` are the further fields of :class:`Act`."""
    return record_many([Act(actor=actor, action=action, **about)])[0]


@transaction.atomic(savepoint=False)
def record_many(acts: Sequence[Act]) -> list[AuditEvent]:
    """Add events in order. The chain's end stays locked until the surrounding transaction ends."""
    head, _created = AuditHead.objects.select_for_update().get_or_create(pk=1)
    now = timezone.now()
    number, previous = head.number, head.hash
    events = []
    for act in acts:
        number += 1
        event = _event(act, number=number, at=now, previous=previous)
        previous = event.hash
        events.append(event)
    _write(events)
    head.number, head.hash = number, previous
    head.save(update_fields=["number", "hash"])
    return events


def _write(events: Sequence[AuditEvent]) -> None:
    """One by Django, thousands by the quickest way that there is: their keys are then not read back."""
    if len(events) <= BATCH:
        AuditEvent.objects.bulk_create(events)
        return
    fields = [field for field in AuditEvent._meta.concrete_fields if field.name != "id"]
    rows = (tuple(_prepared(field, getattr(event, field.attname)) for field in fields) for event in events)
    bulk.insert(model=AuditEvent, columns=[str(field.column) for field in fields], rows=rows)


def _prepared(field: Field[Any, Any], value: Any) -> Any:
    """A value as the database takes it without Django's help."""
    if isinstance(field, JSONField):
        return None if value is None else json.dumps(value)
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _event(act: Act, *, number: int, at: datetime, previous: str) -> AuditEvent:
    event = AuditEvent(
        number=number,
        at=at,
        actor_id=act.actor.person.pk if act.actor.person else None,
        actor_name=act.actor.name,
        action=act.action,
        cluster=act.cluster.name if act.cluster else "",
        table=act.table,
        key=act.key,
        zone=zone_of(act.table, act.key),
        request_id=act.request.pk if act.request else None,
        reason=act.reason,
        before=act.before,
        after=act.after,
        detail=act.detail,
        previous_hash=previous,
    )
    event.hash = event_hash(event)
    return event


def zone_of(table: str, key: str) -> str:
    return zone(TABLES[table], key) if key and table in TABLES else ""


def event_hash(event: AuditEvent) -> str:
    """SHA-256 over everything that the event says and the hash of the event before it."""
    return checksum(
        {
            "number": event.number,
            "at": event.at.isoformat(),
            "actor": event.actor_id,
            "actor_name": event.actor_name,
            "action": event.action,
            "cluster": event.cluster,
            "table": event.table,
            "key": event.key,
            "request": event.request_id,
            "reason": event.reason,
            "before": event.before,
            "after": event.after,
            "detail": event.detail,
            "previous": event.previous_hash,
        }
    )


def head_hash() -> str:
    """The hash at the end of the chain; empty before the first event."""
    head = AuditHead.objects.filter(pk=1).first()
    return head.hash if head else ""


def events(
    *,
    person: str = "",
    table: str = "",
    key: str = "",
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """The events that match all that is given, newest first. ``until`` itself is not included."""
    given = {
        "actor_name": person,
        "table": table,
        "key": key,
        "action": action,
        "at__gte": since,
        "at__lt": until,
    }
    return AuditEvent.objects.filter(**{name: value for name, value in given.items() if value})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the history that does not hold."""

    subject: str
    message: str


def verify_chain(events: Iterable[AuditEvent], number: int = 0, previous: str = "") -> Iterator[Finding]:
    """Every altered, missing or inserted one of the events, which follow that number and hash up to the chain's end."""
    number, previous = yield from follow(events, number, previous)
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    if (head.number, head.hash) != (number, previous):
        yield Finding("audit chain", f"It ends at event {number}, but event {head.number} was recorded last.")


def follow(events: Iterable[AuditEvent], number: int, previous: str) -> Generator[Finding, None, tuple[int, str]]:
    """What is wrong with events that follow that number and hash; returned is where they end."""
    for event in events:
        subject = f"audit event {event.number}"
        if event.number != number + 1:
            yield Finding(subject, f"Events {number + 1} to {event.number - 1} are missing.")
        elif event.previous_hash != previous:
            yield Finding(subject, "It does not follow from the event before it.")
        if event.hash != event_hash(event):
            yield Finding(subject, "What it says is not what was recorded.")
        elif event.zone != zone_of(event.table, event.key):
            yield Finding(subject, "The zone under which it is found is not that of its key.")
        number, previous = event.number, event.hash
    return number, previous
