"""Logging in and out, and what history keeps of it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from mailadmin.accounts.models import User
from tables.models import AuditEvent
from tests.people import PASSWORD


def log_in(client: Client, username: str, password: str = PASSWORD) -> int:
    return client.post(reverse("account_login"), {"login": username, "password": password}).status_code


def actions() -> list[tuple[str, str]]:
    """What happened since the cast was there."""
    told = AuditEvent.objects.exclude(action="person-added").order_by("number")
    return list(told.values_list("actor_name", "action"))


@pytest.mark.parametrize(
    "name", ["home", "publish", "releases", "audit", "people", "requests", "search", "account_change_password"]
)
def test_every_page_asks_a_stranger_to_log_in(client: Client, db: None, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_the_right_password_logs_in_and_history_says_so(client: Client, alice: User) -> None:
    assert log_in(client, "alice") == 302
    assert client.get(reverse("home")).status_code == 200
    assert actions() == [("alice", "login")]
    assert AuditEvent.objects.latest("number").detail == {"address": "127.0.0.1"}


def test_a_wrong_password_does_not_and_history_says_so(client: Client, alice: User) -> None:
    response = client.post(reverse("account_login"), {"login": "alice", "password": "wrong"})
    assert "not correct" in response.content.decode()
    assert actions() == [("alice", "login-failed")]


def test_a_name_that_nobody_has_is_not_written_down(client: Client, db: None) -> None:
    log_in(client, "hunter2")
    assert actions() == [("unknown", "login-failed")]


def test_a_person_who_is_switched_off_cannot_log_in(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    log_in(client, "alice")
    assert client.get(reverse("home")).status_code == 302


def test_many_wrong_passwords_are_stopped(client: Client, alice: User) -> None:
    for _attempt in range(12):
        log_in(client, "alice", "wrong")
    log_in(client, "alice")
    assert client.get(reverse("home")).status_code == 302


def test_logging_out_takes_a_press_of_the_button_and_history_says_so(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.get(reverse("account_logout"))
    assert client.get(reverse("home")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(reverse("home")).status_code == 302
    assert actions() == [("alice", "logout")]


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_reset_password"])
def test_nobody_signs_up_or_gets_a_password_by_mail(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_a_page_that_was_asked_for_comes_after_the_log_in(client: Client, alice: User) -> None:
    address = f"{reverse('account_login')}?next={reverse('audit')}"
    page = client.get(address).content.decode()
    assert 'name="next"' in page
    response = client.post(address, {"login": "alice", "password": PASSWORD, "next": reverse("audit")})
    assert response["Location"] == reverse("audit")


def test_a_fragment_asked_for_after_the_session_ended_leads_the_whole_page_to_the_log_in(
    client: Client, db: None
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/history/?person=bob"}
    answer = client.get(reverse("audit"), headers=headers)
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next=%2Fhistory%2F%3Fperson%3Dbob"


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_only_a_proxy_of_ours_says_where_somebody_comes_from(
    client: Client, alice: User, settings: Any, proxies: int, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    form = {"login": "alice", "password": PASSWORD}
    client.post(reverse("account_login"), form, headers={"X-Forwarded-For": "203.0.113.9"})
    assert AuditEvent.objects.latest("number").detail == {"address": address}
