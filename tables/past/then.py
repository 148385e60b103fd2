"""A page of a table as it was after some change, in bounded time wherever in the table it is.

The state then is the head without the keys that changed later, and what those keys were before their first later
change. Both are read from a place in the file on, so many rows at a time, and what belongs to them is looked up by
key: never the table, never the change log. Where so many rows hold nothing of the page, the look ends before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import repeat
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from tables import entries
from tables.models import Change, Cluster
from tables.releases import WHOLE
from tables.scopes import Scope
from tables.searching.finder import Place
from tables.sendmail.international import word_to_ascii
from tables.sendmail.render import WholeRow, entry_of, whole_row_of
from tables.sendmail.secret import AUTH_PREFIX, MARKS
from tables.sendmail.spec import Entry, TableSpec
from tables.states import from_json

#: Words in which JSON escapes nothing.
_PLAIN = re.compile(r"[\w.@+-]+", re.ASCII)
#: Rows that are looked at for one page: so many first, then so many more, and then the look ends.
FIRST, MORE = 200, 1000


@dataclass(frozen=True, slots=True)
class Found:
    """Entries in the order in which they were looked for, and where the look ended if that was not at the end."""

    entries: list[Entry]
    stopped: Place | None = None


def place_of(entry: Entry) -> Place:
    return entry.position, entry.key


@dataclass(frozen=True, slots=True)
class Then:
    """A table after one change, as one person may see it; ``query``: words that each stand in key, value or comment.

    A person who sees some domains only is not shown how far a look came: all of theirs is read.
    """

    scope: Scope
    cluster: Cluster
    table: TableSpec
    change_number: int
    query: str = ""
    words: list[set[str]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        spellings = [{word.lower(), word_to_ascii(word).lower()} for word in self.query.split()]
        object.__setattr__(self, "words", spellings)

    @property
    def is_now(self) -> bool:
        return self.change_number >= self.cluster.last_change

    def read(self, *, start: Place | None = None, backwards: bool = False, most: int) -> Found:
        """Up to ``most`` entries from a place on. Read it within :func:`tables.snapshots.snapshot`."""
        head = self._look(self._head(start, most, backwards=backwards), most)
        if self.is_now:
            return head
        before = self._look(self._before(start, most, backwards=backwards), most)
        stops = [found.stopped for found in (head, before) if found.stopped is not None]
        stop = (max if backwards else min)(stops) if stops else None
        rows = sorted([*head.entries, *before.entries], key=place_of, reverse=backwards)
        if stop is not None:
            rows = [one for one in rows if (place_of(one) >= stop if backwards else place_of(one) <= stop)]
        return Found(rows[:most], stop if len(rows) < most else None)

    @staticmethod
    def _look(parts: Iterator[tuple[list[Entry], Place | None]], most: int) -> Found:
        """Part after part until there is enough; each says where the next one goes on."""
        found: list[Entry] = []
        stopped: Place | None = None
        for some, stopped in parts:  # noqa: B007
            found += some
            if len(found) >= most:
                return Found(found[:most])
        return Found(found, stopped)

    def _sizes(self, most: int) -> Iterable[int]:
        if self.scope.limited:
            return repeat(MORE)
        return [max(most, FIRST), MORE] if not self.is_now or self.query else [most]

    # --- what stands and stood ---

    def _head(self, start: Place | None, most: int, *, backwards: bool) -> Iterator[tuple[list[Entry], Place | None]]:
        place = start
        for size in self._sizes(most):
            rows, place, ended = self._standing(place, size, backwards=backwards)
            changed = self._changed([row[0] for row in rows])
            yield [entry_of(row) for row in rows if row[0] not in changed], place
            if ended:
                return

    def _standing(
        self, start: Place | None, size: int, *, backwards: bool
    ) -> tuple[Sequence[WholeRow], Place | None, bool]:
        """Rows of the head, where to go on, and whether no more are to be looked for."""
        if self.query.split():
            finder = entries.finder(scope=self.scope, cluster=self.cluster, table=self.table, query=self.query)
            condition = None if start is None else _beyond("position", start, backwards=backwards)
            found = finder.read(start=start, place=condition, backwards=backwards, most=size)
            models = [whole_row_of(row.entry) for row in found.rows]
            place = found.stopped or (_place(models[-1]) if len(models) == size else None)
            return models, place, place is None or found.stopped is not None
        standing = entries.seen_rows(scope=self.scope, cluster=self.cluster, table=self.table)
        if start is not None:
            standing = standing.filter(_beyond("position", start, backwards=backwards))
        way = "-" if backwards else ""
        rows = list(standing.order_by(f"{way}position", f"{way}key").values_list(*WHOLE)[:size])
        place = _place(rows[-1]) if len(rows) == size else None
        return rows, place, place is None

    def _changed(self, keys: Sequence[str]) -> set[str]:
        if self.is_now or not keys:
            return set()
        return set(self._later().filter(key__in=keys).order_by().values_list("key", flat=True).distinct())

    # --- what was changed since ---

    def _before(self, start: Place | None, most: int, *, backwards: bool) -> Iterator[tuple[list[Entry], Place | None]]:
        """What keys were that changed later, by where they stood. All changes of a place are looked at, of any time:
        the index has them side by side."""
        place = start
        way = "-" if backwards else ""
        order = (f"{way}before_position", f"{way}key")
        logged = Change.objects.filter(cluster=self.cluster, table=self.table.name, number__isnull=False)
        logged = logged.filter(self.scope.lines(), before_position__isnull=False).order_by(*order)
        logged = logged.annotate(before_text=Cast("before", TextField())) if self.words else logged
        for size in self._sizes(most):
            found = logged if place is None else logged.filter(_beyond("before_position", place, backwards=backwards))
            last = found.values_list("before_position", "key")[size - 1 : size].first()
            place = (last[0] or 0, last[1]) if last else None
            if place is not None:
                found = found.filter(~_beyond("before_position", place, backwards=backwards))
            states = found.filter(self._first_later(), *map(_may_hold, self.words)).values_list("key", "before")
            entries = [entry for key, before in states if (entry := from_json(key, before)) and self.matches(entry)]
            yield entries, place
            if place is None:
                return

    def _first_later(self) -> Q:
        """A change that was the first of its key after then."""
        earlier = self._later().filter(key=OuterRef("key"), number__lt=OuterRef("number"))
        return Q(number__gt=self.change_number) & ~Q(Exists(earlier))

    def _later(self) -> QuerySet[Change]:
        return Change.objects.filter(cluster=self.cluster, table=self.table.name, number__gt=self.change_number)

    # --- words ---

    def matches(self, entry: Entry) -> bool:
        """As :func:`tables.entries.listing` does: where a password may stand nothing matches."""
        texts = [entry.key, *self._searched(entry)]
        return all(any(spelling in text.lower() for text in texts for spelling in word) for word in self.words)

    def _searched(self, entry: Entry) -> Iterator[str]:
        hides = self.table.holds_passwords
        if not hides or not (_has_mark(entry.value) or entry.key.startswith(AUTH_PREFIX)):
            yield entry.value
        if not hides or not _has_mark(entry.comment):
            yield entry.comment


def _may_hold(word: set[str]) -> Q:
    """What the database can tell of a word before: whether it stands anywhere in what an entry was, as far as JSON
    leaves it as it is."""
    if not all(_PLAIN.fullmatch(spelling) for spelling in word):
        return Q()
    return reduce(or_, (Q(key__icontains=spelling) | Q(before_text__icontains=spelling) for spelling in word))


def _has_mark(text: str) -> bool:
    folded = text.lower()
    return any(mark in folded for mark in MARKS)


def _place(row: WholeRow) -> Place:
    return row[4], row[0]


def _beyond(column: str, place: Place, *, backwards: bool) -> Q:
    """What comes after a place. The first condition alone lets the database start in its index."""
    position, key = place
    edge, beyond = ("lte", "lt") if backwards else ("gte", "gt")
    return Q(**{f"{column}__{edge}": position}) & (
        Q(**{f"{column}__{beyond}": position}) | Q(**{f"key__{beyond}": key})
    )
