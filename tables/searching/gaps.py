"""Tables that a large load filled without the index of their words, which is made afterwards, by itself."""

from __future__ import annotations

from django.db import connection, transaction

from tables.models import ENTRY_MODELS, Cluster, IndexGap
from tables.searching import index
from tables.sendmail.spec import TableSpec

#: Entries from which on a load leaves its index for later: of fewer it is made in a moment.
LARGE = 20_000


def settle(*, cluster: Cluster, table: TableSpec, count: int) -> None:
    """After a load of ``count`` entries without the index: make it, or note that it is to be made."""
    if count < LARGE:
        _make(cluster, table.name)
    else:
        IndexGap.objects.get_or_create(cluster=cluster, table=table.name)


def is_open(*, cluster: Cluster, table: TableSpec) -> bool:
    return IndexGap.objects.filter(cluster=cluster, table=table.name).exists()


def close_all() -> int:
    """Make what is missing; how many tables. Once is enough, whoever does it first."""
    return sum(_close(gap) for gap in IndexGap.objects.select_related("cluster"))


@transaction.atomic
def _close(gap: IndexGap) -> bool:
    # The cluster first: nobody writes entries meanwhile, and a second maker waits and finds nothing to do.
    Cluster.objects.select_for_update(no_key=True).get(pk=gap.cluster_id)
    if not IndexGap.objects.filter(pk=gap.pk).exists():
        return False
    _make(gap.cluster, gap.table)
    gap.delete()
    return True


def _make(cluster: Cluster, table: str) -> None:
    index.make_anew(connection, table=ENTRY_MODELS[table]._meta.db_table, cluster=cluster.pk)
