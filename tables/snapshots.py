"""One consistent view of the database over several queries, without keeping writers out."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside comes from one moment. Inside an open transaction it leaves things as they are."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        yield from _sqlite_snapshot()


def _sqlite_snapshot() -> Iterator[None]:
    """``atomic()`` would take SQLite's write lock (transaction_mode IMMEDIATE); a deferred transaction only reads."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
