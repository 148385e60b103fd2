"""The states by which a loaded installation is held against the dumped one: of each table now, and at releases."""

from __future__ import annotations

from typing import Any

from tables.models import ENTRY_MODELS, Cluster, Release
from tables.releases import whole_rows_at
from tables.sendmail.tables import TABLES
from tables.states import table_digest

#: Entries that are read at most for releases beside the newest state; of more releases some are taken, evenly.
MOST = 5_000_000


def states() -> tuple[dict[str, list[Any]], int]:
    """What stands in each table of each cluster now and at releases, and how many releases that are."""
    found: dict[str, list[Any]] = {}
    releases = 0
    for cluster in Cluster.objects.order_by("pk"):
        numbers = _chosen(cluster)
        releases += len(numbers)
        for number in sorted({cluster.last_change, *numbers}):
            for table in TABLES.values():
                rows = whole_rows_at(cluster=cluster, table=table, change_number=number, by="key")
                found[f"{cluster.name} {table.name} {number}"] = list(table_digest(rows))
    return found, releases


def _chosen(cluster: Cluster) -> list[int]:
    numbers = list(Release.objects.filter(cluster=cluster).order_by("number").values_list("change_number", flat=True))
    count = sum(model._default_manager.filter(cluster=cluster).count() for model in ENTRY_MODELS.values())
    step = max(1, -(-len(numbers) * max(count, 1) // MOST))
    return numbers[::-1][::step]
