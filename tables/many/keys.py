"""Entries that get other keys: two must not become one, nor one be written over another that stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tables import entries
from tables.many.rows import CHUNK, Row, refusal
from tables.models import Cluster
from tables.sendmail.spec import Entry, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import visible

#: A table and a key in it.
Place = tuple[str, str]


def settled(*, cluster: Cluster, rows: Iterable[Row]) -> list[Row]:
    """The same rows; of those that would take a key which is taken, or which another takes, each with why."""
    found = list(rows)
    taken = set(_standing(cluster, found))
    while True:
        moving = [row for row in found if row.renames and not row.problem]
        freed = {(row.table.name, row.before.key) for row in moving}
        wanted = Counter(map(_target, moving))
        after = [_refused(row, taken - freed, wanted) for row in found]
        if after == found:
            return found
        found = after  # what does not move frees no key: those that wanted it cannot go on either


def _target(row: Row) -> Place:
    return row.table.name, row.after.key if row.after else ""


def _refused(row: Row, taken: set[Place], wanted: Counter[Place]) -> Row:
    if row.problem or not row.renames:
        return row
    place = _target(row)
    if place in taken:
        return row.refused(_stands(row.table, place[1]))
    return row.refused(_one(row.table, place[1], wanted[place])) if wanted[place] > 1 else row


def _stands(table: TableSpec, key: str) -> Problem:
    message = f"{visible(key)} stands in {table.name} already, so two entries would become one."
    return refusal("many.taken", message, "Delete one of the two first, or leave this one as it is.", "key")


def _one(table: TableSpec, key: str, count: int) -> Problem:
    message = f"{count} entries of {table.name} would all become {visible(key)}."
    return refusal("many.same-key", message, "Change or delete all but one of them by hand first.", "key")


def _standing(cluster: Cluster, rows: list[Row]) -> Iterator[Place]:
    """The places that rows would take and at which something stands now."""
    for name in {row.table.name for row in rows if row.renames}:
        keys = sorted({row.after.key for row in rows if row.renames and row.after and row.table.name == name})
        there = entries.rows(cluster=cluster, table=TABLES[name])
        for start in range(0, len(keys), CHUNK):
            found = there.filter(key__in=keys[start : start + CHUNK]).values_list("key", flat=True)
            yield from ((name, key) for key in found)


def pairs(rows: Iterable[Row]) -> Iterator[tuple[Entry | None, Entry | None]]:
    """The changes that rows of one table come to. A key that one entry leaves and another takes is one change."""
    gone: dict[str, Entry] = {}
    come: dict[str, Entry] = {}
    for row in rows:
        if not row.renames or row.after is None:
            yield row.before, row.after
            continue
        gone[row.before.key], come[row.after.key] = row.before, row.after
    yield from ((gone.get(key), come.get(key)) for key in {**gone, **come})
