"""Nobody hands out alone the roles by which others are approved or managed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mailadmin.accounts import grants, people
from mailadmin.accounts.models import RoleGrant, User
from mailadmin.accounts.roles import Role
from tables.actors import Actor
from tables.errors import ChangeError
from tables.models import AuditEvent
from tests.people import make_person
from tests.services.editing import save

pytestmark = pytest.mark.django_db


@pytest.fixture
def emma(dora: User) -> User:
    """A second administrator."""
    return make_person("emma", Role.ADMINISTRATOR)


def make_approver(by: User, person: User) -> None:
    people.change(
        actor=Actor.of(by),
        person=person,
        full_name="",
        email="",
        roles=[Role.VIEWER, Role.APPROVER],
    )


@pytest.mark.parametrize("role", [Role.APPROVER, Role.ADMINISTRATOR])
def test_a_new_person_gets_a_role_of_power_from_two_administrators(dora: User, emma: User, role: Role) -> None:
    eve, _password = people.add(actor=Actor.of(dora), username="eve", full_name="", email="", roles=[Role.VIEWER, role])
    assert grants.roles_of(eve) == [Role.VIEWER]
    grants.give(actor=Actor.of(emma), pk=grants.waiting().get().pk)
    assert set(grants.roles_of(User.objects.get(pk=eve.pk))) == {Role.VIEWER, role}
    assert list(AuditEvent.objects.filter(key="eve").order_by("number").values_list("action", "actor_name")) == [
        ("role-asked", "dora"),
        ("person-added", "dora"),
        ("role-given", "emma"),
    ]


def test_whoever_asked_cannot_give(dora: User, emma: User, charlie: User) -> None:
    make_approver(dora, charlie)
    with pytest.raises(people.PeopleError, match="Another administrator"):
        grants.give(actor=Actor.of(dora), pk=grants.waiting().get().pk)
    assert Role.APPROVER not in grants.roles_of(charlie)


def test_the_database_refuses_it_too(dora: User, charlie: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(person=charlie, role="approver", asked_by=dora, decided_by=dora, granted=True)


def test_one_who_manages_nobody_cannot_give(dora: User, emma: User, charlie: User, bob: User) -> None:
    make_approver(dora, charlie)
    with pytest.raises(people.PeopleError, match="may not manage"):
        grants.give(actor=Actor.of(bob), pk=grants.waiting().get().pk)


def test_a_role_is_decided_once(dora: User, emma: User, charlie: User) -> None:
    make_approver(dora, charlie)
    grant = grants.waiting().get()
    grants.refuse(actor=Actor.of(emma), pk=grant.pk)
    with pytest.raises(people.PeopleError, match="decided on this role already"):
        grants.give(actor=Actor.of(emma), pk=grant.pk)


def test_whoever_asked_may_take_it_back(dora: User, emma: User, charlie: User) -> None:
    make_approver(dora, charlie)
    grants.refuse(actor=Actor.of(dora), pk=grants.waiting().get().pk)
    assert not grants.waiting().exists()


def test_asking_twice_waits_once(dora: User, emma: User, charlie: User) -> None:
    make_approver(dora, charlie)
    make_approver(dora, charlie)
    assert grants.waiting().count() == 1


def test_taking_a_role_away_needs_one(dora: User, emma: User, bob: User) -> None:
    people.change(actor=Actor.of(dora), person=bob, full_name="", email="", roles=[Role.VIEWER])
    assert grants.roles_of(User.objects.get(pk=bob.pk)) == [Role.VIEWER]


def test_the_only_administrator_gives_the_first_roles_alone(dora: User, charlie: User) -> None:
    make_approver(dora, charlie)
    assert Role.APPROVER in grants.roles_of(User.objects.get(pk=charlie.pk))


@pytest.mark.parametrize("act", ["demote", "switch off"])
def test_an_administrator_who_put_the_others_out_is_still_not_alone(
    dora: User, emma: User, charlie: User, act: str
) -> None:
    if act == "demote":
        people.change(actor=Actor.of(dora), person=emma, full_name="", email="", roles=[Role.VIEWER])
    else:
        people.switch(actor=Actor.of(dora), person=emma, active=False)
    make_approver(dora, charlie)
    assert Role.APPROVER not in grants.roles_of(User.objects.get(pk=charlie.pk))


def test_whose_account_was_reset_by_the_one_who_asks_cannot_give(dora: User, emma: User, charlie: User) -> None:
    people.reset_password(actor=Actor.of(dora), person=emma)
    make_approver(dora, charlie)
    with pytest.raises(people.PeopleError, match="set up your account"):
        grants.give(actor=Actor.of(User.objects.get(pk=emma.pk)), pk=grants.waiting().get().pk)


def test_whose_account_was_reset_by_an_author_cannot_approve(dora: User, bob: User) -> None:
    bob.date_joined -= timedelta(days=100)
    bob.save()
    people.reset_password(actor=Actor.of(dora), person=bob)
    with pytest.raises(ChangeError, match="nobody may review"):
        save(dora, "relay-domains", "customer.example", reason="wanted")
