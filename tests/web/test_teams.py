"""Pages of teams and delegations, and what a limited person reads about themselves."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mailadmin.accounts.models import Delegation, Team, User
from mailadmin.accounts.roles import Role
from tests.people import delegate, make_limited
from tests.services.editing import save, value_of
from tests.web.reading import words
from tests.web.visits import let_the_log_in_age, post_new, visitor

pytestmark = pytest.mark.django_db

WANTED = {"domains": "a.example,\nB.example", "tables": ["virtusertable"], "quota": "5"}


@pytest.fixture
def erin(people: dict[str, User]) -> User:
    return make_limited("erin", Role.POSTMASTER)


def test_an_administrator_delegates_to_a_person_changes_it_and_takes_it_back(dora: User, erin: User) -> None:
    browser, page = visitor(dora), reverse("person-edit", args=[erin.pk])
    assert "Nothing." in words(browser.get(page))
    answer = browser.post(reverse("person-delegate", args=[erin.pk]), WANTED)
    assert answer["Location"] == page
    assert "a.example, b.example in virtusertable; 0 of 5 entries" in words(browser.get(page))
    made = Delegation.objects.get()
    where = reverse("delegation-edit", args=[made.pk])
    assert "a.example\nb.example" in browser.get(where).content.decode()
    browser.post(where, {**WANTED, "domains": "c.example", "quota": "", "catch_alls": "on", "outside_targets": "on"})
    assert "c.example in virtusertable, with catch-alls, with targets outside" in words(browser.get(page))
    browser.post(reverse("delegation-remove", args=[made.pk]))
    assert "Nothing." in words(browser.get(page))


def test_what_cannot_be_delegated_is_said_beside_the_field(dora: User, erin: User) -> None:
    answer = visitor(dora).post(reverse("person-delegate", args=[erin.pk]), {**WANTED, "domains": "localhost"})
    assert answer.status_code == 422
    assert "“localhost” is no domain." in words(answer)
    assert not Delegation.objects.exists()


def test_a_team_is_made_filled_and_removed(dora: User, erin: User) -> None:
    browser = visitor(dora)
    browser.post(reverse("teams"), {"name": "Shop"})
    team = Team.objects.get()
    browser.post(reverse("team-edit", args=[team.pk]), {"name": "Shop", "members": [erin.pk]})
    browser.post(reverse("team-delegate", args=[team.pk]), WANTED)
    assert "Shop 1 member, 1 delegation" in words(browser.get(reverse("teams")))
    said = words(browser.get(reverse("person-edit", args=[erin.pk])))
    assert "By the team Shop: a.example, b.example in virtusertable" in said
    browser.post(reverse("team-remove", args=[team.pk]))
    assert not Delegation.objects.exists()


def test_a_second_team_of_that_name_is_refused(dora: User) -> None:
    Team.objects.create(name="Shop")
    assert "There is a team “shop” already." in words(visitor(dora).post(reverse("teams"), {"name": "shop"}))


def test_an_administrator_who_is_a_member_changes_nothing_of_the_team(dora: User) -> None:
    team = Team.objects.create(name="Shop")
    team.members.add(dora)
    browser = visitor(dora)
    said = words(browser.post(reverse("team-edit", args=[team.pk]), {"name": "Shop", "members": []}))
    assert "You cannot take yourself into a team, or out of one." in said
    assert "delegated to yourself" in words(browser.post(reverse("team-delegate", args=[team.pk]), WANTED))
    browser.post(reverse("team-remove", args=[team.pk]))
    assert Team.objects.exists()
    made = delegate(team, "access", "a.example")
    browser.post(reverse("delegation-remove", args=[made.pk]))
    browser.post(reverse("delegation-edit", args=[made.pk]), WANTED)
    made.refresh_from_db()
    assert made.domains == ["a.example"]


@pytest.mark.parametrize("act", ["delegate", "change", "take back", "team", "members", "remove"])
def test_rights_change_only_after_a_fresh_proof(dora: User, erin: User, act: str) -> None:
    team, made = Team.objects.create(name="Shop"), delegate(erin, "access", "a.example")
    where, form = {
        "delegate": (reverse("person-delegate", args=[erin.pk]), WANTED),
        "change": (reverse("delegation-edit", args=[made.pk]), WANTED),
        "take back": (reverse("delegation-remove", args=[made.pk]), {}),
        "team": (reverse("teams"), {"name": "Other"}),
        "members": (reverse("team-edit", args=[team.pk]), {"name": "Other"}),
        "remove": (reverse("team-remove", args=[team.pk]), {}),
    }[act]
    browser = visitor(dora)
    let_the_log_in_age(browser)
    assert browser.post(where, form)["Location"].startswith(reverse("account_reauthenticate"))
    assert [(one.pk, one.domains) for one in Delegation.objects.all()] == [(made.pk, ["a.example"])]
    assert [one.name for one in Team.objects.all()] == ["Shop"]


def test_a_limited_person_reads_what_is_delegated_to_them(erin: User, alice: User) -> None:
    assert "Nothing yet: no entry can be seen or edited." in words(visitor(erin).get(reverse("home")))
    delegate(erin, "virtusertable access", "a.example", quota=3)
    save(alice, "virtusertable", "one@a.example", "x@a.example")
    said = words(visitor(erin).get(reverse("home")))
    assert "a.example access, virtusertable no no 1 of 3" in said
    assert "Delegated to you" not in words(visitor(alice).get(reverse("home")))


def test_the_form_says_what_is_not_delegated_beside_its_field(erin: User) -> None:
    delegate(erin, "virtusertable", "a.example", "c.example")
    answer = post_new(visitor(erin), "virtusertable", key="info@shop.example", value="x@a.example")
    assert answer.status_code == 422
    assert "shop.example is not delegated to you. Yours are a.example, c.example." in words(answer)
    answer = post_new(visitor(erin), "virtusertable", key="info@a.example", value="root")
    assert "“root” leads outside the domains that are delegated to you." in words(answer)
    assert value_of("virtusertable", "info@a.example") is None


def test_a_limited_publisher_presses_publish_without_seeing_the_plan(people: dict[str, User]) -> None:
    gina = make_limited("gina", Role.PUBLISHER)
    page = words(visitor(gina).get(reverse("publish")))
    assert "You may look, but not publish." not in page
    answer = visitor(make_limited("hugo", Role.POSTMASTER)).post(reverse("publish"))
    assert answer.status_code == 403
    assert "Whoever is limited to what is delegated to them needs the role publisher." in words(answer)
    assert visitor(gina).post(reverse("publish")).status_code == 302
    assert visitor(gina).post(reverse("publish"), {"override": "yes"}).status_code == 403
