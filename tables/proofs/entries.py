"""The tables against the change log: every entry is what its last change or the baseline made it, by unbroken steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tables.audit import Finding
from tables.entries import rows
from tables.models import AuditEvent, Change, Cluster
from tables.proofs import start
from tables.proofs.log import FETCH
from tables.proofs.streams import Few, grouped, side_by_side
from tables.proofs.telling import difference, entry_of, name_of
from tables.releases import WHOLE
from tables.sendmail.render import entry_of as entry_of_row
from tables.sendmail.render import whole_row_of
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import zone
from tables.states import table_digest, to_json

FIELDS = (*WHOLE, "domain", "zone")

Row = tuple[Any, ...]


def verify(cluster: Cluster, baseline: AuditEvent | None) -> Iterator[Finding]:
    """Each entry stands as its last change left it, and undoing every change gives what the baseline took over."""
    taken = start.taken_over(baseline)
    odd = Change.objects.filter(cluster=cluster, number__isnull=False).exclude(table__in=TABLES)
    for number, name in odd.order_by("number").values_list("number", "table"):
        yield Finding(f"change {number}", f"There is no table “{name}”.")
    for table in TABLES.values():
        found = Few(table.name)
        said = taken.get(table.name)
        digest = table_digest(map(whole_row_of, _starts(cluster, table, found, known=said is not None)))
        yield from found
        if said is not None and digest != (said.get("entries"), said.get("sha256")):
            yield from start.differing_entries(cluster, table, said)
        yield from start.verify_passages(cluster, table, said)


def _starts(cluster: Cluster, table: TableSpec, found: Few, *, known: bool) -> Iterator[Entry]:
    """Every entry as it was before the first change, in the order of keys. What does not hold goes to ``found``.

    ``known``: whether a baseline told what stood there; otherwise nothing did.
    """
    for key, row, changes in side_by_side(_rows(cluster, table), _histories(cluster, table)):
        entry = entry_of_row(row[:-2]) if row else None
        if row and row[-2:] != (table.domain(key), zone(table, key)):
            found.add(name_of(table, key), "The domain or zone under which it is found is not that of its key.")
        first = entry if changes is None else _follow(table, key, entry, changes, found)
        if first is not None and not known:
            found.add(name_of(table, key), f"No change and no baseline brought it in. {difference(table, first, None)}")
        if first is not None:
            yield first


def _rows(cluster: Cluster, table: TableSpec) -> Iterator[tuple[str, Row]]:
    for row in rows(cluster=cluster, table=table).order_by("key").values_list(*FIELDS).iterator(chunk_size=FETCH):
        yield row[0], row


def _histories(cluster: Cluster, table: TableSpec) -> Iterator[tuple[str, list[Row]]]:
    """(key, its applied changes as (key, number, before, after) in their order)."""
    applied = Change.objects.filter(cluster=cluster, table=table.name, number__isnull=False).order_by("key", "number")
    stream = applied.values_list("key", "number", "before", "after").iterator(chunk_size=FETCH)
    for key, changes in grouped(stream, lambda row: row[0]):
        yield key, list(changes)


def _follow(table: TableSpec, key: str, entry: Entry | None, changes: list[Row], found: Few) -> Entry | None:
    """Go from change to change, to the entry; what stood there before the first of them."""
    state, last = changes[0][2], 0
    for _key, number, before, after in changes:
        if before != state:
            found.add(f"change {number}", f"It does not start from what change {last} made of {name_of(table, key)}.")
        state, last = after, number
    if to_json(entry) != state:
        said = difference(table, entry, entry_of(key, state))
        found.add(name_of(table, key), f"It is not what change {last} made it. {said}")
    return entry_of(key, changes[0][2])
