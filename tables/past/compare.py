"""What differs between two points of the change log, key by key, a page at a time in bounded time.

Between points that are near each other all changes are looked at, and counted. Between others the keys of the log are,
from one on, so many at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from django.db.models import Max, Min, QuerySet

from tables.models import Change, Cluster
from tables.scopes import Scope
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import from_json

#: Changes between two points that are near each other.
FEW = 1000
#: Keys that are looked at for one page otherwise: so many first, then so many more, and then the look ends.
FIRST, MORE = 400, 2000
#: Numbers that one query asks for.
CHUNK = 500

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
_ORDER = {name: place for place, name in enumerate(TABLES)}


class Place(NamedTuple):
    """A key in a table, in the order in which tables are shown."""

    table: str
    key: str

    @property
    def order(self) -> tuple[int, str]:
        return _ORDER[self.table], self.key


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry at both points; at one of them it may not be."""

    table: TableSpec
    key: str
    before: Entry | None
    after: Entry | None

    @property
    def kind(self) -> str:
        return ADDED if self.before is None else REMOVED if self.after is None else CHANGED

    @property
    def place(self) -> Place:
        return Place(self.table.name, self.key)


@dataclass(frozen=True, slots=True)
class Found:
    """Differences in the order in which they were looked for. ``counts``: how many of each kind there are in all, where
    that is known; ``stopped``: where the look ended if that was not at the end."""

    rows: list[Difference]
    counts: dict[str, int] | None
    stopped: Place | None = None


class _Span(NamedTuple):
    """The first and the last change of a key between the points: their numbers."""

    place: Place
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two change numbers, of which either may be the later, in some tables, as one person may see them."""

    scope: Scope
    cluster: Cluster
    tables: Sequence[TableSpec]
    old: int
    new: int

    def read(self, *, start: Place | None = None, backwards: bool = False, most: int) -> Found:
        """Up to ``most`` differences from a place on. Read it within :func:`tables.snapshots.snapshot`."""
        if self.scope.limited or abs(self.new - self.old) <= FEW:
            return self._among_few(start, most, backwards=backwards)
        return self._by_key(start, most, backwards=backwards)

    def _between(self, **more: object) -> QuerySet[Change]:
        low, high = sorted((self.old, self.new))
        found = Change.objects.filter(cluster=self.cluster, number__gt=low, number__lte=high, **more)
        return found.filter(self.scope.lines()).order_by()

    # --- near each other ---

    def _among_few(self, start: Place | None, most: int, *, backwards: bool) -> Found:
        names = [table.name for table in self.tables]
        kinds: dict[Place, tuple[_Span, str, str]] = {}
        logged = self._between(table__in=names).order_by("number")
        for table, key, number, action in logged.values_list("table", "key", "number", "action").iterator():
            place = Place(table, key)
            span, first, _last = kinds.get(place, (_Span(place, number or 0, 0), action, action))
            kinds[place] = (span._replace(last=number or 0), first, action)
        spans, counts = self._with_effect(kinds.values())
        spans.sort(key=lambda span: span.place.order, reverse=backwards)
        if start is not None:
            spans = [span for span in spans if _is_beyond(span.place, start, backwards=backwards)]
        return Found(list(self._differences(spans[:most])), counts)

    def _with_effect(self, kinds: Iterable[tuple[_Span, str, str]]) -> tuple[list[_Span], dict[str, int]]:
        """Those after which something is not as it was before, and how many of each kind they are."""
        counts = {ADDED: 0, CHANGED: 0, REMOVED: 0}
        spans: list[_Span] = []
        unsure: list[_Span] = []
        gone, came = (REMOVED, ADDED) if self.old <= self.new else (ADDED, REMOVED)
        for span, first, last in kinds:
            was, is_there = first != Change.Action.CREATE, last != Change.Action.DELETE
            if was and is_there and span.first != span.last:
                unsure.append(span)
            elif was or is_there:
                counts[CHANGED if was and is_there else gone if was else came] += 1
                spans.append(span)
        sure = {difference.place for difference in self._differences(unsure)}
        counts[CHANGED] += len(sure)
        return [*spans, *(span for span in unsure if span.place in sure)], counts

    # --- far from each other ---

    def _by_key(self, start: Place | None, most: int, *, backwards: bool) -> Found:
        rows: list[Difference] = []
        place = start
        for spans, place in self._parts(start, backwards=backwards):  # noqa: B007
            # Mostly all of them differ, and few are more than enough.
            at_once = 2 * most if len(spans) <= FIRST else CHUNK
            rows += islice(self._differences(spans, at_once), most - len(rows))
            if len(rows) >= most:
                return Found(rows, None)
        return Found(rows, None, place)

    def _parts(self, start: Place | None, *, backwards: bool) -> Iterator[tuple[list[_Span], Place | None]]:
        """What was changed among so many keys, and where to go on; a table that ends leads to the next one."""
        names = sorted((table.name for table in self.tables), key=_ORDER.__getitem__, reverse=backwards)
        if start is not None:
            names = [
                name for name in names if (_ORDER[name] <= _ORDER[start.table]) == backwards or name == start.table
            ]
        sizes, left = iter([FIRST, MORE]), 0
        for number, name in enumerate(names):
            key = start.key if start is not None and start.table == name else None
            while True:
                left = left or next(sizes, 0)
                if not left:
                    yield [], _entrance(name, key, backwards=backwards)
                    return
                keys = self._keys(name, key, left, backwards=backwards)
                ended, key = len(keys) < left, keys[-1] if keys else key
                left = left - len(keys) if ended else 0
                last = ended and number == len(names) - 1
                going_on = None if last else Place(name, key or "")
                yield self._spans(name, keys, backwards=backwards), going_on
                if ended:
                    break

    def _keys(self, table: str, start: str | None, most: int, *, backwards: bool) -> list[str]:
        """Of all changes there ever were, in the order of the index. The same key may come several times."""
        logged = Change.objects.filter(cluster=self.cluster, table=table, number__isnull=False)
        if start is not None:
            logged = logged.filter(key__lt=start) if backwards else logged.filter(key__gt=start)
        way = "-" if backwards else ""
        return list(logged.order_by(f"{way}key", f"{way}number").values_list("key", flat=True)[:most])

    def _spans(self, table: str, keys: Iterable[str], *, backwards: bool) -> list[_Span]:
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return []
        found = (
            self._between(table=table, key__in=wanted).values("key").annotate(first=Min("number"), last=Max("number"))
        )
        spans = [_Span(Place(table, row["key"]), row["first"], row["last"]) for row in found]
        return sorted(spans, key=lambda span: span.place.order, reverse=backwards)

    # --- the states ---

    def _differences(self, spans: Sequence[_Span], at_once: int = CHUNK) -> Iterator[Difference]:
        """With both states, without those that came back to what they were."""
        for at in range(0, len(spans), at_once):
            some = spans[at : at + at_once]
            before = self._states("before", [span.first for span in some])
            after = self._states("after", [span.last for span in some])
            for span in some:
                was, is_now = before[span.first], after[span.last]
                if was != is_now:
                    old, new = (was, is_now) if self.old <= self.new else (is_now, was)
                    yield Difference(TABLES[span.place.table], span.place.key, old, new)

    def _states(self, column: str, numbers: Sequence[int]) -> dict[int, Entry | None]:
        found = Change.objects.filter(cluster=self.cluster, number__in=numbers)
        return {number or 0: from_json(key, state) for number, key, state in found.values_list("number", "key", column)}


def _is_beyond(place: Place, start: Place, *, backwards: bool) -> bool:
    return place.order < start.order if backwards else place.order > start.order


def _entrance(table: str, key: str | None, *, backwards: bool) -> Place:
    """Where to go on in a table: after a key, or where it begins."""
    if key is not None:
        return Place(table, key)
    return Place(table, "\U0010ffff" if backwards else "")
