"""Who may delegate, what can be delegated, and what the history keeps of it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from mailadmin.accounts import grants, people, teams
from mailadmin.accounts.models import Delegation, Team, User
from mailadmin.accounts.roles import Role
from tables import scopes
from tables.actors import Actor
from tables.models import AuditEvent
from tests.people import delegate, make_limited, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin(people: dict[str, User]) -> User:
    return make_limited("erin", Role.POSTMASTER)


def last() -> AuditEvent:
    return AuditEvent.objects.latest("number")


def given(dora: User, to: User | Team, domains: str = "a.example", tables: str = "virtusertable") -> Delegation:
    return teams.delegate(actor=Actor.of(dora), to=to, tables=tables.split(), domains=domains.split())


def test_an_administrator_delegates_and_the_history_keeps_it(dora: User, erin: User) -> None:
    made = given(dora, erin, "Shop.A.Example @b.example bücher.example", "mailertable access")
    assert (made.domains, made.tables) == (
        ["b.example", "shop.a.example", "xn--bcher-kva.example"],
        ["access", "mailertable"],
    )
    assert (last().action, last().key, last().actor) == ("delegation-added", "erin", dora)
    assert last().after == {
        "tables": "access, mailertable",
        "domains": "b.example, shop.a.example, xn--bcher-kva.example",
        "catch-alls": False,
        "targets outside": False,
        "most entries": "no limit",
    }
    teams.change_delegation(
        actor=Actor.of(dora),
        delegation=made,
        tables=["access"],
        domains=["a.example"],
        catch_alls=True,
        outside_targets=True,
        quota=5,
    )
    assert last().action == "delegation-changed"
    assert (last().before or {})["tables"] == "access, mailertable"
    assert (last().after or {})["most entries"] == 5
    teams.take_back(actor=Actor.of(dora), delegation=made)
    assert (last().action, (last().before or {})["domains"]) == ("delegation-removed", "a.example")
    assert scopes.of_person(erin).parts == ()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "erin"])
def test_nobody_else_delegates_anything(people: dict[str, User], erin: User, who: str) -> None:
    people["erin"] = erin
    actor, made = Actor.of(people[who]), delegate(people["bob"], "access", "a.example")
    team = Team.objects.create(name="shop")
    for act in (
        lambda: teams.delegate(actor=actor, to=erin, tables=["access"], domains=["a.example"]),
        lambda: teams.change_delegation(
            actor=actor,
            delegation=made,
            tables=["access"],
            domains=["b.example"],
            catch_alls=True,
            outside_targets=True,
            quota=None,
        ),
        lambda: teams.take_back(actor=actor, delegation=made),
        lambda: teams.add(actor=actor, name="x"),
        lambda: teams.change(actor=actor, team=team, name="x", members=[erin]),
        lambda: teams.remove(actor=actor, team=team),
    ):
        with pytest.raises(grants.Forbidden):
            act()


def test_nobody_changes_what_is_delegated_to_themselves(dora: User) -> None:
    emma = make_person("emma", Role.ADMINISTRATOR)
    team = Team.objects.create(name="shop")
    with pytest.raises(grants.PeopleError, match="delegated to yourself"):
        given(dora, dora)
    with pytest.raises(grants.PeopleError, match="take yourself into a team"):
        teams.change(actor=Actor.of(dora), team=team, name="shop", members=[dora])
    teams.change(actor=Actor.of(emma), team=team, name="shop", members=[dora])
    for act in (
        lambda: given(dora, team),
        lambda: teams.change(actor=Actor.of(dora), team=team, name="shop", members=[]),
        lambda: teams.remove(actor=Actor.of(dora), team=team),
    ):
        with pytest.raises(grants.PeopleError, match="yourself"):
            act()


@pytest.mark.parametrize(
    ("tables", "domains", "said"),
    [
        ("aliases", "a.example", "Choose tables of which a part can be delegated: access, virtusertable"),
        ("passwd", "a.example", "Choose tables"),
        ("", "a.example", "Choose tables"),
        ("access", "", "Name at least one domain"),
        ("access", "example", "“example” is no domain"),
        ("access", "a.example 192.0.2.1", "“192.0.2.1” is no domain"),
        ("access", "*.a.example", "is no domain"),
        ("access", "xn--a.example", "is no domain"),
    ],
)
def test_what_is_no_domain_or_table_of_domains_is_refused(
    dora: User, erin: User, tables: str, domains: str, said: str
) -> None:
    with pytest.raises(grants.PeopleError, match=said):
        given(dora, erin, domains, tables)
    assert not Delegation.objects.exists()


def test_one_person_has_so_many_domains_at_most(dora: User, erin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams, "MOST_DOMAINS", 3)
    team = teams.add(actor=Actor.of(dora), name="shop")
    given(dora, team, "c.example d.example")
    given(dora, erin, "a.example b.example")
    with pytest.raises(grants.PeopleError, match="erin would have 4 domains; 3 are the most"), transaction.atomic():
        teams.change(actor=Actor.of(dora), team=team, name="shop", members=[erin])
    with pytest.raises(grants.PeopleError, match="5 domains"), transaction.atomic():
        given(dora, erin, "e.example f.example g.example")
    with pytest.raises(grants.PeopleError, match="shop would have 4 domains"), transaction.atomic():
        given(dora, team, "e.example f.example")
    assert scopes.of_person(erin).domains("virtusertable") == ["a.example", "b.example"]


def test_as_many_domains_as_are_allowed_can_be_asked_about(dora: User, erin: User) -> None:
    names = [f"d{number}.example" for number in range(teams.MOST_DOMAINS)]
    for name in ("virtusertable", "access"):
        given(dora, erin, " ".join(names[:-1] if name == "access" else names), name)
    scope = scopes.of_person(erin)
    assert AuditEvent.objects.filter(scope.lines()).count() == 0
    assert list(AuditEvent.objects.exclude(scope.lines())) != []


def test_the_database_knows_a_delegation_to_one_person_or_one_team_only(erin: User) -> None:
    team = Team.objects.create(name="shop")
    for whose in ({}, {"person": erin, "team": team}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delegation.objects.create(**whose, tables=["access"], domains=["a.example"])


def test_a_team_is_changed_in_the_history_too(dora: User, erin: User) -> None:
    team = teams.add(actor=Actor.of(dora), name="  The   shop ")
    assert (last().action, last().key) == ("team-added", "The shop")
    with pytest.raises(grants.PeopleError, match="already"):
        teams.add(actor=Actor.of(dora), name="the shop")
    with pytest.raises(grants.PeopleError, match="Give the team a name"):
        teams.add(actor=Actor.of(dora), name=" ")
    teams.change(actor=Actor.of(dora), team=team, name="Shop", members=[erin])
    assert (last().action, last().after) == ("team-changed", {"name": "Shop", "members": "erin"})
    given(dora, team)
    assert scopes.of_person(erin).domains("virtusertable") == ["a.example"]
    teams.remove(actor=Actor.of(dora), team=team)
    assert [event.action for event in AuditEvent.objects.all()[:2]] == ["team-removed", "delegation-removed"]
    assert scopes.of_person(erin).parts == ()


# --- being limited ----------------------------------------------------------------------------------------------------


def change(actor: User, person: User, *roles: Role, limited: bool) -> User:
    return people.change(
        actor=Actor.of(actor), person=person, full_name="", email="", roles=list(roles), limited=limited
    )


def test_an_administrator_is_never_limited(dora: User, alice: User) -> None:
    emma = make_person("emma", Role.ADMINISTRATOR)
    with pytest.raises(grants.PeopleError, match="An administrator cannot be limited"):
        change(dora, emma, Role.ADMINISTRATOR, limited=True)
    with pytest.raises(grants.PeopleError, match="An administrator cannot be limited"):
        people.add(
            actor=Actor.of(dora), username="eve", full_name="", email="", roles=[Role.ADMINISTRATOR], limited=True
        )
    change(dora, alice, Role.POSTMASTER, Role.ADMINISTRATOR, limited=False)
    change(dora, alice, Role.POSTMASTER, limited=True)
    with pytest.raises(grants.PeopleError, match="Take the limit away first"):
        grants.give(actor=Actor.of(emma), pk=grants.waiting().get().pk)


def test_nobody_changes_what_they_are_limited_to(dora: User) -> None:
    make_person("emma", Role.ADMINISTRATOR)
    with pytest.raises(grants.PeopleError, match="Ask another administrator"):
        change(dora, dora, Role.ADMINISTRATOR, limited=True)


def test_the_history_says_who_was_limited(dora: User, alice: User) -> None:
    change(dora, alice, Role.POSTMASTER, limited=True)
    assert ((last().before or {})["limited"], (last().after or {})["limited"]) == (False, True)
    people.change(actor=Actor.of(dora), person=alice, full_name="A", email="", roles=[Role.POSTMASTER])
    alice.refresh_from_db()
    assert alice.limited


def test_an_approver_becomes_unlimited_by_two_administrators(dora: User) -> None:
    emma, frank = make_person("emma", Role.ADMINISTRATOR), make_limited("frank", Role.APPROVER)
    assert change(dora, frank, Role.APPROVER, limited=False).limited
    with pytest.raises(grants.PeopleError, match="Another administrator must give it"):
        grants.give(actor=Actor.of(dora), pk=grants.waiting().get().pk)
    grants.give(actor=Actor.of(emma), pk=grants.waiting().get().pk)
    frank.refresh_from_db()
    assert not frank.limited
    assert (last().action, last().detail) == ("role-given", {"role": "unlimited"})


def test_a_single_administrator_and_a_postmaster_do_not_wait(dora: User, erin: User) -> None:
    frank = make_limited("frank", Role.APPROVER)
    assert not change(dora, frank, Role.APPROVER, limited=False).limited
    make_person("emma", Role.ADMINISTRATOR)
    assert not change(dora, erin, Role.POSTMASTER, limited=False).limited
