"""What the dates of entries ask for: which are due, what becomes of them then, and what of that was approved before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from django.utils import timezone

from tables.entries import rows
from tables.errors import ChangeError
from tables.models import Change, ChangeRequest, Cluster, Review
from tables.sendmail.render import switched
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import from_json

#: Keys that one query asks for.
CHUNK = 500


def stamp(moment: datetime) -> str:
    """A moment as an entry keeps it, which sorts as text."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def carried_out(table: TableSpec, entry: Entry, now: str) -> Entry:
    """What the dates make of an entry by now: itself when nothing is due."""
    if entry.ends and entry.ends <= now:
        return replace(switched(table, entry, False), starts="") if entry.enabled or entry.starts else entry
    if entry.starts and entry.starts <= now:
        return replace(entry if entry.enabled else switched(table, entry, True), starts="")
    return entry


def switched_by_hand(table: TableSpec, entry: Entry, enabled: bool, now: str) -> Entry:
    """An entry that somebody switches on has begun, and an end that has passed already does not count any more."""
    other = switched(table, entry, enabled)
    if not enabled:
        return replace(other, starts="")
    return replace(other, starts="", ends="" if other.ends <= now else other.ends)


def entries(cluster: Cluster, table: TableSpec, now: str) -> Iterator[tuple[Entry, Entry]]:
    """The entries whose time has come, each with what becomes of it."""
    begin = rows(cluster=cluster, table=table).filter(starts__lte=now)
    end = rows(cluster=cluster, table=table).filter(ends__lte=now, enabled=True)
    found = {row.key: row.entry for some in (begin, end) for row in some}
    for key in sorted(found):
        after = carried_out(table, found[key], now)
        if after != found[key]:
            yield found[key], after


def refuse_other(request: ChangeRequest, changes: Sequence[Change]) -> None:
    """A request that dates made holds what is due and nothing else: nobody slips a change past the gate in one."""
    if request.kind != ChangeRequest.Kind.SCHEDULE:
        return
    now = stamp(timezone.now())
    for change in changes:
        before, after = from_json(change.key, change.before), from_json(change.key, change.after)
        if before is None or after != carried_out(TABLES[change.table], before, now) or before == after:
            raise ChangeError(f"Change request {request.pk} does something that no date asks for.")


def unapproved(changes: Sequence[Change], found: Sequence[frozenset[Risk]]) -> list[frozenset[Risk]]:
    """Of the risks that carrying out dates has now, those that nobody approved when the dates were set."""
    risky = [change for change, risks in zip(changes, found, strict=True) if risks]
    known = _approved(risky)
    nothing = frozenset[Risk]()
    both = zip(changes, found, strict=True)
    return [risks - known.get((change.table, change.key), nothing) for change, risks in both]


def _approved(changes: Sequence[Change]) -> dict[tuple[str, str], frozenset[Risk]]:
    """The risks under which each entry became what it is, where somebody else approved that."""
    known: dict[tuple[str, str], frozenset[Risk]] = {}
    for table in {change.table for change in changes}:
        keys = [change.key for change in changes if change.table == table]
        cluster = changes[0].cluster_id
        for start in range(0, len(keys), CHUNK):
            log = Change.objects.filter(
                cluster=cluster, table=table, key__in=keys[start : start + CHUNK], number__isnull=False
            )
            for last in log.select_related("request").order_by("number"):
                known[table, last.key] = _risks(last.request)
    return known


def _risks(request: ChangeRequest) -> frozenset[Risk]:
    given = request.reviews.filter(decision=Review.Decision.APPROVE, checksum=request.checksum)
    return frozenset(map(Risk, request.risks)) if request.risks and given.exists() else frozenset()
