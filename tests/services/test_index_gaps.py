"""After a large load a search reads the table until its words are indexed, and finds the same."""

from __future__ import annotations

import pytest
from django.db import connection

from tables import bulk, entries, housekeeping
from tables.entries import get_cluster
from tables.models import IndexGap
from tables.scopes import EVERYTHING
from tables.searching import gaps, index
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import delete, save

pytestmark = pytest.mark.django_db

TABLE = TABLES["virtusertable"]


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "LARGE", 3)


@pytest.fixture
def loaded() -> None:
    made = [Entry(f"user{number}@here.example", "root", position=number << 32) for number in range(1, 6)]
    bulk.load(cluster=get_cluster(), table=TABLE, entries=made)


def found(query: str) -> list[str]:
    finder = entries.finder(scope=EVERYTHING, cluster=get_cluster(), table=TABLE, query=query)
    return [row.key for row in finder.read(most=50).rows]


def indexed() -> int:
    """Documents of the index."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {index.words('tables_virtualuser')}")  # noqa: S608
        return int(cursor.fetchone()[0])


def test_until_it_is_made_the_table_is_read(loaded: None) -> None:
    assert (IndexGap.objects.count(), indexed()) == (1, 0)
    assert found("user3") == ["user3@here.example"]
    save(None, "virtusertable", "new-one@here.example", "root")
    delete(None, "virtusertable", "user3@here.example")
    assert found("new-one") == ["new-one@here.example"]
    assert found("user3") == []


def test_it_is_made_once_and_then_used(loaded: None) -> None:
    save(None, "virtusertable", "new-one@here.example", "root")
    assert gaps.close_all() == 1
    assert gaps.close_all() == 0
    assert indexed() == 2  # sixteen lines of the file make one, and the new entry has one of its own
    assert found("user3") == ["user3@here.example"]
    assert found("new-one") == ["new-one@here.example"]


def test_house_keeping_makes_it(loaded: None) -> None:
    assert "The words of 1 tables were indexed." in list(housekeeping.keep())


def test_a_small_load_is_indexed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "LARGE", 6)
    made = [Entry(f"user{number}@here.example", "root", position=number << 32) for number in range(1, 6)]
    bulk.load(cluster=get_cluster(), table=TABLE, entries=made)
    assert not IndexGap.objects.exists()
    assert indexed() == 1
