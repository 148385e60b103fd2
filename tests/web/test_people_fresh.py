"""Changing people needs a fresh proof of who is at the keyboard, as approving does."""

import pytest
from django.test import Client
from django.urls import reverse

from mailadmin.accounts import grants
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tests.people import PASSWORD, make_person
from tests.web.reading import words
from tests.web.test_people import EVE, shown_password
from tests.web.visits import let_the_log_in_age, visitor

ALICE = {"full_name": "Alice", "email": "", "roles": ["viewer"]}


@pytest.fixture
def late(dora: User) -> Client:
    """Dora, who logged in long ago."""
    client = visitor(dora)
    let_the_log_in_age(client)
    return client


def acts(alice: User) -> dict[str, tuple[str, dict[str, object]]]:
    return {
        "add": (reverse("person-add"), dict(EVE)),
        "edit": (reverse("person-edit", args=[alice.pk]), dict(ALICE)),
        "switch": (reverse("person-switch", args=[alice.pk]), {"active": "no"}),
        "password": (reverse("person-password", args=[alice.pk]), {}),
    }


def state(person: User) -> tuple[object, ...]:
    person.refresh_from_db()
    return (person.first_name, person.is_active, person.password, User.objects.count())


@pytest.mark.parametrize("act", ["add", "edit", "switch", "password"])
def test_a_person_is_changed_only_after_a_fresh_proof(late: Client, alice: User, act: str) -> None:
    url, form = acts(alice)[act]
    before = state(alice)

    asked = late.post(url, form)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert state(alice) == before

    late.post(asked["Location"], {"password": "not it"})
    assert state(alice) == before

    late.post(asked["Location"], {"password": PASSWORD})
    assert state(alice) != before


def test_the_one_time_password_is_shown_after_the_proof(late: Client, alice: User, client: Client) -> None:
    asked = late.post(reverse("person-password", args=[alice.pk]))
    shown = late.post(asked["Location"], {"password": PASSWORD})
    assert "no-store" in shown["Cache-Control"]
    alice.refresh_from_db()
    assert alice.check_password(shown_password(shown.content.decode()))


def test_giving_a_role_of_power_needs_a_fresh_proof(late: Client, dora: User, alice: User) -> None:
    other = make_person("emil", Role.ADMINISTRATOR)
    visitor(other).post(reverse("person-edit", args=[alice.pk]), {**ALICE, "roles": ["approver"]})
    (grant,) = grants.waiting()
    asked = late.post(reverse("role-decide", args=[grant.pk]), {"decision": "give"})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert list(grants.waiting()) == [grant]


def test_looking_at_people_asks_nothing(late: Client, alice: User) -> None:
    for url in (reverse("people"), reverse("person-add"), reverse("person-edit", args=[alice.pk])):
        assert late.get(url).status_code == 200
    assert "alice" in words(late.get(reverse("people")))
