"""People: who may manage them, and what may not be done to them."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse

from mailadmin.accounts import people as service
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables.actors import Actor
from tables.models import AuditEvent
from tests.people import PASSWORD
from tests.web.reading import words
from tests.web.visits import visitor

EVE = {"username": "Eve", "full_name": "Eve Example", "email": "eve@example.com", "roles": ["approver", "viewer"]}


def shown_password(page: str) -> str:
    found = re.search(r'<output class="secret">([^<]+)</output>', page)
    assert found
    return found[1]


def last_event(action: str) -> AuditEvent:
    found = AuditEvent.objects.filter(action=action).order_by("-number").first()
    assert found
    return found


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
@pytest.mark.parametrize("page", ["people", "person-add"])
def test_only_an_administrator_sees_the_people(people: dict[str, User], who: str, page: str) -> None:
    response = visitor(people[who]).get(reverse(page))
    assert response.status_code == 403
    assert "This needs one of these roles: administrator." in words(response)


@pytest.mark.parametrize("page", ["person-edit", "person-switch", "person-password"])
def test_only_an_administrator_changes_them(people: dict[str, User], page: str) -> None:
    response = visitor(people["alice"]).post(reverse(page, args=[people["charlie"].pk]))
    assert response.status_code == 403


def test_a_new_person_logs_in_once_with_the_shown_password_and_chooses_their_own(dora: User, client: Client) -> None:
    page = visitor(dora).post(reverse("person-add"), EVE).content.decode()
    eve = User.objects.get(username="eve")
    assert service.roles_of(eve) == [Role.VIEWER, Role.APPROVER]
    client.post(reverse("account_login"), {"login": "eve", "password": shown_password(page)})
    assert client.get(reverse("home"))["Location"] == reverse("account_change_password")


def test_the_one_time_password_is_kept_nowhere(dora: User) -> None:
    browser = visitor(dora)
    password = shown_password(browser.post(reverse("person-add"), EVE).content.decode())
    assert password not in str(list(AuditEvent.objects.values()))
    assert password not in str(dict(browser.session))
    assert password not in User.objects.get(username="eve").password


def test_adding_a_person_is_in_the_history_with_who_set_them_up(dora: User) -> None:
    visitor(dora).post(reverse("person-add"), EVE)
    eve = User.objects.get(username="eve")
    event = last_event("person-added")
    assert (event.actor, event.key, (event.after or {})["roles"]) == (dora, "eve", "viewer, approver")
    assert eve.credentials_set_by == dora
    assert eve.credentials_set_at is not None


@pytest.mark.parametrize("username", ["alice", "ALICE", " alice "])
def test_a_name_is_given_once_whatever_its_case(people: dict[str, User], username: str) -> None:
    page = visitor(people["dora"]).post(reverse("person-add"), {**EVE, "username": username})
    assert "There is a person “alice” already." in words(page)


@pytest.mark.parametrize("username", ["", "a b", "a\nb", "a\0b", "ä", "x" * 151])
def test_a_name_that_will_not_do_is_refused_and_the_rest_stays_typed(dora: User, username: str) -> None:
    page = visitor(dora).post(reverse("person-add"), {**EVE, "username": username})
    assert page.status_code == 200
    assert 'value="Eve Example"' in page.content.decode()
    assert not User.objects.filter(first_name="Eve Example").exists()


def test_roles_are_changed_and_the_history_shows_before_and_after(dora: User, people: dict[str, User]) -> None:
    charlie = people["charlie"]
    form = {"full_name": "Charlie", "email": "charlie@example.com", "roles": ["postmaster"]}
    assert visitor(dora).post(reverse("person-edit", args=[charlie.pk]), form).status_code == 302
    event = last_event("person-changed")
    assert ((event.before or {})["roles"], (event.after or {})["roles"]) == ("viewer", "postmaster")
    assert User.objects.get(pk=charlie.pk).has_perm("tables.edit_tables")


def test_saving_without_a_change_leaves_no_trace(dora: User, people: dict[str, User]) -> None:
    form = {"full_name": "", "email": "charlie@example.com", "roles": ["viewer"]}
    visitor(dora).post(reverse("person-edit", args=[people["charlie"].pk]), form)
    assert not AuditEvent.objects.filter(action="person-changed").exists()


def test_nobody_changes_their_own_roles(dora: User) -> None:
    form = {"full_name": "Dora", "email": "", "roles": ["administrator", "viewer"]}
    visitor(dora).post(reverse("person-edit", args=[dora.pk]), form)
    assert service.roles_of(User.objects.get(pk=dora.pk)) == [Role.ADMINISTRATOR]
    with pytest.raises(service.PeopleError, match="your own roles"):
        service.change(actor=Actor.of(dora), person=dora, full_name="", email="", roles=[Role.VIEWER])


@pytest.mark.parametrize("page", ["person-switch", "person-password"])
def test_nobody_switches_off_or_resets_themselves(dora: User, page: str) -> None:
    browser = visitor(dora)
    response = browser.post(reverse(page, args=[dora.pk]), {"active": "no"}, follow=True)
    assert "your" in words(response)
    dora.refresh_from_db()
    assert dora.is_active
    assert dora.check_password(PASSWORD)


def test_the_last_active_administrator_stays_one(dora: User) -> None:
    command = Actor.command()
    with pytest.raises(service.PeopleError, match="dora is the last active administrator"):
        service.switch(actor=command, person=dora, active=False)
    with pytest.raises(service.PeopleError, match="dora is the last active administrator"):
        service.change(actor=command, person=dora, full_name="", email="", roles=[Role.VIEWER])


def test_with_a_second_administrator_the_first_may_go(dora: User, alice: User) -> None:
    service.change(actor=Actor.of(dora), person=alice, full_name="", email="", roles=[Role.ADMINISTRATOR])
    service.switch(actor=Actor.of(User.objects.get(pk=alice.pk)), person=dora, active=False)
    dora.refresh_from_db()
    assert not dora.is_active


def test_switching_off_ends_open_sessions_at_once(dora: User, alice: User) -> None:
    hers = visitor(alice)
    assert hers.get(reverse("home")).status_code == 200
    visitor(dora).post(reverse("person-switch", args=[alice.pk]), {"active": "no"})
    assert hers.get(reverse("home")).status_code == 302


def test_switching_on_again_counts_as_setting_the_account_up(dora: User, alice: User) -> None:
    service.switch(actor=Actor.of(dora), person=alice, active=False)
    alice.refresh_from_db()
    assert alice.credentials_set_by is None
    visitor(dora).post(reverse("person-switch", args=[alice.pk]), {"active": "yes"})
    alice.refresh_from_db()
    assert alice.is_active
    assert alice.credentials_set_by == dora


def test_a_new_password_ends_the_old_one_and_all_sessions(dora: User, alice: User, client: Client) -> None:
    hers = visitor(alice)
    page = visitor(dora).post(reverse("person-password", args=[alice.pk])).content.decode()
    assert hers.get(reverse("home")).status_code == 302
    client.post(reverse("account_login"), {"login": "alice", "password": shown_password(page)})
    assert client.get(reverse("home"))["Location"] == reverse("account_change_password")
    assert last_event("password-reset").key == "alice"


@pytest.mark.parametrize("remove", [True, False])
def test_a_lost_second_factor_is_removed_only_when_asked(dora: User, alice: User, remove: bool) -> None:
    TOTP.activate(alice, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    form = {"remove_second_factor": "on"} if remove else {}
    visitor(dora).post(reverse("person-password", args=[alice.pk]), form)
    assert Authenticator.objects.filter(user=alice).exists() is not remove
    assert last_event("password-reset").detail == {"second_factor_removed": remove, "sessions": "ended"}


def test_the_page_says_what_each_role_may_do(dora: User) -> None:
    page = words(visitor(dora).get(reverse("people")))
    for role in Role:
        assert role in page
    assert "reviews what others propose" in page


def test_a_person_without_a_role_is_told_whom_to_ask(dora: User, alice: User) -> None:
    alice.groups.clear()
    assert "Ask an administrator of this panel for one." in words(visitor(alice).get(reverse("home")))


def test_a_service_refuses_whoever_may_not_manage_people(alice: User, people: dict[str, User]) -> None:
    with pytest.raises(service.Forbidden):
        service.reset_password(actor=Actor.of(alice), person=people["bob"])


def test_one_time_passwords_differ() -> None:
    made = {service.one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", password) for password in made)
