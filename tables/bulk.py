"""Many new rows at once, by the quickest way that each database has."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from django.db import connection
from django.db.models import Model

from tables.models import ENTRY_MODELS, Cluster
from tables.searching import gaps, index
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.territory import zone
from tables.unindexed import unindexed

#: Rows that one call takes.
CHUNK = 5000
#: Rows of one statement of SQLite, where each statement takes as long as the values of five rows.
TOGETHER = 50

COLUMNS = ("cluster_id", "key", "domain", "zone", "value", "comment", "enabled", "position", "above", "raw")


def load(*, cluster: Cluster, table: TableSpec, entries: Iterable[Entry]) -> None:
    """Insert entries into a table that holds none of their keys."""
    model = ENTRY_MODELS[table.name]
    with index.left_alone(connection, table=model._meta.db_table), unindexed(model), uncollected():
        insert(model=model, columns=COLUMNS, rows=_values(cluster, table, entries))
    gaps.settle(cluster=cluster, table=table, count=model._default_manager.filter(cluster=cluster).count())


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles meanwhile: a stream of rows makes none, and looking through millions of them is 2 %."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def insert(*, model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows of values as the database has them (JSON as text), in the order of ``columns``."""
    name = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    values = iter(rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            start = f"INSERT INTO {name} ({names}) VALUES "  # noqa: S608  our own names
            one = f"({', '.join(['%s'] * len(columns))})"
            # By parts: Django keeps a copy of all that it has handed to one executemany.
            while part := list(islice(values, CHUNK)):
                whole = len(part) - len(part) % TOGETHER
                some = [list(chain.from_iterable(part[at : at + TOGETHER])) for at in range(0, whole, TOGETHER)]
                cursor.executemany(start + ", ".join([one] * TOGETHER), some)
                cursor.executemany(start + one, part[whole:])


def update(*, model: type[Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write some columns of rows that there are: each is its primary key, then the values in the order of ``columns``.

    Django's own way asks for each value by CASE: for 100,000 rows of ten columns it took seven minutes, and this 2 s.
    """
    fields = [field for column in columns for field in model._meta.concrete_fields if field.name == column]
    name, key = map(connection.ops.quote_name, (model._meta.db_table, "id"))
    names = [connection.ops.quote_name(str(field.column)) for field in fields]
    made = [
        (pk, *(field.get_db_prep_save(value, connection) for field, value in zip(fields, values, strict=True)))
        for pk, *values in rows
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One statement for many rows, because the index of words follows each statement; by lists, because a
            # statement with a place for each value takes psycopg as long to take apart as the database to carry out.
            types = ["bigint", *(str(field.db_type(connection)) for field in fields)]
            lists = ", ".join(f"%s::{type_}[]" for type_ in types)
            wanted = ", ".join(f"{column} = v.{column}" for column in names)
            statement = (
                f"UPDATE {name} SET {wanted} FROM unnest({lists}) AS v(pk, {', '.join(names)}) "  # noqa: S608
                f"WHERE {name}.{key} = v.pk"
            )
            for start in range(0, len(made), CHUNK):
                cursor.execute(statement, [list(column) for column in zip(*made[start : start + CHUNK], strict=True)])
        else:
            wanted = ", ".join(f"{column} = %s" for column in names)
            turned = [(*values, pk) for pk, *values in made]
            cursor.executemany(f"UPDATE {name} SET {wanted} WHERE {key} = %s", turned)  # noqa: S608  our own names


def _values(cluster: Cluster, table: TableSpec, entries: Iterable[Entry]) -> Iterator[tuple[Any, ...]]:
    pk, domain = cluster.pk, table.domain
    for entry in entries:
        yield (
            pk,
            entry.key,
            domain(entry.key),
            zone(table, entry.key),
            entry.value,
            entry.comment,
            entry.enabled,
            entry.position,
            entry.above,
            entry.raw,
        )
