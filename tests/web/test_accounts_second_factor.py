"""A second factor: set up, asked for, removed."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables.models import AuditEvent
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


# --- what history keeps -----------------------------------------------------------------------------------------------


def told() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.exclude(action="login").order_by("number").values_list("actor_name", "action"))


@pytest.fixture
def at_once(transactional_db: None, people: dict[str, User], client: Client) -> User:
    """alice, logged in and asked anew, where what follows a commit happens."""
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    confirm(client)
    return people["alice"]


def set_up(client: Client) -> str:
    """Through the page, as a person with an app does; the secret."""
    page = client.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    return secret


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_history_says_who_set_one_up_made_codes_anew_and_removed_it(client: Client, at_once: User) -> None:
    set_up(client)
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    assert sorted(told()) == [
        ("alice", "recovery-codes-made"),
        ("alice", "recovery-codes-made"),
        ("alice", "second-factor-added"),
        ("alice", "second-factor-removed"),
    ]


def test_history_says_of_a_wrong_code_and_of_a_recovery_code_and_keeps_neither(client: Client, at_once: User) -> None:
    set_up(client)
    codes = Authenticator.objects.get(user=at_once, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    client.logout()
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    before = len(told())
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert client.get(reverse("home")).status_code == 200
    assert told()[before:] == [("alice", "second-factor-failed"), ("alice", "recovery-code-used")]
    used = AuditEvent.objects.get(action="recovery-code-used")
    assert used.detail == {"address": "127.0.0.1", "left": len(codes) - 1}
    kept = str(list(AuditEvent.objects.values()))
    assert "000000'" not in kept
    assert all(code not in kept for code in codes)
