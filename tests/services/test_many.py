"""Many entries at once: what becomes of each, what is refused and why, and the draft that comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import drafting, scopes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Invalid
from tables.many import making
from tables.many.acts import act_of
from tables.many.keys import settled
from tables.many.making import Look
from tables.many.rows import Row, judged, made
from tables.many.select import Selection, chosen, count
from tables.models import AccessRule, Alias, ChangeRequest, VirtualUser
from tables.sendmail.tables import TABLES
from tests.people import delegate, make_limited
from tests.services.editing import approve, delete, save
from tests.web.visits import standing, stands

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(alice: User) -> list[str]:
    """Entries put in directly, as a baseline does."""
    keys = [f"user{number}@old.example" for number in range(60)]
    VirtualUser.objects.bulk_create(
        VirtualUser(cluster=get_cluster(), key=key, value=f"local{number}", position=(number + 1) << 32, domain="")
        for number, key in enumerate(keys)
    )
    return keys


def rows(person: User, act: str, typed: dict[str, str] | None = None, **selected: Any) -> list[Row]:
    selection = Selection(TABLES[selected.pop("table", "virtusertable")], **selected)
    scope, cluster, wanted = scopes.of_person(person), get_cluster(), act_of(act, typed or {})
    found = chosen(scope=scope, cluster=cluster, selection=selection)
    every = judged(scope=scope, cluster=cluster, rows=made(selection.table, found, wanted.make))
    return settled(cluster=cluster, rows=every) if wanted.renames else list(every)


def look(person: User, act: str, typed: dict[str, str] | None = None, **selected: Any) -> Look:
    return making.look(rows(person, act, typed, **selected))


def propose(person: User, found: list[Row], **more: Any) -> ChangeRequest:
    return making.propose(cluster=get_cluster(), actor=Actor.of(person), kind="bulk", rows=found, **more)


def submit(person: User, draft: ChangeRequest, reason: str = "") -> ChangeRequest:
    return drafting.submit(request=draft, actor=Actor.of(person), reason=reason)


def why(found: Look) -> list[tuple[str, str]]:
    return [(row.before.key, row.problem.rule) for row in found.bad if row.problem]


def test_what_matches_is_found_again_when_it_is_done(alice: User, addresses: list[str]) -> None:
    selection = Selection(TABLES["virtusertable"], query="user1")
    scope = scopes.of_person(alice)
    assert count(scope=scope, cluster=get_cluster(), selection=selection) == 11
    save(alice, "virtusertable", "user100@old.example", "anna")

    found = look(alice, "off", query="user1")

    assert (found.total, found.changed) == (12, 12)


def test_a_search_is_switched_off_as_one_request(alice: User, addresses: list[str]) -> None:
    seen: list[tuple[int, int]] = []
    draft = propose(alice, rows(alice, "off", query="user1"), total=11, progress=lambda *far: seen.append(far))
    assert (draft.state, draft.kind, draft.changes.count()) == ("draft", "bulk", 11)
    assert seen == [(11, 11)]
    assert standing("virtusertable", "user1@old.example").enabled

    submit(alice, draft)

    assert not standing("virtusertable", "user1@old.example").enabled
    assert standing("virtusertable", "user2@old.example").enabled


def test_ticked_entries_come_in_the_order_of_their_file(alice: User, addresses: list[str]) -> None:
    keys = ("user9@old.example", "user3@old.example", "gone@old.example", "user9@old.example")
    found = rows(alice, "delete", keys=keys)

    assert [row.before.key for row in found] == ["user3@old.example", "user9@old.example"]
    assert all(row.after is None for row in found)
    selection = Selection(TABLES["virtusertable"], keys=keys)
    assert count(scope=scopes.of_person(alice), cluster=get_cluster(), selection=selection) == 2


@pytest.mark.parametrize(
    ("act", "typed", "attribute", "value"),
    [
        ("set-owner", {"owner": " anna "}, "owner", "anna"),
        ("set-ticket", {"ticket": "HELP-1"}, "ticket", "HELP-1"),
        ("set-ends", {"ends": "2040-01-31 12:00"}, "ends", "2040-01-31T12:00:00Z"),
        ("add-comment", {"comment": "two"}, "comment", "one\ntwo"),
        ("set-comment", {"comment": "two"}, "comment", "two"),
        ("set-comment", {"comment": ""}, "comment", ""),
    ],
)
def test_an_act_sets_what_it_says(alice: User, act: str, typed: dict[str, str], attribute: str, value: str) -> None:
    save(alice, "aliases", "sales", "anna", comment="one")

    (row,) = rows(alice, act, typed, table="aliases")

    assert row.problem is None
    assert getattr(row.after, attribute) == value
    submit(alice, propose(alice, [row]))
    assert getattr(standing("aliases", "sales"), attribute) == value


@pytest.mark.parametrize("name", ["owner", "ticket", "starts", "ends"])
def test_what_was_set_is_cleared(alice: User, name: str) -> None:
    save(alice, "aliases", "sales", "anna", about={})
    Alias.objects.update(owner="anna", ticket="T", starts="2040-01-01T00:00:00Z", ends="2041-01-01T00:00:00Z")

    (row,) = rows(alice, f"clear-{name}", table="aliases")

    assert row.after is not None
    assert getattr(row.after, name) == ""


def test_what_begins_later_is_off_until_then(alice: User) -> None:
    save(alice, "aliases", "sales", "anna")
    (row,) = rows(alice, "set-starts", {"starts": "2040-01-31"}, table="aliases")
    assert row.after is not None
    assert not row.after.enabled


def test_an_end_before_the_start_is_refused_row_by_row(alice: User) -> None:
    save(alice, "aliases", "sales", "anna")
    save(alice, "aliases", "press", "anna")
    Alias.objects.filter(key="press").update(starts="2041-01-01T00:00:00Z", enabled=False)

    found = look(alice, "set-ends", {"ends": "2040-01-31"}, table="aliases")

    assert found.changed == 1
    assert why(found) == [("press", "date.order")]


@pytest.mark.parametrize(
    ("act", "typed", "error", "said"),
    [
        ("dance", {}, ChangeError, "Nothing was chosen"),
        ("set-owner", {"owner": " "}, ChangeError, "No owner is given"),
        ("set-ends", {"ends": "tomorrow"}, Invalid, "is no time"),
        ("set-ends", {"ends": "2040-01-31 12:00 Mars/Base"}, Invalid, "There is no time zone Mars/Base"),
        ("add-comment", {}, ChangeError, "No comment is given"),
        ("set-comment", {"comment": "a\x07"}, Invalid, "control character"),
        ("replace", {"in-value": "on"}, ChangeError, "No text to look for"),
        ("replace", {"find": "x"}, ChangeError, "Nowhere to look"),
        ("replace", {"find": "x" * 1001, "in-value": "on"}, ChangeError, "has 1001 characters"),
    ],
)
def test_what_makes_no_sense_for_any_entry_is_said_at_once(
    act: str, typed: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        act_of(act, typed)


def test_text_is_replaced_in_values_and_only_there(alice: User, addresses: list[str]) -> None:
    save(alice, "virtusertable", "local@old.example", "local", comment="local")

    found = rows(alice, "replace", {"find": "local", "put": "box", "in-value": "on"}, query="local")

    assert {(row.before.value, row.after.value) for row in found if row.after} >= {("local3", "box3"), ("local", "box")}
    whole = rows(alice, "replace", {"find": "local", "put": "box", "whole": "on", "in-value": "on"}, query="local")
    assert [row.before.key for row in whole if not row.stays] == ["local@old.example"]
    both = rows(alice, "replace", {"find": "local", "put": "box", "in-comment": "on"}, keys=("local@old.example",))
    assert both[0].after
    assert (both[0].after.value, both[0].after.comment) == ("local", "box")


def test_a_value_that_becomes_invalid_is_refused_and_the_others_go_on(alice: User) -> None:
    save(alice, "aliases", "sales", "anna")
    save(alice, "aliases", "press", "annabert")

    found = rows(alice, "replace", {"find": "anna", "put": "", "in-value": "on"}, table="aliases")
    assert [row.problem.rule if row.problem else "" for row in found] == ["value.missing", ""]
    with pytest.raises(
        ChangeError, match=r"None of it can be done. sales in aliases: The value is empty. Write a value."
    ):
        propose(alice, found[:1])

    assert submit(alice, propose(alice, found)).state == "applied"
    assert (standing("aliases", "sales").value, standing("aliases", "press").value) == ("anna", "bert")


def test_two_entries_do_not_become_one(alice: User) -> None:
    for key in ("a1@x.example", "a2@x.example", "b@x.example"):
        save(alice, "virtusertable", key, "anna")
    typed = {"find": "2", "put": "1", "in-key": "on"}

    taken = look(alice, "replace", typed)
    assert why(taken) == [("a2@x.example", "many.taken")]
    assert "a1@x.example stands in virtusertable already" in (
        taken.bad[0].problem.message if taken.bad[0].problem else ""
    )

    save(alice, "virtusertable", "a3@x.example", "anna")
    delete(alice, "virtusertable", "a1@x.example")
    save(alice, "virtusertable", "b1@x.example", "anna")
    same = look(alice, "replace", {"find": "@x.example", "put": "@y.example", "in-key": "on"})
    assert (same.changed, same.refused) == (4, 0)


def test_entries_that_would_all_get_one_key_are_refused_together(alice: User) -> None:
    for key in ("a1@x.example", "1a@x.example", "1b@x.example"):
        save(alice, "virtusertable", key, "anna")

    found = look(alice, "replace", {"find": "1", "put": "", "in-key": "on"})

    assert why(found) == [("a1@x.example", "many.same-key"), ("1a@x.example", "many.same-key")]
    assert found.changed == 1


def test_a_key_that_one_leaves_another_can_take(alice: User) -> None:
    save(alice, "aliases", "aa", "one")
    save(alice, "aliases", "a", "two")

    found = rows(alice, "replace", {"find": "a", "put": "aa", "in-key": "on"}, table="aliases")
    draft = propose(alice, found)

    assert {(change.key, change.action) for change in draft.changes.all()} == {
        ("a", "delete"),
        ("aa", "update"),
        ("aaaa", "create"),
    }
    submit(alice, draft)
    assert standing("aliases", "aa").value == "two"
    assert standing("aliases", "aaaa").value == "one"
    assert stands("aliases", "a") is None


def test_a_chain_breaks_where_its_end_cannot_go(alice: User) -> None:
    for key in ("a", "aa"):
        save(alice, "aliases", key, "anna")
    save(alice, "aliases", "aaaa", "anna", enabled=True)
    found = rows(alice, "replace", {"find": "a", "put": "aa", "in-key": "on"}, table="aliases", keys=("a", "aa"))

    assert [row.problem.rule for row in found if row.problem] == ["many.taken", "many.taken"]


def test_a_password_is_neither_searched_nor_replaced(alice: User) -> None:
    AccessRule.objects.create(cluster=get_cluster(), key="authinfo:mx.example", value='"U:me" "P:secret"', position=1)

    found = look(alice, "replace", {"find": "nowhere", "put": "x", "in-value": "on"}, table="access")

    assert why(found) == [("authinfo:mx.example", "many.password")]


def test_what_another_request_holds_waits_for_it_unless_it_only_closes(alice: User, bob: User) -> None:
    save(alice, "aliases", "run", "anna")
    save(alice, "aliases", "run", '"|/bin/run"', reason="a program")
    assert why(look(alice, "set-owner", {"owner": "x"}, table="aliases")) == [("run", "many.held")]

    relay = save(alice, "access", "connect:192.0.2", "RELAY", reason="x")
    approve(bob, relay)
    save(alice, "access", "connect:192.0.2", "OK", comment="y")
    approve(bob, save(alice, "access", "connect:192.0.2", "RELAY", reason="x"))
    save(alice, "access", "connect:192.0", "RELAY", reason="wider")
    assert look(alice, "off", table="access").refused == 0


def test_a_limited_person_reaches_what_is_theirs(alice: User, addresses: list[str]) -> None:
    save(alice, "virtusertable", "info@own.example", "x@own.example")
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, "virtusertable", "own.example")

    assert [row.before.key for row in rows(erin, "delete")] == ["info@own.example"]
    assert rows(erin, "delete", keys=tuple(addresses)) == []
    out = look(erin, "replace", {"find": "own.example", "put": "old.example", "in-key": "on", "in-value": "on"})
    assert why(out) == [("info@own.example", "rights.key")]


def test_switching_on_what_has_errors_is_refused(alice: User) -> None:
    VirtualUser.objects.create(cluster=get_cluster(), key="a@x.example", value="", enabled=False, position=1)
    found = look(alice, "on")
    assert found.refused == 1


def test_what_is_so_already_is_no_change(alice: User, addresses: list[str]) -> None:
    found = rows(alice, "on")
    assert making.look(found).same == 60
    with pytest.raises(ChangeError, match="Nothing would change"):
        propose(alice, found)


def test_it_can_go_into_a_draft_that_there_is(alice: User, addresses: list[str]) -> None:
    draft = propose(alice, rows(alice, "off", query="user1"))
    again = propose(alice, rows(alice, "delete", query="user2"), into=draft)
    assert again == draft
    assert draft.changes.count() == 11 + 11


# --- the rules of approval --------------------------------------------------------------------------------------------


def test_bulk_counts_by_its_size_and_splitting_does_not_help(alice: User, bob: User, addresses: list[str]) -> None:
    save(alice, "virtusertable", "first@old.example", "anna")
    limit = 15
    parts = [tuple(addresses[:limit]), tuple(addresses[limit : 2 * limit])]

    first = submit(alice, propose(alice, rows(alice, "off", keys=parts[0])), reason="one")
    second = submit(alice, propose(alice, rows(alice, "off", keys=parts[1])), reason="two")
    whole = submit(alice, propose(alice, rows(alice, "delete", keys=tuple(addresses[30:]))), reason="three")

    assert [first.state, second.state, whole.state] == ["applied", "submitted", "submitted"]
    assert second.risks == ["large"]


def test_risky_lines_of_a_bulk_are_marked_for_who_reviews(alice: User, bob: User) -> None:
    for number in range(3):
        save(alice, "aliases", f"list{number}", "anna")
    found = rows(alice, "replace", {"find": "anna", "put": "|/bin/run", "in-value": "on"}, table="aliases")
    request = submit(alice, propose(alice, found), reason="programs")

    assert request.state == "submitted"
    assert request.changes.filter(risky=True).count() == 3
