"""``manage.py send_letters``: what it does, says, and ends with."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.management.base import CommandError

from mailadmin.accounts.models import User
from tables.models import Letter
from tests.commands.running import run
from tests.services.editing import save

pytestmark = pytest.mark.django_db


def test_it_sends_what_waits(alice: User, bob: User, dora: User, settings: Any) -> None:
    settings.DIGEST_HOUR = 23
    save(alice, "relay-domains", "a.example", reason="x")
    Letter.objects.filter(person=dora).delete()
    said = run("send_letters")
    assert "1 letter sent." in said
    assert [letter.to for letter in mail.outbox] == [["bob@example.com"]]


def test_it_writes_the_digests_of_the_day_when_asked(alice: User, bob: User, settings: Any) -> None:
    settings.DIGEST_HOUR = 23
    save(alice, "relay-domains", "a.example", reason="x")
    assert "2 digests written, 4 letters sent." in run("send_letters", "--digest")
    assert "0 digests written, 0 letters sent." in run("send_letters", "--digest")


def test_its_exit_status_says_that_something_is_wrong(alice: User, bob: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.services.post.Dead"
    save(alice, "relay-domains", "a.example", reason="x")
    with pytest.raises(CommandError, match="Not everything could be sent: localhost port 25: Connection refused"):
        run("send_letters")
    assert run("send_letters", "--quiet") == ""


def test_switched_off_it_says_so(db: None, settings: Any) -> None:
    settings.EMAIL_ON = False
    with pytest.raises(CommandError, match="MAILADMIN_EMAIL=yes"):
        run("send_letters")
