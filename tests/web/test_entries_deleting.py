"""Switching an entry off and on, and deleting it."""

import pytest

from mailadmin.accounts.models import User
from tables import changes
from tables.models import ChangeRequest, Cluster, RelayDomain
from tests.services.editing import save, switch
from tests.web.visits import address, standing, stands, text, visitor


def seen(table: str, key: str) -> str:
    return changes.entry_checksum(stands(table, key))


def test_deleting_asks_first_and_shows_the_lines_that_go(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", comment="since 2019")

    page = text(visitor(alice).get(address("entry-delete", "aliases", "sales")))

    assert 'Delete <span class="mono">sales</span>?' in page
    assert "diff__line--removed" in page
    assert "# since 2019" in page
    assert "sales: alice" in page
    assert stands("aliases", "sales") is not None


def test_a_plain_entry_is_deleted_at_once(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    client = visitor(alice)

    response = client.post(
        address("entry-delete", "aliases", "sales"), {"seen": seen("aliases", "sales"), "reason": "nobody sells"}
    )

    assert response.status_code == 302
    assert stands("aliases", "sales") is None
    assert ChangeRequest.objects.latest("id").reason == "nobody sells"
    assert "sales is deleted." in text(client.get("/tables/aliases/"))


@pytest.mark.parametrize(("enabled", "said"), [(True, "Switch off"), (False, "Switch on")])
def test_an_entry_is_switched_to_what_it_is_not(alice: User, enabled: bool, said: str) -> None:
    save(alice, "aliases", "sales", "alice")
    if not enabled:
        switch(alice, "aliases", "sales", enabled=False)
    client, url = visitor(alice), address("entry-switch", "aliases", "sales")

    page = client.get(url)
    client.post(url, {"seen": seen("aliases", "sales"), "to": page.context["act"].to})

    assert said in text(page)
    assert standing("aliases", "sales").enabled is not enabled


def test_only_the_line_that_changes_is_marked_in_the_difference(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", comment="since 2019")

    lines = visitor(alice).get(address("entry-switch", "aliases", "sales")).context["lines"]

    assert [(line.sign, line.text) for line in lines] == [
        ("", "# since 2019"),
        ("−", "sales: alice"),
        ("+", "#sales: alice"),
    ]


@pytest.mark.parametrize("page", ["entry-switch", "entry-delete"])
def test_taking_a_refusal_away_needs_a_second_person_and_a_reason(alice: User, bob: User, page: str) -> None:
    save(alice, "access", "from:spam.example.net", "REJECT")
    client, url = visitor(alice), address(page, "access", "from:spam.example.net")
    data = {"seen": seen("access", "from:spam.example.net"), "to": "off"}

    assert "This needs a second person." in text(client.get(url))
    without = client.post(url, data)
    assert without.status_code == 422
    assert "Say why it is wanted." in text(without)

    response = client.post(url, {**data, "reason": "they mended their ways"})
    request = ChangeRequest.objects.latest("id")
    assert response["Location"] == f"/requests/{request.pk}/"
    assert request.state == "submitted"
    assert standing("access", "from:spam.example.net").enabled


def test_closing_a_relay_does_not_wait_for_anybody(alice: User, cluster: Cluster) -> None:
    RelayDomain.objects.create(cluster=cluster, key="example.org", position=1)

    visitor(alice).post(
        address("entry-delete", "relay-domains", "example.org"), {"seen": seen("relay-domains", "example.org")}
    )

    assert stands("relay-domains", "example.org") is None


@pytest.mark.parametrize("page", ["entry-switch", "entry-delete"])
def test_nothing_happens_by_only_looking(alice: User, page: str) -> None:
    save(alice, "aliases", "sales", "alice")

    visitor(alice).get(address(page, "aliases", "sales"))

    assert standing("aliases", "sales").enabled
