"""Roles of power on the People page: asked for by one administrator, given by another."""

import pytest
from django.urls import reverse

from mailadmin.accounts import grants
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tests.people import make_person
from tests.web.reading import words
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def emma(dora: User) -> User:
    return make_person("emma", Role.ADMINISTRATOR)


def ask(dora: User, charlie: User) -> str:
    form = {"full_name": "Charlie", "email": "", "roles": ["viewer", "approver"]}
    return words(visitor(dora).post(reverse("person-edit", args=[charlie.pk]), form, follow=True))


def test_who_asks_is_told_that_it_waits_and_may_take_it_back(dora: User, emma: User, charlie: User) -> None:
    page = ask(dora, charlie)
    assert "The role approver waits for another administrator, under People." in page
    assert "charlie shall be approver, asked by dora" in page
    assert "Take back" in page


def test_another_administrator_gives_it(dora: User, emma: User, charlie: User) -> None:
    ask(dora, charlie)
    browser = visitor(emma)
    assert "Give" in words(browser.get(reverse("people")))
    where = reverse("role-decide", args=[grants.waiting().get().pk])
    assert "charlie is approver now." in words(browser.post(where, {"decision": "give"}, follow=True))
    assert Role.APPROVER in grants.roles_of(User.objects.get(pk=charlie.pk))


def test_whoever_asked_gets_a_refusal_when_they_try(dora: User, emma: User, charlie: User) -> None:
    ask(dora, charlie)
    where = reverse("role-decide", args=[grants.waiting().get().pk])
    assert "Another administrator must give it." in words(visitor(dora).post(where, {"decision": "give"}, follow=True))
    assert grants.waiting().exists()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_only_an_administrator_decides(people: dict[str, User], emma: User, who: str) -> None:
    ask(people["dora"], people["charlie"])
    where = reverse("role-decide", args=[grants.waiting().get().pk])
    assert visitor(people[who]).post(where, {"decision": "give"}).status_code == 403


def test_it_takes_a_post(dora: User) -> None:
    assert visitor(dora).get(reverse("role-decide", args=[1])).status_code == 405
