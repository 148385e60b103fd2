"""A request is judged as a whole, against what the tables hold: neither splitting nor combining helps."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailadmin.accounts.models import User
from tables import changes, judging
from tables.actors import Actor
from tables.entries import get_cluster, look_around
from tables.models import ChangeRequest
from tables.scopes import EVERYTHING
from tables.sendmail.risk.together import risks_together
from tables.sendmail.spec import Entry, Under
from tables.sendmail.tables import TABLES
from tests.services.editing import approve, delete, save, value_of

pytestmark = pytest.mark.django_db

#: A table, a key, and the value that it shall have; ``None``: none.
Wanted = tuple[str, str, str | None]


def stand(alice: User, bob: User, *entries: tuple[str, str, str]) -> None:
    for table, key, value in entries:
        request = save(alice, table, key, value, reason="wanted")
        if request.state == "submitted":
            approve(bob, request)
        assert value_of(table, key) == value


def ask_for(person: User, *wanted: Wanted) -> ChangeRequest:
    """Several changes in one request, submitted."""
    actor, cluster = Actor.of(person), get_cluster()
    request = changes.draft(cluster=cluster, actor=actor, reason="wanted")
    for table, key, value in wanted:
        after = Entry(key, value) if value is not None else None
        changes.propose(request=request, actor=actor, table=TABLES[table], key=key, after=after)
    return changes.submit(request=request, actor=actor)


def test_two_deletions_that_open_a_relay_only_together_need_a_second_person(alice: User, bob: User) -> None:
    stand(
        alice,
        bob,
        ("relay-domains", "example.com", ""),
        ("access", "to:a.example.com", "REJECT"),
        ("access", "a.example.com", "REJECT"),
    )
    request = ask_for(alice, ("access", "to:a.example.com", None), ("access", "a.example.com", None))
    assert request.state == "submitted"
    assert "relay" in request.risks
    assert [sorted(found) for found in judging.risks_within(request, list(request.changes.order_by("id")))] == [
        ["bypass", "relay"],
        ["bypass", "relay"],
    ]


def test_split_in_two_the_second_of_them_needs_one(alice: User, bob: User) -> None:
    stand(
        alice,
        bob,
        ("relay-domains", "com", ""),
        ("access", "to:example.com", "REJECT"),
        ("access", "example.com", "REJECT"),
    )
    assert delete(alice, "access", "to:example.com").state == "applied"
    assert delete(alice, "access", "example.com", reason="wanted").state == "submitted"


def test_a_part_of_a_request_is_judged_with_the_rest_of_it(alice: User, bob: User) -> None:
    stand(alice, bob, ("relay-domains", "example.com", ""))
    request = ask_for(alice, ("relay-domains", "example.com", None), ("relay-domains", "a.example.com", ""))
    assert request.state == "applied", "a narrower line in the place of a wider one opens nothing"
    again = ask_for(alice, ("relay-domains", "a.example.com", None), ("relay-domains", "example.com", ""))
    first, second = again.changes.order_by("id")
    assert again.state == "submitted"
    assert [sorted(found) for found in judging.risks_within(again, [second])] == [["relay"]]
    assert [sorted(found) for found in judging.risks_within(again, [first])] == [[]]


def test_a_key_that_is_narrowed_by_an_edit_needs_nobody_and_one_that_is_widened_does(alice: User, bob: User) -> None:
    stand(alice, bob, ("access", "connect:10.1", "RELAY"))
    narrowed = save(alice, "access", "connect:10.1.2", "RELAY", original_key="connect:10.1")
    assert narrowed.state == "applied"
    widened = save(alice, "access", "connect:10.1", "RELAY", original_key="connect:10.1.2", reason="wanted")
    assert widened.risks == ["relay"]


def test_the_risks_shown_while_typing_are_those_of_the_request(alice: User, bob: User) -> None:
    stand(alice, bob, ("access", "connect:10.1", "RELAY"))
    for key, risks in (("connect:10.1.2", []), ("connect:10", ["relay"])):
        typed = Entry(key, "RELAY")
        _, found = changes.check(
            scope=EVERYTHING, cluster=get_cluster(), table=TABLES["access"], original_key="connect:10.1", typed=typed
        )
        assert sorted(found) == risks


def test_taking_away_the_refusal_of_a_network_looks_at_what_relays_in_it(alice: User, bob: User) -> None:
    stand(alice, bob, ("access", "connect:10.1", "REJECT"), ("relay-domains", "10.1.2", ""))
    assert delete(alice, "access", "connect:10.1", reason="wanted").risks == ["bypass", "relay"]


def test_a_look_around_answers_for_what_is_under_an_item(alice: User, bob: User) -> None:
    stand(alice, bob, *(("relay-domains", key, "") for key in ("10.1.2", "a.example.com", ".example.org")))
    asked = [Under(text) for text in ("10.1.*", "10.*", "10.1.2.*", "*.example.com", "*.com", "*.example.org", "*.net")]
    found = look_around(get_cluster())("relay-domains", [*asked, "10.1.2", "10.1"])
    assert sorted(found) == ["*.com", "*.example.com", "10.*", "10.1.*", "10.1.2"]


def test_a_large_request_asks_no_more_often_than_a_small_one(alice: User, bob: User) -> None:
    look, counts = look_around(get_cluster()), []
    for count in (2, 40):
        entries = [Entry(f"connect:10.{count}.{number}", "REJECT") for number in range(count)]
        steps = [(TABLES["access"], entry, None) for entry in entries]
        with CaptureQueriesContext(connection) as queries:
            risks_together(steps, look)
        counts.append(len(queries))
    assert counts[0] == counts[1]
