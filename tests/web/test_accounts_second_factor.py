"""A second factor: set up, asked for, removed."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tests.people import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def alice_here(client: Client, alice: User) -> User:
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    return alice


def confirm(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def test_setting_one_up_first_asks_who_is_there(client: Client, alice_here: User) -> None:
    answer = client.get(reverse("mfa_activate_totp"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize(
    "name", ["mfa_index", "mfa_activate_totp", "account_reauthenticate", "account_change_password", "account_logout"]
)
def test_the_pages_of_an_account_are_in_the_panels_own_design(client: Client, alice_here: User, name: str) -> None:
    confirm(client)
    page = client.get(reverse(name)).content.decode()
    assert "css/tokens.css" in page
    assert "Menu:" not in page


def test_the_recovery_codes_are_shown_and_made_anew(client: Client, alice_here: User) -> None:
    TOTP.activate(alice_here, SECRET)
    confirm(client)
    client.post(reverse("mfa_generate_recovery_codes"))
    codes = Authenticator.objects.get(user=alice_here, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    confirm(client)
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert codes
    assert all(code in page for code in codes)


def test_a_log_in_then_needs_the_code(client: Client, alice: User) -> None:
    TOTP.activate(alice, SECRET)
    answer = client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert "authenticator app" in client.get(reverse("mfa_authenticate")).content.decode()
    assert client.get(reverse("home")).status_code == 302


def test_removing_it_asks_once_more(client: Client, alice_here: User) -> None:
    TOTP.activate(alice_here, SECRET)
    confirm(client)
    assert "your password alone" in client.get(reverse("mfa_deactivate_totp")).content.decode()
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=alice_here, type=Authenticator.Type.TOTP).exists()
