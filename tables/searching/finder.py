"""Entries that match some words, a page at a time in the order of their file, after a bounded look into the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from tables.models import Cluster, EntryModel
from tables.searching import index
from tables.searching.index import Asked
from tables.searching.places import block_of, documents, range_of

#: Documents with all trigrams of the words that one page looks at: of sixteen entries each, where nothing was inserted.
DOCUMENTS = 1000
#: Those with the words themselves whose entries it reads at most, and those that it reads first.
#: With 200 of them SQLite took the whole table for the shorter way, at a million entries: 1.1 s instead of 5 ms.
BLOCKS, FIRST = 120, 60
#: Entries that one page looks through when the words are too short for the index.
SCANNED = 10_000

#: A place in a file.
Place = tuple[int, str]
#: After every key.
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Found:
    """Matches in the order in which they were looked for, and where the look ended if that was not at the end."""

    rows: list[EntryModel]
    stopped: Place | None = None


@dataclass(frozen=True, slots=True)
class Finder:
    """``matching``: the entries that are meant, in no order. ``asked``: what each has.

    A person who sees some domains only is not shown how far a look came: ``bounded`` is off, and all of theirs is read.
    """

    cluster: Cluster
    everything: QuerySet[EntryModel]
    matching: QuerySet[EntryModel]
    asked: Asked
    bounded: bool = True

    def read(self, *, start: Place | None = None, place: Q | None = None, backwards: bool = False, most: int) -> Found:
        """Up to ``most`` matches from a place on. ``place``: the condition on what comes after it."""
        matching = self.matching.filter(place) if place else self.matching
        if not self.bounded:
            return Found(list(matching.order_by(*_order(backwards))[:most]))
        if self.asked.wanted:
            return self._by_index(matching, start, backwards=backwards, most=most)
        return self._by_reading(matching, place, backwards=backwards, most=most)

    def count(self, most: int) -> int | None:
        """How many there are, no further than ``most``; ``None`` when that took too long a look."""
        if not self.bounded:
            return len(self.matching.values_list("pk", flat=True)[:most])
        if not self.asked.wanted:
            return _unless(self._by_reading(self.matching, None, backwards=False, most=most), most)
        numbers = self._documents(None, backwards=False)
        blocks = _blocks(number for number, has in numbers if has)
        parts = (blocks[:FIRST], blocks[FIRST:BLOCKS])
        found = sum(self._number(part, most) for part in parts)
        return found if found >= most or (len(numbers) <= DOCUMENTS and len(blocks) <= BLOCKS) else None

    # --- by the index ---

    def _documents(self, start: Place | None, *, backwards: bool) -> list[tuple[int, bool]]:
        vendor, position = connection.vendor, start[0] if start else None
        side = {"end": position} if backwards else {"start": position}
        return index.documents_with(
            connection,
            table=self.matching.model._meta.db_table,
            asked=self.asked,
            within=documents(vendor, self.cluster.pk, **side),
            backwards=backwards,
            most=DOCUMENTS + 1,
        )

    def _by_index(self, matching: QuerySet[EntryModel], start: Place | None, *, backwards: bool, most: int) -> Found:
        numbers = self._documents(start, backwards=backwards)
        blocks = _blocks(number for number, has in numbers[:DOCUMENTS] if has)
        rows: list[EntryModel] = []
        for part in (blocks[:FIRST], blocks[FIRST:BLOCKS]):
            if part and len(rows) < most:
                rows += self._within(matching, part, most - len(rows), backwards=backwards)
        if len(rows) >= most or (len(numbers) <= DOCUMENTS and len(blocks) <= BLOCKS):
            return Found(rows)
        return Found(rows, self._stopped(numbers, blocks, backwards=backwards))

    @staticmethod
    def _stopped(numbers: Sequence[tuple[int, bool]], blocks: Sequence[int], *, backwards: bool) -> Place:
        """Where to go on: after the last block that was read, or before the first whose documents were not all seen."""
        if len(blocks) > BLOCKS:
            first, after = range_of(connection.vendor, blocks[BLOCKS - 1])
            return (first, "") if backwards else (after - 1, _LAST)
        unseen = block_of(numbers[DOCUMENTS][0])
        first, after = range_of(connection.vendor, unseen)
        if blocks and blocks[-1] == unseen:  # its entries were all read
            return (first, "") if backwards else (after - 1, _LAST)
        return (after, "") if backwards else (first - 1, _LAST)

    def _within(
        self,
        matching: QuerySet[EntryModel],
        blocks: Sequence[int],
        most: int,
        *,
        backwards: bool = False,
    ) -> list[EntryModel]:
        """Matches in some blocks."""
        if not blocks:
            return []
        way = "DESC" if backwards else "ASC"
        sql, parameters = self._inside(matching, blocks)
        sql = f"{sql} ORDER BY x.position {way}, x.key {way} LIMIT %s"
        return list(matching.model._default_manager.raw(sql, [*parameters, most]))

    def _number(self, blocks: Sequence[int], most: int) -> int:
        """How many matches there are in some blocks. Without an order SQLite would not keep to the ranges."""
        if not blocks:
            return 0
        sql, parameters = self._inside(self.matching, blocks, "x.id")
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} ORDER BY x.position LIMIT %s", [*parameters, most])
            return len(cursor.fetchall())

    @staticmethod
    def _inside(matching: QuerySet[EntryModel], blocks: Sequence[int], columns: str = "x.*") -> tuple[str, list[Any]]:
        """A question for the matches in some blocks. The ranges lead: as alternatives each would be weighed."""
        inside = matching.order_by().filter(position__gte=RawSQL("d.first", []), position__lt=RawSQL("d.after", []))
        statement, parameters = inside.query.sql_with_params()
        ranges = [range_of(connection.vendor, block) for block in blocks]
        values = ", ".join(["(%s, %s)"] * len(ranges))
        if connection.vendor == "postgresql":
            # OFFSET 0: each range is looked up by itself, whatever the planner thinks of how many there are.
            source = f"SELECT {columns} FROM d CROSS JOIN LATERAL ({statement} OFFSET 0) AS x"  # noqa: S608
        else:
            table = f'"{matching.model._meta.db_table}"'
            source = (
                f"SELECT {columns} FROM ({statement.replace(f' FROM {table}', f' FROM d CROSS JOIN {table}', 1)}) AS x"  # noqa: S608
            )
        edges = [edge for one in ranges for edge in one]
        return f"WITH d(first, after) AS (VALUES {values}) {source}", [*edges, *parameters]

    # --- without ---

    def _by_reading(self, matching: QuerySet[EntryModel], place: Q | None, *, backwards: bool, most: int) -> Found:
        order = _order(backwards)
        all_there = self.everything.filter(place) if place else self.everything
        last = all_there.order_by(*order).values_list("position", flat=True)[SCANNED : SCANNED + 1].first()
        if last is None:
            return Found(list(matching.order_by(*order)[:most]))
        looked = Q(position__gte=last) if backwards else Q(position__lte=last)
        rows = list(matching.filter(looked).order_by(*order)[:most])
        return Found(rows, None if len(rows) >= most else (last, "" if backwards else _LAST))


def _order(backwards: bool) -> tuple[str, str]:
    return ("-position", "-key") if backwards else ("position", "key")


def _blocks(numbers: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(map(block_of, numbers)))


def _unless(found: Found, most: int) -> int | None:
    return len(found.rows) if found.stopped is None or len(found.rows) >= most else None
