"""What happened to one key."""

import pytest

from mailadmin.accounts.models import User
from tables.models import Alias, ChangeRequest, Cluster
from tests.services.editing import approve, delete, save
from tests.web.visits import address, text, visitor


def history(person: User, table: str, key: str) -> str:
    return text(visitor(person).get(address("entry-history", table, key)))


def test_every_change_is_shown_with_who_when_why_and_difference(alice: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice", reason="The shop opens")
    change = save(dora, "aliases", "sales", "alice, dora", reason="Alice is on leave").changes.get()

    page = history(alice, "aliases", "sales")

    for words in ("The shop opens", "Alice is on leave", "by alice", "by dora", "sales: alice, dora"):
        assert words in page
    assert f"{change.applied_at:%Y-%m-%d %H:%M}" in page
    assert f"/requests/{change.request_id}/" in page
    assert page.index("Alice is on leave") < page.index("The shop opens")


def test_who_approved_is_named(alice: User, bob: User) -> None:
    approve(bob, save(alice, "relay-domains", "example.org", reason="backup MX"))

    assert "Approved by bob" in history(alice, "relay-domains", "example.org")


def test_a_deleted_key_keeps_its_history(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", reason="The shop opens")
    delete(alice, "aliases", "sales", reason="The shop closes")

    page = history(alice, "aliases", "sales")

    assert "This entry is not in the table any more." in page
    assert "The shop opens" in page
    assert "The shop closes" in page
    assert "Add it again" in page


def test_what_was_only_proposed_is_not_history_yet(alice: User, bob: User) -> None:
    save(alice, "aliases", "ticket", "alice")
    save(alice, "aliases", "ticket", '"|/bin/ticket"', reason="Ticket system")

    page = history(alice, "aliases", "ticket")

    assert "|/bin/ticket" not in page
    assert "is held by" in page


def test_an_entry_that_was_taken_over_says_so(alice: User, cluster: Cluster) -> None:
    Alias.objects.create(cluster=cluster, key="root", value="alice", position=1)
    ChangeRequest.objects.create(cluster=cluster, kind="baseline", state="applied", author_name="cli:root")

    assert "Taken over from the files as they stood." in history(alice, "aliases", "root")


def test_an_entry_that_a_change_created_was_not_taken_over(alice: User, cluster: Cluster) -> None:
    ChangeRequest.objects.create(cluster=cluster, kind="baseline", state="applied", author_name="cli:root")
    save(alice, "aliases", "sales", "alice")

    assert "Taken over from the files as they stood." not in history(alice, "aliases", "sales")


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "dora"])
def test_everybody_with_a_role_may_read_it(people: dict[str, User], who: str) -> None:
    save(people["alice"], "aliases", "sales", "alice", reason="The shop opens")

    assert "The shop opens" in history(people[who], "aliases", "sales")
