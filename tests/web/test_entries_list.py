"""The list of a table."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mailadmin.accounts.models import User
from tables.entries import get_cluster
from tables.models import ENTRY_MODELS, Cluster, VirtualUser
from tests.services.editing import delete, save, switch
from tests.web.visits import text, visitor


@pytest.fixture
def hundred(alice: User) -> list[str]:
    """Entries put in directly, as a baseline does: 120 of them."""
    keys = [f"user{number:03}@example.com" for number in range(120)]
    VirtualUser.objects.bulk_create(
        VirtualUser(cluster=get_cluster(), key=key, value=f"local{number}", position=(number + 1) << 32)
        for number, key in enumerate(keys)
    )
    return keys


def keys_on(response: Any) -> list[str]:
    return [row.entry.key for row in response.context["rows"]]


def test_entries_come_in_the_order_of_their_file(alice: User) -> None:
    for key in ("zoe", "adam", "mia"):
        save(alice, "aliases", key, "root")

    assert keys_on(visitor(alice).get("/tables/aliases/")) == ["zoe", "adam", "mia"]


def test_a_page_ends_and_the_next_one_goes_on_where_it_ended(alice: User, hundred: list[str]) -> None:
    client = visitor(alice)
    seen: list[str] = []
    link = "/tables/virtusertable/"
    while link:
        response = client.get(link)
        seen += keys_on(response)
        following = response.context["page"].next_link
        link = f"/tables/virtusertable/{following}" if following else ""

    assert seen == hundred


def test_pages_can_be_walked_back_from_the_end(alice: User, hundred: list[str]) -> None:
    client = visitor(alice)
    page = client.get("/tables/virtusertable/?before=end").context["page"]
    seen = [row.key for row in page.rows]
    while page.previous_link:
        page = client.get(f"/tables/virtusertable/{page.previous_link}").context["page"]
        seen = [row.key for row in page.rows] + seen

    assert seen == hundred


def test_a_page_says_which_entries_of_how_many_it_shows(alice: User, hundred: list[str]) -> None:
    client = visitor(alice)
    first = client.get("/tables/virtusertable/")
    second = client.get(f"/tables/virtusertable/{first.context['page'].next_link}")
    last = client.get("/tables/virtusertable/?before=end")

    assert "1–50 of 120 entries" in text(first)
    assert "51–100 of 120 entries" in text(second)
    assert "71–120 of 120 entries" in text(last)


@pytest.mark.parametrize(
    "query",
    ["after=nonsense", "after=9.", "before=%00.x", "at=-4&after=1.a", "after=99999999999999999999999.a", "state=maybe"],
)
def test_an_address_that_makes_no_sense_shows_a_page(alice: User, hundred: list[str], query: str) -> None:
    assert visitor(alice).get(f"/tables/virtusertable/?{query}").status_code == 200


@pytest.mark.parametrize(("query", "found"), [("USER007", 1), ("local11", 11), ("user007 local7", 1), ("nobody", 0)])
def test_the_search_looks_in_keys_and_values(alice: User, hundred: list[str], query: str, found: int) -> None:
    assert len(keys_on(visitor(alice).get("/tables/virtusertable/", {"q": query}))) == found


def test_the_search_looks_in_comments(alice: User) -> None:
    save(alice, "aliases", "info", "alice", comment="ordered by the dean")
    save(alice, "aliases", "sales", "alice")

    assert keys_on(visitor(alice).get("/tables/aliases/?q=dean")) == ["info"]


def test_a_search_without_a_match_offers_all_entries(alice: User, hundred: list[str]) -> None:
    response = visitor(alice).get("/tables/virtusertable/?q=nobody")

    assert "No entry matches" in text(response)
    assert "Show all entries" in text(response)


def test_a_filter_survives_from_page_to_page(alice: User, hundred: list[str]) -> None:
    client = visitor(alice)
    first = client.get("/tables/virtusertable/?q=user&state=on")

    assert "q=user" in first.context["page"].next_link
    assert "state=on" in first.context["page"].next_link


@pytest.mark.parametrize(("state", "keys"), [("on", ["info"]), ("off", ["sales"]), ("all", ["info", "sales"])])
def test_the_list_can_be_narrowed_to_what_is_switched_on_or_off(alice: User, state: str, keys: list[str]) -> None:
    save(alice, "aliases", "info", "alice")
    save(alice, "aliases", "sales", "alice")
    switch(alice, "aliases", "sales", enabled=False)

    assert keys_on(visitor(alice).get(f"/tables/aliases/?state={state}")) == keys


def test_a_switched_off_entry_is_shown_as_such(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    switch(alice, "aliases", "sales", enabled=False)

    assert "switched off" in text(visitor(alice).get("/tables/aliases/"))


def test_a_comment_is_shown_with_its_entry(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", comment="first line\nsecond line")

    assert "first line<br>second line" in text(visitor(alice).get("/tables/aliases/"))


def test_an_entry_that_bears_a_risk_has_its_badge(alice: User, bob: User) -> None:
    save(alice, "virtusertable", "info@example.com", "alice")
    VirtualUser.objects.create(cluster=get_cluster(), key="@example.com", value="bob", position=1)
    rows = visitor(alice).get("/tables/virtusertable/").context["rows"]

    assert {row.entry.key: row.risks for row in rows} == {"@example.com": ["catch-all"], "info@example.com": []}


def test_an_entry_that_a_request_holds_says_which(alice: User, bob: User) -> None:
    save(alice, "virtusertable", "info@example.com", "error:nouser 550 gone")
    request = delete(alice, "virtusertable", "info@example.com", reason="they are back")

    assert f"held by request {request.pk}" in text(visitor(bob).get("/tables/virtusertable/"))


def test_what_waits_for_a_second_person_is_named_also_where_there_is_no_entry_yet(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "example.org", reason="backup MX")
    client = visitor(bob)

    assert f'create <code>example.org</code> <a href="/requests/{request.pk}/">' in text(
        client.get("/tables/relay-domains/")
    )
    assert "Waiting for a second person" not in text(client.get("/tables/aliases/"))


def test_htmx_gets_only_the_list(alice: User, hundred: list[str]) -> None:
    response = visitor(alice).get("/tables/virtusertable/?q=user00", headers={"HX-Request": "true"})

    assert response.content.lstrip().startswith(b'<div id="entries">')
    assert "HX-Request" in response.headers["Vary"]
    assert "10 entries" in text(response)


def test_characters_that_cannot_be_seen_are_written_out(alice: User) -> None:
    VirtualUser.objects.create(cluster=get_cluster(), key="info@example.com", value="alice\r", position=1)

    assert "alice\\r" in text(visitor(alice).get("/tables/virtusertable/"))


@pytest.mark.parametrize("table", ["virtusertable", "mailertable", "access"])
def test_the_number_of_queries_does_not_grow_with_the_entries(alice: User, cluster: Cluster, table: str) -> None:
    model = ENTRY_MODELS[table]
    client = visitor(alice)
    client.get(f"/tables/{table}/")
    counts = []
    for start, many in ((0, 2), (2, 60)):
        model._default_manager.bulk_create(
            model(cluster=cluster, key=f"host{n}.example.com", value="RELAY", position=n + 1)
            for n in range(start, start + many)
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/tables/{table}/")
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_viewer_sees_the_list_but_no_way_to_change_it(alice: User, charlie: User) -> None:
    save(alice, "aliases", "info", "alice")
    page = text(visitor(charlie).get("/tables/aliases/"))

    assert "info" in page
    for word in ("/edit/", "/switch/", "/delete/", "/add/"):
        assert word not in page


def test_the_list_sends_a_stranger_to_the_log_in(client: Client, alice: User) -> None:
    response = client.get("/tables/aliases/")

    assert response.status_code == 302
    assert "/login/" in response["Location"]
