"""Text between entries: every change of it says what the history says, and what stands is what they made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tables import passages
from tables.audit import Finding
from tables.models import AuditEvent, Cluster, FilePassage, PassageChange
from tables.proofs.streams import Few, side_by_side

CHANGED = "passage-changed"
FETCH = 2000


def verify(cluster: Cluster, events: Iterable[AuditEvent], *, known_from: int = 0) -> Iterator[Finding]:
    """``events``: those of :data:`CHANGED` that can be read; they tell of the changes after ``known_from``."""
    found = Few("text between entries")
    applied = PassageChange.objects.filter(cluster=cluster, number__isnull=False).order_by("number")
    told = ((event.detail.get("change", -1), event) for event in events if isinstance(event.detail, dict))
    later = ((change.number, change) for change in applied.filter(number__gt=known_from).iterator(chunk_size=FETCH))
    for number, change, event in side_by_side(later, sorted(told, key=lambda one: one[0])):
        if change is None:
            found.add(f"change {number}", "It is in the audit history but not in the change log.")
        elif event is None:
            found.add(f"change {number}", "It is in the change log but not in the audit history.")
        elif _said(event) != _says(change):
            found.add(f"change {number}", "The change log does not say what the audit history says.")
    _compare(cluster, applied.iterator(chunk_size=FETCH), found)
    yield from found


def _says(change: PassageChange) -> tuple[Any, ...]:
    return change.table, change.request_id, passages.told(change)


def _said(event: AuditEvent) -> tuple[Any, ...]:
    names = ("change", "position", "sha256_before", "sha256_after")
    return event.table, event.request_id, {name: event.detail.get(name) for name in names}


def _compare(cluster: Cluster, applied: Iterable[PassageChange], found: Few) -> None:
    """Each change took one text away and brought one in, and nothing else did."""
    meant = {number: row for change in applied for number, row in _rows_of(change)}
    rows = FilePassage.objects.filter(cluster=cluster).order_by("id")
    for row in rows.iterator(chunk_size=FETCH):
        subject, where = f"{row.table}, text between entries", f"at place {row.position}"
        if row.since and meant.pop((row.since, "in"), None) != (row.table, row.position, row.text):
            found.add(subject, f"What stands {where} is not what change {row.since} made it.")
        if row.until is not None and meant.pop((row.until, "out"), None) != (row.table, row.position, row.text):
            found.add(subject, f"What stood {where} was not taken away by change {row.until}.")
    for (number, way), (table, position, _text) in meant.items():
        what = "brought in is missing" if way == "in" else "took away still stands, or is missing"
        found.add(f"{table}, text between entries", f"What change {number} {what} at place {position}.")


Place = tuple[str, int, str]


def _rows_of(change: PassageChange) -> Iterator[tuple[tuple[int, str], Place]]:
    number = change.number or 0
    if change.before:
        yield (number, "out"), (change.table, change.position, change.before)
    if change.after:
        yield (number, "in"), (change.table, change.position, change.after)
