"""The change log against the audit history: each applied change says what its event says, and none is missing."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tables.applying import ACTIONS
from tables.audit import Finding
from tables.models import AuditEvent, Change, Cluster, PassageChange
from tables.proofs.streams import Few, side_by_side
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import zone

#: Rows that a stream fetches at a time.
FETCH = 2000
#: What is done in one transaction is written down with times that are no further apart.
AT_ONCE = timedelta(minutes=10)

_WORDS = {action: str(change) for change, action in ACTIONS.items()}


def verify_numbers(cluster: Cluster, *, has_baseline: bool) -> Iterator[Finding]:
    """Changes are numbered without a gap up to the cluster's last; a baseline takes number 1."""
    kinds = (Change.objects, PassageChange.objects)
    numbers = (kind.filter(cluster=cluster, number__isnull=False).order_by("number") for kind in kinds)
    streams = [found.values_list("number", flat=True).iterator() for found in numbers]
    expected = 2 if has_baseline else 1
    for number in heapq.merge(*streams, key=lambda number: number or 0):
        if number != expected:
            yield Finding("change log", f"Change {expected} is missing; after it comes {number}.")
        expected = (number or 0) + 1
    if expected - 1 != cluster.last_change:
        yield Finding("change log", f"It ends at change {expected - 1}, but {cluster.last_change} was applied last.")


def verify_log(cluster: Cluster) -> Iterator[Finding]:
    """Each applied change says what its audit event says."""
    found = Few("change log")
    for number, event, change in side_by_side(_events(cluster), _changes(cluster)):
        subject = f"change {number}"
        if change is None:
            found.add(subject, "It is in the audit history but not in the change log.")
        elif event is None:
            found.add(subject, "It is in the change log but not in the audit history.")
        elif differing := _differing(event, change):
            found.add(subject, f"The change log does not say what the audit history says: {', '.join(differing)}.")
    yield from found


def _events(cluster: Cluster) -> Iterator[tuple[int, AuditEvent]]:
    found = AuditEvent.objects.filter(cluster=cluster.name, action__in=_WORDS).order_by("detail__change", "number")
    for event in found.iterator(chunk_size=FETCH):
        number = event.detail.get("change") if isinstance(event.detail, dict) else None
        yield number if isinstance(number, int) else -1, event


def _changes(cluster: Cluster) -> Iterator[tuple[int, Change]]:
    applied = Change.objects.filter(cluster=cluster, number__isnull=False).order_by("number")
    for change in applied.iterator(chunk_size=FETCH):
        yield change.number or 0, change


def _differing(event: AuditEvent, change: Change) -> list[str]:
    """The names of what a change says otherwise than its event, or than follows from itself."""
    pairs: dict[str, tuple[Any, Any]] = {
        "table": (change.table, event.table),
        "key": (change.key, event.key),
        "action": (change.action, _WORDS[event.action]),
        "before": (change.before, event.before),
        "after": (change.after, event.after),
        "request": (change.request_id, event.request_id),
        "author": (change.author_id, event.actor_id),
        "name of its author": (change.author_name, event.actor_name),
        "whether it is risky": (change.risky, event.detail.get("risky", False)),
        "whether it was done alone": (change.alone, event.detail.get("alone", False)),
        "whether it holds its key": (change.holds, False),
        "place before": (change.before_position, (change.before or {}).get("position")),
        "zone": (change.zone, zone(TABLES[event.table], event.key) if event.table in TABLES else ""),
    }
    differing = [name for name, (stands, said) in pairs.items() if stands != said]
    late = change.applied_at is None or abs(event.at - change.applied_at) > AT_ONCE
    return [*differing, "time"] if late else differing
