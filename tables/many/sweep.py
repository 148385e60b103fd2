"""Every place in the seven tables where a person, an address or a domain stands, and another put there, or none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from django.db.models import Q

from tables import entries
from tables.errors import ChangeError
from tables.many.rows import Row
from tables.models import Cluster
from tables.scopes import Scope
from tables.sendmail import mentions
from tables.sendmail.mentions import Sought, What
from tables.sendmail.render import changed, entry_of, renamed
from tables.sendmail.spec import ABOUT, Entry, TableSpec
from tables.sendmail.tables import TABLES, normalise_key
from tables.streams import stream

#: Where something may stand in an entry.
PLACES = ("key", "value", "owner")
_COLUMNS = ("key", "value", "comment", "enabled", "position", "above", "raw", *ABOUT)


@dataclass(frozen=True, slots=True)
class Sweep:
    """``other`` takes the place of ``sought`` in ``places``; without one it is taken out of them."""

    sought: Sought
    other: Sought | None
    places: tuple[str, ...] = PLACES


def read(text: str, what: str = "") -> Sought:
    """What somebody looks for. Raises :class:`ChangeError`."""
    try:
        return mentions.read(text, what)
    except mentions.NothingSoughtError as error:
        raise ChangeError(str(error)) from error


def sweep_of(*, sought: Sought, put: str, remove: bool, places: Collection[str]) -> Sweep:
    """Raises :class:`ChangeError` where that makes no sense anywhere."""
    where = tuple(place for place in PLACES if place in places)
    if not where:
        raise ChangeError("Nowhere to look is chosen. Choose keys, values or owners.")
    if remove:
        return Sweep(sought, None, where)
    other = read(put, sought.what if sought.what is What.DOMAIN else "")
    if sought.what is not What.DOMAIN and other.what is What.DOMAIN:
        # A name with dots is a user's, too: j.smith.
        other = read(put, What.PERSON)
    if other == sought:
        raise ChangeError(f"“{sought.text}” would be put in its own place. Write another one.")
    return Sweep(sought, other, where)


def found(*, scope: Scope, cluster: Cluster, sought: Sought) -> Iterator[tuple[TableSpec, Entry, tuple[str, ...]]]:
    """Each entry in which it stands, in the order of the tables and of their files, and where in it.

    A pass over each whole table in the database: the index of words is for a page of matches, this is for all of them.
    """
    for name in scope.tables:
        table = TABLES[name]
        for entry in _candidates(scope, cluster, table, sought):
            if where := places_in(table, entry, sought):
                yield table, entry, where


def _candidates(scope: Scope, cluster: Cluster, table: TableSpec, sought: Sought) -> Iterator[Entry]:
    mine = entries.seen_rows(scope=scope, cluster=cluster, table=table)
    has = Q(key__icontains=sought.needle) | Q(owner__iexact=sought.text)
    if table.has_value:
        has |= Q(value__icontains=sought.needle)
    rows = mine.filter(has).order_by("position", "key").values_list(*_COLUMNS)
    yield from map(entry_of, stream(rows))


def places_in(table: TableSpec, entry: Entry, sought: Sought) -> tuple[str, ...]:
    stands = {
        "key": mentions.in_key(table, entry.key, sought),
        "value": mentions.in_value(table, entry.value, sought),
        "owner": entry.owner.lower() == sought.text,
    }
    return tuple(place for place in PLACES if stands[place])


def rows(*, scope: Scope, cluster: Cluster, sweep: Sweep) -> Iterator[Row]:
    """What becomes of each entry in which it stands where it is to be replaced or removed."""
    wanted = found(scope=scope, cluster=cluster, sought=sweep.sought)
    return _rows(wanted, sweep)


def _rows(wanted: Iterable[tuple[TableSpec, Entry, tuple[str, ...]]], sweep: Sweep) -> Iterator[Row]:
    for table, entry, stands in wanted:
        where = [place for place in stands if place in sweep.places]
        if where and sweep.other:
            yield _replaced(table, entry, where, sweep.sought, sweep.other)
        elif where:
            yield _removed(table, entry, where, sweep.sought)


def _replaced(table: TableSpec, entry: Entry, where: Collection[str], sought: Sought, other: Sought) -> Row:
    after = entry
    if "value" in where:
        after = changed(table, after, value=mentions.other_value(table, entry.value, sought, other))
    if "owner" in where:
        after = replace(after, owner=other.text)
    if "key" in where:
        after = renamed(table, after, normalise_key(table, mentions.other_key(table, entry.key, sought, other)))
    return Row(table, entry, after)


def _removed(table: TableSpec, entry: Entry, where: Collection[str], sought: Sought) -> Row:
    if "key" in where:
        return Row(table, entry, None, note="Its key is what is removed.")
    after = entry
    if "value" in where:
        left = mentions.without(table, entry.value, sought)
        if not left:
            return Row(table, entry, None, note="Nothing else stands in its value, so all of it goes.")
        after = changed(table, after, value=left)
    return Row(table, entry, replace(after, owner="") if "owner" in where else after)
