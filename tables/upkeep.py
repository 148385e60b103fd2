"""What SQLite would else do within somebody's request. PostgreSQL has processes of its own for the like.

Parts of the indexes of words are merged, and the journal is put back into the database's file.
"""

from __future__ import annotations

from django.db import connection

from tables.searching import index

#: Pages that one merging writes, for which others who write wait; and how often it is done for a table at a time.
PAGES, ROUNDS = 64, 50


def keep() -> None:
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    for table in index.TABLES:
        for _round in range(ROUNDS):
            if not index.merge(connection, table=table, pages=PAGES):
                break
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
