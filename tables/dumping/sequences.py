"""The numbers that a database gave to rows, also to those that are gone: history names them, so none comes again."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max, Model


def last_id(model: type[Model]) -> int:
    table = model._meta.db_table
    highest: int = model._default_manager.aggregate(found=Max("pk"))["found"] or 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {cursor.fetchone()[0]}")  # noqa: S608
        else:
            cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        return max(highest, int(cursor.fetchone()[0]))


def go_on(model: type[Model], after: int) -> None:
    if not after:
        return
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, after])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, after])
