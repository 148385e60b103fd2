"""What a table shall be at a change number: its file, its entries, and what became of it since an earlier number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from django.db.models import Count

from tables.models import Change, Cluster
from tables.releases import FETCH, entries_at, file_items, snapshot
from tables.sendmail.plan import SAMPLES, Difference, Tallied, difference
from tables.sendmail.render import map_pair, render
from tables.sendmail.spec import Entry, Passage, TableSpec
from tables.states import from_json


@dataclass(frozen=True, slots=True)
class State:
    """The tables of a cluster as they stood after one change."""

    cluster: Cluster
    number: int

    def body(self, table: TableSpec, count: list[int]) -> Iterator[bytes]:
        """The file without its stamp, in chunks; the number of enabled entries is left in ``count[0]``."""
        with snapshot():
            items = file_items(cluster=self.cluster, table=table, change_number=self.number)
            yield from render(table, _counted(items, count))

    def entries(self, table: TableSpec) -> Iterator[Entry]:
        """The enabled entries, sorted by key."""
        with snapshot():
            found = entries_at(cluster=self.cluster, table=table, change_number=self.number, by="key")
            yield from (entry for entry in found if entry.enabled)

    def pairs(self, table: TableSpec) -> Iterator[tuple[bytes, bytes]]:
        """What the map shall hold, in the order in which makemap is quickest."""
        return (map_pair(table, entry) for entry in self.entries(table))


def _counted(items: Iterable[Entry | Passage], count: list[int]) -> Iterator[Entry | Passage]:
    count[0] = 0
    for item in items:
        if isinstance(item, Entry) and item.enabled:
            count[0] += 1
        yield item


def changes_by_table(before: State, after: State) -> dict[str, int] | None:
    """How many changes each table saw in between; ``None`` when the log does not tell all of them (a baseline)."""
    found = _between(before, after).values_list("table").annotate(Count("id"))
    counts: dict[str, int] = dict(found)
    return counts if sum(counts.values()) == after.number - before.number else None


def tally_changes(before: State, after: State, table: TableSpec) -> Tallied:
    """The net effect of the change log in between, key by key."""
    tallied = Tallied()
    for found in _net(before, after, table):
        tallied.add(found)
    return tallied


def _between(before: State, after: State) -> Any:
    return Change.objects.filter(cluster=after.cluster, number__gt=before.number, number__lte=after.number)


def _net(before: State, after: State, table: TableSpec) -> Iterator[Difference | None]:
    rows = _between(before, after).filter(table=table.name).order_by("key", "number")
    values = rows.values_list("key", "before", "after").iterator(chunk_size=FETCH)
    for key, group in groupby(values, key=lambda row: row[0]):
        states = list(group)
        yield difference(from_json(key, states[0][1]), from_json(key, states[-1][2]))


def tally_new(desired: Iterable[Entry], count: int) -> Tallied:
    """All of ``count`` entries are new: only the examples need looking at."""
    tallied = Tallied()
    for entry in islice(desired, SAMPLES):
        tallied.add(difference(None, entry))
    tallied.creates = count
    return tallied


def tally_entries(existing: dict[str, str], desired: Iterable[Entry]) -> Tallied:
    """The differences between what a file says now (key to value; emptied on the way) and what it shall say."""
    tallied = Tallied()
    for entry in desired:
        value = existing.pop(entry.key, None)
        before = None if value is None else Entry(entry.key, value)
        tallied.add(difference(before, entry))
    for key, value in existing.items():
        tallied.add(difference(Entry(key, value), None))
    return tallied
