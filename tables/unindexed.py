"""A table of the database without its indexes while it is filled: built at the end they cost a fifth of the time.

Only for a table that holds nothing at all, within the transaction that fills it: nobody else misses what is not there,
and if the load fails all of it is as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model

#: (what takes it away, what brings it back), in the order in which it is brought back.
Parts = list[tuple[str, str]]


@contextmanager
def unindexed(model: type[Model]) -> Iterator[None]:
    """Fill the empty table of ``model`` inside; one that holds anything keeps its indexes."""
    parts = [] if model._default_manager.exists() else _parts(model._meta.db_table)
    for take, _bring in reversed(parts):
        _execute(take)
    yield
    for _take, bring in parts:
        _execute(bring)


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _parts(table: str) -> Parts:
    return _parts_of_postgresql(table) if connection.vendor == "postgresql" else _parts_of_sqlite(table)


def _parts_of_sqlite(table: str) -> Parts:
    found = _ask(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = %s", table
    )
    return [(f"DROP INDEX {_quoted(name)}", definition) for name, definition in found]


def _parts_of_postgresql(table: str) -> Parts:
    """Foreign keys too, but nothing that a constraint stands on.

    They are looked up for each row at the end, and that keeps indexes from being built before.
    """
    keys = _ask(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
        table,
    )
    indexes = _ask(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE NOT indisprimary AND indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint "
        "WHERE conindid = indexrelid AND conrelid = indrelid AND contype IN ('u', 'x'))",
        table,
    )
    alter = f"ALTER TABLE {_quoted(table)}"
    return [
        *(
            (f"{alter} DROP CONSTRAINT {_quoted(name)}", f"{alter} ADD CONSTRAINT {_quoted(name)} {definition}")
            for name, definition in keys
        ),
        *((f"DROP INDEX {name}", definition) for name, definition in indexes),
    ]


def _ask(statement: str, *parameters: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
