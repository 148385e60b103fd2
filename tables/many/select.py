"""Which entries are meant: those that were ticked, or all that a list's search and filter match when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from tables import entries
from tables.models import Cluster, EntryModel
from tables.scopes import Scope
from tables.sendmail.render import entry_of
from tables.sendmail.spec import ABOUT, Entry, TableSpec
from tables.streams import stream

#: Keys that one query asks for.
CHUNK = 500
_COLUMNS = ("key", "value", "comment", "enabled", "position", "above", "raw", *ABOUT)


@dataclass(frozen=True, slots=True)
class Selection:
    """``keys``: these, as far as they are there. ``None``: whatever matches ``query`` and ``state``."""

    table: TableSpec
    query: str = ""
    state: str = "all"
    keys: tuple[str, ...] | None = None


def chosen(*, scope: Scope, cluster: Cluster, selection: Selection) -> Iterator[Entry]:
    """The entries in the order of their file; of a limited person those that they may see."""
    if selection.keys is not None:
        yield from _ticked(scope, cluster, selection.table, selection.keys)
        return
    found = _matching(scope, cluster, selection).values_list(*_COLUMNS)
    yield from map(entry_of, stream(found))


def count(*, scope: Scope, cluster: Cluster, selection: Selection) -> int:
    if selection.keys is not None:
        return len(_ticked(scope, cluster, selection.table, selection.keys))
    return _matching(scope, cluster, selection).order_by().count()


def _matching(scope: Scope, cluster: Cluster, selection: Selection) -> QuerySet[EntryModel]:
    return entries.listing(
        scope=scope, cluster=cluster, table=selection.table, query=selection.query, state=selection.state
    )


def _ticked(scope: Scope, cluster: Cluster, table: TableSpec, keys: tuple[str, ...]) -> list[Entry]:
    wanted = list(dict.fromkeys(keys))
    mine = entries.seen_rows(scope=scope, cluster=cluster, table=table)
    found = [
        row.entry
        for start in range(0, len(wanted), CHUNK)
        for row in mine.filter(key__in=wanted[start : start + CHUNK])
    ]
    return sorted(found, key=lambda entry: (entry.position, entry.key))
