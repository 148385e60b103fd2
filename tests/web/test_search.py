"""One search box over all tables."""

from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables.models import Alias, Cluster
from tests.services.editing import save
from tests.web.visits import text, visitor


@pytest.fixture
def some(alice: User) -> None:
    save(alice, "aliases", "info", "alice", comment="for example.com")
    save(alice, "virtusertable", "info@example.com", "info")
    save(alice, "access", "from:spam.example.net", "REJECT")


def tables_found(response: Any) -> list[str]:
    return [group["table"].name for group in response.context["groups"]]


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("info", ["aliases", "virtusertable"]),
        ("EXAMPLE.COM", ["aliases", "virtusertable"]),
        ("reject", ["access"]),
        ("info for", ["aliases"]),
        ("nobody", []),
        ("", []),
        ("\x00", []),
    ],
)
def test_matches_are_grouped_by_table(alice: User, some: None, query: str, tables: list[str]) -> None:
    assert tables_found(visitor(alice).get("/search/", {"q": query})) == tables


def test_a_match_leads_to_its_entry(alice: User, some: None) -> None:
    page = text(visitor(alice).get("/search/?q=spam"))

    assert "/tables/access/edit/?key=from%3Aspam.example.net" in page


def test_nothing_found_says_where_was_looked(alice: User, some: None) -> None:
    assert "Nothing found" in text(visitor(alice).get("/search/?q=nobody"))


def test_many_matches_in_one_table_lead_to_all_of_them(alice: User, cluster: Cluster) -> None:
    Alias.objects.bulk_create(Alias(cluster=cluster, key=f"user{n:02}", value="x", position=n) for n in range(30))

    response = visitor(alice).get("/search/?q=user")

    (group,) = response.context["groups"]
    assert len(group["rows"]) == 20
    assert "More than 20: show all in aliases" in text(response)
    assert group["url"] == "/tables/aliases/?q=user"


def test_htmx_gets_only_the_results(alice: User, some: None) -> None:
    response = visitor(alice).get("/search/?q=info", headers={"HX-Request": "true"})

    assert response.content.lstrip().startswith(b'<div id="search-results"')
    assert "Found in 2 tables" in text(response)


def test_a_query_is_data_and_never_markup(alice: User) -> None:
    response = visitor(alice).get("/search/", {"q": '"><script>alert(1)</script>'})

    assert b"<script>alert" not in response.content
