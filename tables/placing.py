"""Where in its file a new entry goes: after the last one of its domain, or at the end."""

from django.db.models import Max

from tables import passages
from tables.entries import rows
from tables.models import Cluster
from tables.sendmail.layout import STEP, place
from tables.sendmail.spec import TableSpec


def end_of(*, cluster: Cluster, table: TableSpec) -> int:
    """A position after everything in the file."""
    entries = rows(cluster=cluster, table=table).aggregate(last=Max("position"))["last"] or 0
    between = passages.rows_at(cluster=cluster, table=table).aggregate(last=Max("position"))["last"] or 0
    return int(max(entries, between)) + STEP


def position_for(*, cluster: Cluster, table: TableSpec, key: str) -> int:
    domain = table.domain(key)
    kin = rows(cluster=cluster, table=table).filter(domain=domain) if domain else None
    last = kin.aggregate(last=Max("position"))["last"] if kin is not None else None
    if last is None:
        return end_of(cluster=cluster, table=table)
    return place(last, _following(cluster, table, last) or last + STEP)


def positions_from(*, cluster: Cluster, table: TableSpec, first: int, count: int) -> list[int]:
    """``first`` and positions after it, before whatever follows it in the file. Without room they are all the same."""
    following = _following(cluster, table, first)
    positions = [first]
    while len(positions) < count:
        positions.append(place(positions[-1], following))
    return positions[:count]


def _following(cluster: Cluster, table: TableSpec, position: int) -> int | None:
    between = passages.rows_at(cluster=cluster, table=table)
    found = [
        things.filter(position__gt=position).order_by("position").values_list("position", flat=True).first()
        for things in (rows(cluster=cluster, table=table), between)
    ]
    return min((place for place in found if place is not None), default=None)
