"""Entries as a list shows them: what they put at risk, what is wrong with them, and which open request holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tables.entries import look_around
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.risk.together import risks_apart
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.views.beside import Troubles, troubles_of


@dataclass(frozen=True, slots=True)
class Row:
    entry: Entry
    risks: list[Risk]
    held_by: ChangeRequest | None
    troubles: Troubles | None


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
    risks = risks_apart([(table, None, entry) for entry in entries], look_around(cluster))
    troubles = troubles_of(cluster, table, entries)
    return [
        Row(entry, sorted(risk), held.get(entry.key), troubles.get(entry.key))
        for entry, risk in zip(entries, risks, strict=True)
    ]
