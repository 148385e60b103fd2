"""Leavers and renamed domains: every place in the seven tables, replaced or removed as one draft."""

from __future__ import annotations

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import drafting, scopes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.many import making, sweep
from tables.many.keys import settled
from tables.many.rows import Row, judged
from tables.models import AccessRule, Alias, GenericAddress, LocalHostName, MailerRoute, RelayDomain, VirtualUser
from tests.people import delegate, make_limited
from tests.web.visits import standing, stands

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(alice: User) -> None:
    cluster = get_cluster()

    def put(model: type, *pairs: tuple[str, str]) -> None:
        for number, (key, value) in enumerate(pairs):
            model(cluster=cluster, key=key, value=value, position=number, zone="").save()  # type: ignore[attr-defined]

    put(Alias, ("jdoe", "jdoe@home.example"), ("sales", "anna, jdoe"), ("owner-jdoe", "anna"), ("fax", "jdoe"))
    put(VirtualUser, ("jdoe@old.example", "jdoe"), ("info@old.example", "anna"), ("info@new.example", "anna"))
    put(GenericAddress, ("jdoe", "jdoe@old.example"))
    put(MailerRoute, ("old.example", "esmtp:[mx.old.example]"), ("evilold.example", "esmtp:[mx.evilold.example]"))
    put(AccessRule, ("from:jdoe@old.example", "REJECT"), ("connect:mail.old.example", "REJECT"))
    put(RelayDomain, ("old.example", ""))
    put(LocalHostName, ("old.example", ""), ("very-old.example", ""))
    Alias.objects.filter(key="fax").update(owner="JDoe")


def rows(person: User, text: str, put: str = "", *places: str) -> list[Row]:
    wanted = sweep.sweep_of(sought=sweep.read(text), put=put, remove=not put, places=places or sweep.PLACES)
    scope, cluster = scopes.of_person(person), get_cluster()
    found = sweep.rows(scope=scope, cluster=cluster, sweep=wanted)
    return settled(cluster=cluster, rows=judged(scope=scope, cluster=cluster, rows=found))


def carry_out(person: User, found: list[Row]) -> str:
    actor = Actor.of(person)
    draft = making.propose(cluster=get_cluster(), actor=actor, kind="sweep", rows=found)
    return drafting.submit(request=draft, actor=actor, reason="they left").state


def found(person: User, text: str) -> dict[tuple[str, str], tuple[str, ...]]:
    every = sweep.found(scope=scopes.of_person(person), cluster=get_cluster(), sought=sweep.read(text))
    return {(table.name, entry.key): where for table, entry, where in every}


def test_a_person_is_found_in_every_place_and_in_no_other_word(alice: User, site: None) -> None:
    assert found(alice, "JDoe") == {
        ("aliases", "jdoe"): ("key", "value"),
        ("aliases", "sales"): ("value",),
        ("aliases", "fax"): ("value", "owner"),
        ("access", "from:jdoe@old.example"): ("key",),
        ("virtusertable", "jdoe@old.example"): ("key", "value"),
        ("genericstable", "jdoe"): ("key", "value"),
    }


def test_a_domain_is_found_with_what_is_under_it(alice: User, site: None) -> None:
    assert set(found(alice, "old.example")) == {
        ("access", "from:jdoe@old.example"),
        ("access", "connect:mail.old.example"),
        ("virtusertable", "jdoe@old.example"),
        ("virtusertable", "info@old.example"),
        ("genericstable", "jdoe"),
        ("mailertable", "old.example"),
        ("relay-domains", "old.example"),
        ("local-host-names", "old.example"),
    }


def test_a_leaver_is_replaced_by_a_successor(alice: User, site: None) -> None:
    assert carry_out(alice, rows(alice, "jdoe", "berta", "value", "owner")) == "applied"

    assert standing("aliases", "sales").value == "anna, berta"
    assert standing("aliases", "jdoe").value == "berta@home.example"
    assert standing("aliases", "fax").owner == "berta"
    assert standing("virtusertable", "jdoe@old.example").value == "berta"


def test_a_leaver_is_removed_and_what_is_left_empty_goes(alice: User, site: None) -> None:
    every = rows(alice, "jdoe", "", "value", "owner")
    assert {row.before.key for row in every if row.after is None} == {"jdoe", "fax", "jdoe@old.example"}
    assert all("Nothing else stands in its value" in row.note for row in every if row.after is None)

    carry_out(alice, [row for row in every if row.table.name == "aliases"])

    assert standing("aliases", "sales").value == "anna"
    assert stands("aliases", "fax") is None
    assert standing("aliases", "owner-jdoe").value == "anna"


def test_what_has_it_in_its_key_goes_as_a_whole(alice: User, site: None) -> None:
    gone = rows(alice, "jdoe", "", "key")
    assert {(row.table.name, row.before.key) for row in gone} == {
        ("aliases", "jdoe"),
        ("access", "from:jdoe@old.example"),
        ("virtusertable", "jdoe@old.example"),
        ("genericstable", "jdoe"),
    }
    assert {row.note for row in gone} == {"Its key is what is removed."}


def test_a_domain_is_renamed_and_what_stands_there_already_is_explained(alice: User, bob: User, site: None) -> None:
    every = rows(alice, "old.example", "new.example")

    assert [(row.before.key, row.problem.rule) for row in every if row.problem] == [
        ("info@old.example", "many.taken"),
    ]
    assert carry_out(alice, every) == "submitted"  # a relay and a local name are opened
    keys = {row.after.key for row in every if row.after and not row.problem}
    assert keys >= {"jdoe@new.example", "connect:mail.new.example", "new.example", "from:jdoe@new.example"}


def test_an_owner_alone_is_taken_away(alice: User, site: None) -> None:
    (row,) = rows(alice, "jdoe", "", "owner")
    assert row.after is not None
    assert (row.after.owner, row.after.value) == ("", "jdoe")


def test_a_successor_may_have_a_dot_and_a_leaver_an_address(alice: User, site: None) -> None:
    assert {row.after.value for row in rows(alice, "jdoe", "j.smith", "owner") if row.after} == {"jdoe"}
    (row,) = rows(alice, "jdoe@home.example", "anna@home.example", "value")
    assert row.after
    assert row.after.value == "anna@home.example"


@pytest.mark.parametrize(
    ("text", "put", "places", "said"),
    [
        ("jdoe", "jdoe", ["value"], "its own place"),
        ("old.example", "new", ["key"], "is no domain"),
        ("jdoe", "x", [], "Nowhere to look"),
        ("a b", "x", ["key"], "is no user's name"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, put: str, places: list[str], said: str) -> None:
    with pytest.raises(ChangeError, match=said):
        sweep.sweep_of(sought=sweep.read(text), put=put, remove=False, places=places)


def test_a_limited_person_sweeps_what_is_theirs(alice: User, site: None) -> None:
    VirtualUser.objects.filter(key="jdoe@old.example").update(zone="example.old.")
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, "virtusertable", "old.example", outside_targets=True)

    assert set(found(erin, "jdoe")) == {("virtusertable", "jdoe@old.example")}
