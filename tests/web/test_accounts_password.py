"""A person's own password."""

import pytest
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables.models import AuditEvent
from tests.people import PASSWORD

OWN = "a quiet walk by the sea"


@pytest.fixture
def newcomer(alice: User, client: Client) -> User:
    alice.must_change_password = True
    alice.save(update_fields=["must_change_password"])
    client.force_login(alice)
    return alice


def change(client: Client, old: str = PASSWORD, new: str = OWN) -> str:
    answer = client.post(
        reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new}, follow=True
    )
    return answer.content.decode()


@pytest.mark.parametrize("name", ["home", "requests", "people", "mfa_index"])
def test_whoever_has_a_one_time_password_chooses_their_own_first(client: Client, newcomer: User, name: str) -> None:
    assert client.get(reverse(name))["Location"] == reverse("account_change_password")


def test_htmx_is_sent_there_too(client: Client, newcomer: User) -> None:
    answer = client.get(reverse("search"), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("account_change_password")


def test_they_can_still_log_out(client: Client, newcomer: User) -> None:
    assert client.post(reverse("account_logout"))["Location"] == reverse("account_login")


def test_after_that_everything_is_open_and_the_session_goes_on(client: Client, newcomer: User) -> None:
    assert "Your password is changed." in change(client)
    newcomer.refresh_from_db()
    assert not newcomer.must_change_password
    assert newcomer.check_password(OWN)
    assert client.get(reverse("home")).status_code == 200
    assert AuditEvent.objects.filter(actor=newcomer, action="password-changed").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (PASSWORD, PASSWORD, "Choose another."),
        ("wrong", OWN, "current password"),
        (PASSWORD, "short1!", "at least 10 characters"),
        (PASSWORD, "password1234", "too common"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(
    client: Client, newcomer: User, old: str, new: str, words: str
) -> None:
    assert words in change(client, old, new)
    newcomer.refresh_from_db()
    assert newcomer.must_change_password
