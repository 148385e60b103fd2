"""Whether the panel can serve: its database answers and has the tables of this version."""

from __future__ import annotations

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


class NotReady(Exception):
    """What is missing, and what to do."""


def refuse_unready() -> None:
    """Raises :class:`NotReady`. Once the tables are there they are not asked for again: that takes reading files."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _refuse_unmigrated()
    except DatabaseError as error:
        connection.close()
        raise NotReady("The database does not answer. See whether it runs.") from error


@cache
def _refuse_unmigrated() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"The database lacks {len(missing)} migrations. Run manage.py migrate.")
