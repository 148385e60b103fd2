"""What the history tells of accounts: second factors, recovery codes, refused log-ins, and what commands do to them."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import audit
from tables.models import AuditEvent
from tests.people import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_of_other_tests(settings: Any) -> None:
    cache.clear()
    settings.MFA_TOTP_TOLERANCE = 1


@pytest.fixture
def alice_here(client: Client, alice: User) -> User:
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return alice


def told(*without: str) -> list[tuple[str, str]]:
    found = AuditEvent.objects.exclude(action__in=["login", "person-added", *without]).order_by("number")
    return list(found.values_list("actor_name", "action"))


def current_code() -> str:
    """That of this moment, which the one before and after it would do for, too."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(SECRET, counters[len(counters) // 2]))


def activate(client: Client) -> None:
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    answer = client.post(reverse("mfa_activate_totp"), {"code": current_code()})
    assert answer.status_code == 302


def test_setting_up_and_removing_a_second_factor_is_told(client: Client, alice_here: User) -> None:
    activate(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert told() == [("alice", "second-factor-added"), ("alice", "second-factor-removed")]


def test_a_second_factor_that_cannot_be_told_of_is_not_set_up(
    client: Client, alice_here: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(DatabaseError):
        activate(client)
    assert not Authenticator.objects.exists()


def test_recovery_codes_made_and_looked_at_are_told_without_the_codes(client: Client, alice_here: User) -> None:
    TOTP.activate(alice_here, SECRET)
    client.post(reverse("mfa_generate_recovery_codes"))
    client.get(reverse("mfa_view_recovery_codes"))
    client.get(reverse("mfa_download_recovery_codes"))
    shown = ("alice", "recovery-codes-shown")
    assert told() == [("alice", "recovery-codes-made"), shown, shown]
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    assert codes
    assert not any(code in str(list(AuditEvent.objects.values())) for code in codes)


def second_step(client: Client, code: str) -> None:
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code})


def test_a_wrong_code_is_told_and_is_no_log_in(client: Client, alice: User) -> None:
    TOTP.activate(alice, SECRET)
    second_step(client, "000000" if current_code() != "000000" else "111111")
    assert told() == [("alice", "second-factor-failed")]
    assert not AuditEvent.objects.filter(action="login").exists()


def test_a_recovery_code_that_is_used_is_told_with_how_many_are_left(client: Client, alice: User) -> None:
    TOTP.activate(alice, SECRET)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    second_step(client, codes[0])
    event = AuditEvent.objects.get(action="recovery-code-used")
    assert event.actor == alice
    assert event.detail["left"] == len(codes) - 1
    assert AuditEvent.objects.filter(action="login", actor=alice).exists()


def test_whoever_tries_too_often_is_told_of_once(client: Client, alice: User) -> None:
    for _attempt in range(9):
        client.post(reverse("account_login"), {"login": "alice", "password": "wrong"})
    assert told("login-failed") == [("alice", "login-limited")]


def test_somebody_switched_off_who_knows_the_password_is_told_of(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    event = AuditEvent.objects.get(action="login-failed")
    assert (event.actor_name, event.detail["why"]) == ("alice", "switched off")


def test_a_wrong_password_where_one_confirms_who_one_is_is_told(client: Client, alice_here: User) -> None:
    client.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert told() == [("alice", "login-failed")]


def test_a_superuser_made_by_a_command_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="root", email="root@example.com", interactive=False, verbosity=0)
    event = AuditEvent.objects.get(action="person-added", key="root")
    assert event.actor_name.startswith("cli:")
    assert event.after["superuser"] is True


def type_in(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    typed = iter(words)
    monkeypatch.setattr("mailadmin.accounts.management.commands.changepassword.getpass", lambda _prompt: next(typed))


def test_a_password_changed_by_a_command_is_told_of(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "one", "another", "short", "short", "a long new password", "a long new password")
    call_command("changepassword", "alice", verbosity=0)
    alice.refresh_from_db()
    assert alice.check_password("a long new password")
    event = AuditEvent.objects.get(action="password-reset", key="alice")
    assert event.actor_name.startswith("cli:")
    assert "a long new password" not in str(list(AuditEvent.objects.values()))


def test_nothing_is_set_after_three_attempts_or_for_nobody(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "short", "short", "short", "short", "short", "short")
    with pytest.raises(CommandError, match="3 attempts"):
        call_command("changepassword", "alice", verbosity=0)
    with pytest.raises(CommandError, match="There is no person"):
        call_command("changepassword", "nobody", verbosity=0)
    assert told() == []
