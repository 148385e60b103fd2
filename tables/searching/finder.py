"""Entries that match some words, a page at a time in the order of their file, after a bounded look into the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from tables.models import Cluster, EntryModel
from tables.searching import index
from tables.searching.index import Asked
from tables.searching.places import block_of, documents, range_of

#: Documents with all trigrams of the words that one page looks at, of sixteen entries each where nothing was inserted.
DOCUMENTS = 500
#: Documents next to the place, whatever is in them, that it looks at first. Of a common word they are enough, and are
#: read in 5 ms; PostgreSQL takes 20 to 60 ms to find all those with trigrams that are everywhere.
NEAR = 240
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
class Look:
    """``blocks``: those with the words. ``next``: the block of the first document that was not looked at, if any."""

    blocks: list[int]
    next: int | None

    @property
    def complete(self) -> bool:
        return self.next is None and len(self.blocks) <= BLOCKS


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
    #: What was looked up already: the first page and the count ask for the same. ``_ends``: of the first page only.
    _seen: dict[tuple[Place | None, bool], Look] = field(default_factory=dict, compare=False, repr=False)
    _ends: list[int | None] = field(default_factory=list, compare=False, repr=False)

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
            end = self._end_of_reading(None, backwards=False)
            numbers = self._up_to(self.matching, end, backwards=False).values_list("pk", flat=True)
            found = len(numbers.order_by("position")[:most])
            return found if found >= most or end is None else None
        look = self._look(None, backwards=False)
        parts = (look.blocks[:FIRST], look.blocks[FIRST:BLOCKS])
        found = sum(self._number(part, most) for part in parts)
        return found if found >= most or look.complete else None

    # --- by the index ---

    def _look(self, start: Place | None, *, backwards: bool) -> Look:
        """The documents from a place on: the next ones, if those have blocks enough or are all there are; otherwise
        the next with the trigrams."""
        known = (start, backwards)
        if known not in self._seen:
            look = self._documents(start, backwards=backwards, most=NEAR, near=True)
            if look.next is not None and len(look.blocks) <= BLOCKS:
                look = self._documents(start, backwards=backwards, most=DOCUMENTS, near=False)
            self._seen[known] = look
        return self._seen[known]

    def _documents(self, start: Place | None, *, backwards: bool, most: int, near: bool) -> Look:
        vendor, position = connection.vendor, start[0] if start else None
        side = {"end": position} if backwards else {"start": position}
        find = index.documents_near if near else index.documents_with
        numbers = find(
            connection,
            table=self.matching.model._meta.db_table,
            asked=self.asked,
            within=documents(vendor, self.cluster.pk, **side),
            backwards=backwards,
            most=most + 1,
        )
        blocks = list(dict.fromkeys(block_of(number) for number, has in numbers[:most] if has))
        return Look(blocks, block_of(numbers[most][0]) if len(numbers) > most else None)

    def _by_index(self, matching: QuerySet[EntryModel], start: Place | None, *, backwards: bool, most: int) -> Found:
        look = self._look(start, backwards=backwards)
        rows: list[EntryModel] = []
        for part in (look.blocks[:FIRST], look.blocks[FIRST:BLOCKS]):
            if part and len(rows) < most:
                rows += self._within(matching, part, most - len(rows), backwards=backwards)
        if len(rows) >= most or look.complete:
            return Found(rows)
        return Found(rows, self._stopped(look, backwards=backwards))

    @staticmethod
    def _stopped(look: Look, *, backwards: bool) -> Place:
        """Where to go on: after the last block that was read, or before the first whose documents were not all seen."""
        if look.next is None or len(look.blocks) > BLOCKS:
            first, after = range_of(connection.vendor, look.blocks[BLOCKS - 1])
            return (first, "") if backwards else (after - 1, _LAST)
        first, after = range_of(connection.vendor, look.next)
        if look.blocks and look.blocks[-1] == look.next:  # its entries were all read
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
        end = self._end_of_reading(place, backwards=backwards)
        rows = list(self._up_to(matching, end, backwards=backwards).order_by(*_order(backwards))[:most])
        return Found(rows, None if end is None or len(rows) >= most else (end, "" if backwards else _LAST))

    def _end_of_reading(self, place: Q | None, *, backwards: bool) -> int | None:
        """The last position that is looked at; ``None`` when all that follows is."""
        if place is None and not backwards and self._ends:
            return self._ends[0]
        all_there = self.everything.filter(place) if place else self.everything
        positions = all_there.order_by(*_order(backwards)).values_list("position", flat=True)
        end = positions[SCANNED : SCANNED + 1].first()
        if place is None and not backwards:
            self._ends.append(end)
        return end

    @staticmethod
    def _up_to(matching: QuerySet[EntryModel], end: int | None, *, backwards: bool) -> QuerySet[EntryModel]:
        if end is None:
            return matching
        return matching.filter(Q(position__gte=end) if backwards else Q(position__lte=end))


def _order(backwards: bool) -> tuple[str, str]:
    return ("-position", "-key") if backwards else ("position", "key")
