"""Rows of a large answer, a part at a time, as the database's own tuples: no model, no conversion, memory bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Func, QuerySet

#: Rows that are fetched at a time.
FETCH = 2000
#: The smallest number that a column has.
_LEAST = -(2**63)


def stream(found: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    """What ``found.values_list(…)`` says. A yes or no comes from SQLite as 1 or 0; texts and numbers are themselves.

    Half the time of ``iterator()``, which looks at every value of every row for something to convert.
    """
    try:
        statement, parameters = found.query.sql_with_params()
    except EmptyResultSet:  # nothing can match, which Django knows without asking
        return
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(statement, parameters)
        while rows := cursor.fetchmany(FETCH):
            yield from rows


class Sorted(Func):
    """A column to sort all rows by: on SQLite without its index, which would fetch each row from another page."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


def by_key(found: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """All of a table's entries in the order of their keys.

    That they have a position is said for SQLite: it then reads them by the index of positions, which is mostly the
    order in which they lie there, and not by one of the others that know the cluster.
    """
    return found.filter(position__gte=_LEAST).order_by(Sorted(F("key")))
