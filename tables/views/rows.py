"""Entries as a list shows them: what they put at risk, what is wrong with them, and which open request holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tables.entries import look_around
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.views.beside import Troubles, troubles_of


@dataclass(frozen=True, slots=True)
class Row:
    entry: Entry
    risks: list[Risk]
    held_by: ChangeRequest | None
    troubles: Troubles | None


class _Notebook:
    """A look-around that first only notes what is asked, then answers all of it with one query a table.

    The risk of one entry asks about a handful of other keys; fifty entries must not ask the database fifty times.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._look = look_around(cluster)
        self._asked: dict[str, dict[str, None]] = {}
        self._known: dict[str, Mapping[str, str]] = {}

    def note(self, table: str, keys: Iterable[str]) -> Mapping[str, str]:
        self._asked.setdefault(table, {}).update(dict.fromkeys(keys))
        return {}

    def read(self) -> None:
        self._known = {table: self._look(table, keys) for table, keys in self._asked.items() if keys}

    def answer(self, table: str, keys: Iterable[str]) -> Mapping[str, str]:
        known = self._known.get(table, {})
        return {key: known[key] for key in keys if key in known}


#: A table, and an entry of it before and after.
Step = tuple[TableSpec, Entry | None, Entry | None]


def risks_of_steps(cluster: Cluster, steps: Sequence[Step]) -> list[list[Risk]]:
    """What each step puts at risk, with as many queries as there are tables to look at."""
    notebook = _Notebook(cluster)
    for table, before, after in steps:
        table.risks(before, after, notebook.note)
    notebook.read()
    return [sorted(table.risks(before, after, notebook.answer)) for table, before, after in steps]


def holders(cluster: Cluster, table: TableSpec, keys: Iterable[str]) -> dict[str, ChangeRequest]:
    """The open request that holds each of these keys, for those that are held."""
    held = Change.objects.filter(cluster=cluster, table=table.name, key__in=list(keys), holds=True)
    return {change.key: change.request for change in held.select_related("request")}


def waiting(cluster: Cluster, table: TableSpec, most: int) -> list[Change]:
    """Changes of open requests that hold a key of this table, the latest first; their entries need not exist yet."""
    held = Change.objects.filter(cluster=cluster, table=table.name, holds=True)
    return list(held.select_related("request").order_by("-id")[:most])


def rows_of(cluster: Cluster, table: TableSpec, entries: Sequence[Entry]) -> list[Row]:
    held = holders(cluster, table, [entry.key for entry in entries])
    # By standing there: as if it were new.
    risks = risks_of_steps(cluster, [(table, None, entry) for entry in entries])
    troubles = troubles_of(cluster, table, entries)
    return [
        Row(entry, risk, held.get(entry.key), troubles.get(entry.key))
        for entry, risk in zip(entries, risks, strict=True)
    ]
