"""Telling the publishers that there is something to do. Whoever misses it finds out when they look next."""

from __future__ import annotations

from django.db import connection

from tables.models import Cluster

#: What publishers LISTEN on; the cluster's name comes with it.
CHANNEL = "mailadmin_publish"


def wake(cluster: Cluster) -> None:
    """Heard when the transaction that this is part of is committed, and only then. SQLite has nothing of the kind."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, cluster.name])
