"""A large load does without indexes, and they are all there again however it ends."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from tables import bulk
from tables.entries import get_cluster
from tables.models import VirtualUser
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.unindexed import unindexed

pytestmark = pytest.mark.django_db

TABLE = TABLES["virtusertable"]


def constraints() -> dict[str, Any]:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, VirtualUser._meta.db_table)


def load(*keys: str) -> None:
    entries = [Entry(f"{key}@here.example", "root", position=number) for number, key in enumerate(keys, start=1)]
    bulk.load(cluster=get_cluster(), table=TABLE, entries=entries)


def test_all_of_them_are_there_again() -> None:
    before = constraints()
    with unindexed(VirtualUser):
        inside = constraints()
    assert constraints() == before
    assert len(inside) < len(before) - 3
    load("a", "b")
    assert constraints() == before
    assert VirtualUser.objects.count() == 2


def test_a_load_that_fails_leaves_everything_as_it_was() -> None:
    before = constraints()
    with pytest.raises(Exception, match=r"(?i)unique"), transaction.atomic():
        load("a", "a")
    assert constraints() == before
    assert not VirtualUser.objects.exists()


def test_a_table_that_holds_something_keeps_its_indexes() -> None:
    load("a")
    before = constraints()
    with unindexed(VirtualUser):
        assert constraints() == before
