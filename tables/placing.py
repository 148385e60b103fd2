"""Where in its file a new entry goes: after the last one of its domain, or at the end."""

from django.db.models import Max

from tables.entries import rows
from tables.models import Cluster, FilePassage
from tables.sendmail.layout import STEP, place
from tables.sendmail.spec import TableSpec


def end_of(*, cluster: Cluster, table: TableSpec) -> int:
    """A position after everything in the file."""
    entries = rows(cluster=cluster, table=table).aggregate(last=Max("position"))["last"] or 0
    passages = (
        FilePassage.objects.filter(cluster=cluster, table=table.name).aggregate(last=Max("position"))["last"] or 0
    )
    return int(max(entries, passages)) + STEP


def position_for(*, cluster: Cluster, table: TableSpec, key: str) -> int:
    domain = table.domain(key)
    kin = rows(cluster=cluster, table=table)
    last = kin.filter(domain=domain).aggregate(last=Max("position"))["last"] if domain else None
    if last is None:
        return end_of(cluster=cluster, table=table)
    following = [
        kin.filter(position__gt=last).order_by("position").values_list("position", flat=True).first(),
        FilePassage.objects.filter(cluster=cluster, table=table.name, position__gt=last)
        .order_by("position")
        .values_list("position", flat=True)
        .first(),
    ]
    return place(last, min((found for found in following if found is not None), default=last + STEP))
