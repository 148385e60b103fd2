"""SQLite's chores are done beside: by the publisher, not within somebody's request."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from mailadmin.accounts.models import User
from tables import entries, housekeeping, upkeep
from tables.models import Cluster
from tables.scopes import EVERYTHING
from tables.searching import index
from tests.services.editing import save

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture(autouse=True)
def no_transaction_around(transactional_db: None) -> None:
    """The chores are not done within one."""


def found(cluster: Cluster) -> list[str]:
    groups = entries.search(scope=EVERYTHING, cluster=cluster, query="store")
    return [entry.key for group in groups for entry in group.entries]


def asked(statement: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def parts(table: str) -> int:
    """Segments that an index of words consists of: each has its pages in a row of its own numbers."""
    return len(asked(f"SELECT DISTINCT segid FROM {index.words(table)}_idx"))  # noqa: S608


def test_an_index_of_words_is_merged_beside_and_says_the_same(alice: User, cluster: Cluster) -> None:
    for number in range(12):
        save(alice, "virtusertable", f"user{number}@example.com", f"box{number}@store.example")
    assert parts("tables_virtualuser") >= 12
    before = found(cluster)

    upkeep.keep()

    assert parts("tables_virtualuser") < 4
    assert found(cluster) == before
    assert len(before) == 12
    assert asked("INSERT INTO tables_virtualuser_words(tables_virtualuser_words) VALUES ('integrity-check')") == []


def test_no_index_is_merged_by_whatever_writes() -> None:
    for table in index.TABLES:
        assert asked(f"SELECT v FROM {index.words(table)}_config WHERE k = 'automerge'") == [(0,)]  # noqa: S608


def test_the_journal_is_back_in_the_file(alice: User) -> None:
    save(alice, "aliases", "sales", "root")
    list(housekeeping.keep())
    _busy, frames, done = asked("PRAGMA wal_checkpoint(PASSIVE)")[0]
    assert frames == done


def test_within_a_transaction_nothing_is_done(alice: User) -> None:
    for number in range(6):
        save(alice, "aliases", f"name{number}", "root")
    before = parts("tables_alias")
    with transaction.atomic():
        upkeep.keep()
    assert parts("tables_alias") == before
