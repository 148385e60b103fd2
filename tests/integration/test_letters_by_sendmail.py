"""Letters through the real sendmail: taken, delivered to a mailbox as they were meant, and kept while it is away."""

from __future__ import annotations

import mailbox
import os
import pwd
import shutil
import subprocess
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables.letters import outbox
from tables.models import Letter, MailRoute
from tables.sendmail.commands import find_program
from tests.integration.conftest import Publish
from tests.integration.daemon import MailHost, free_port
from tests.services.editing import approve, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

DOMAIN = "mx.test.example"
#: The user as whom Debian's sendmail.cf writes to files (DefaultUser).
WRITER = "mail"


@pytest.fixture
def by_sendmail(mail_host: MailHost, settings: Any) -> MailHost:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_host.port
    settings.EMAIL_FROM = f"mailadmin@{DOMAIN}"
    settings.BASE_URL = "https://panel.example.org"
    return mail_host


@pytest.fixture
def box(by_sendmail: MailHost, publish: Publish, people: dict[str, User]) -> Path:
    """A file to which an alias that the panel published leads bob's mail."""
    file = by_sendmail.directory / "box"
    file.touch(mode=0o600)
    if os.geteuid() == 0:
        shutil.chown(file, WRITER, pwd.getpwnam(WRITER).pw_gid)
    approve(people["dora"], save(people["alice"], "aliases", "bob", str(file), reason="A mailbox for the test"))
    save(people["alice"], "aliases", "mailadmin", "root")
    assert publish().state == "succeeded"
    User.objects.filter(username="bob").update(email=f"bob@{DOMAIN}")
    User.objects.exclude(username="bob").update(email="")
    Letter.objects.all().delete()
    return file


def delivered(host: MailHost, box: Path) -> list[Message]:
    """Run the queue once, in the foreground as -v makes it, and read what is in the mailbox."""
    command = [find_program("sendmail"), "-q", "-v", "-C", str(host.cf)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    with closing(mailbox.mbox(box)) as found:
        return list(found)


def test_a_letter_arrives_in_the_mailbox_as_it_was_written(by_sendmail: MailHost, box: Path, alice: User) -> None:
    reason = "Zürich office\nFrom the start of a line\n.\n-- \nTicket 4711"
    request = save(alice, "access", "connect:203.0.113", "RELAY", reason=reason)
    assert outbox.send().sent == 1
    (letter,) = delivered(by_sendmail, box)
    assert letter["Subject"] == f"[mailadmin] Review wanted: request {request.pk} by alice (relay)"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["References"] == f"<request.{request.pk}.mailadmin@{DOMAIN}>"
    payload = letter.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode()
    assert "  Reason: Zürich office\n  From the start of a line\n  .\n  --\n  Ticket 4711\n" in text
    assert "  Every host of 203.0.113 may send mail anywhere through this host.\n" in text
    assert "  +connect:203.0.113\tRELAY\n" in text
    assert f"https://panel.example.org/requests/{request.pk}/\n" in text


def test_an_address_that_sendmail_does_not_know_is_told_with_its_words(
    by_sendmail: MailHost, box: Path, alice: User
) -> None:
    User.objects.filter(username="dora").update(email=f"nobody-there@{DOMAIN}")
    save(alice, "access", "connect:203.0.113", "RELAY", reason="Branch office")
    done = outbox.send()
    assert (done.sent, done.failed) == (1, 1)
    assert "User unknown" in Letter.objects.get(person__username="dora").error
    assert len(delivered(by_sendmail, box)) == 1


def test_behind_a_dead_port_letters_wait_and_go_out_once_it_answers(
    by_sendmail: MailHost, box: Path, alice: User, settings: Any
) -> None:
    settings.EMAIL_PORT = free_port()
    save(alice, "access", "connect:203.0.113", "RELAY", reason="Branch office")
    started = timezone.now()
    assert "Connection refused" in outbox.send().error
    assert (timezone.now() - started).total_seconds() < 5
    assert not outbox.due()
    settings.EMAIL_PORT = by_sendmail.port
    assert outbox.send().sent == 0
    MailRoute.objects.update(next_try_at=timezone.now())  # as if the pause had passed
    assert outbox.send().sent == 1
    assert len(delivered(by_sendmail, box)) == 1
