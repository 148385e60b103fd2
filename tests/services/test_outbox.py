"""Sending: each letter once, again when it fails, given up in the end, and nothing lost on the way."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from mailadmin.accounts.models import User
from tables.letters import outbox, wording
from tables.models import Letter, MailRoute
from tests.services.editing import save
from tests.services.post import Refusing, post, unknown

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_letters(alice: User, bob: User, dora: User) -> None:
    save(alice, "relay-domains", "a.example", reason="x")


@pytest.fixture
def refusing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception]:
    answers: dict[str, Exception] = {}
    monkeypatch.setattr(Refusing, "answers", answers)
    settings.EMAIL_BACKEND = "tests.services.post.Refusing"
    return answers


@pytest.fixture
def dead(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.services.post.Dead"


def wait_over() -> None:
    """As if the pauses had passed."""
    Letter.objects.update(next_try_at=timezone.now())
    MailRoute.objects.update(next_try_at=None)


def test_each_letter_goes_out_once(two_letters: None) -> None:
    assert outbox.due()
    assert (outbox.send().sent, outbox.send().sent) == (2, 0)
    assert len(mail.outbox) == 2
    assert not outbox.due()
    assert set(Letter.objects.values_list("state", flat=True)) == {"sent"}


def test_what_another_sender_has_claimed_is_left_to_it(two_letters: None) -> None:
    claimed = outbox._claim(timezone.now())
    assert claimed
    assert outbox.send().sent == 1
    assert mail.outbox[0].to != [claimed.person.email]


def test_a_sender_that_was_killed_keeps_no_letter_back_and_its_number_stays(two_letters: None) -> None:
    outbox._claim(timezone.now())
    later = timezone.now() + outbox.CLAIM
    assert outbox.send(now=later).sent == 2
    first = [letter.message()["Message-ID"] for letter in mail.outbox]
    Letter.objects.update(state="waiting", next_try_at=timezone.now())  # killed after sending, before marking
    outbox.send()
    assert sorted(letter.message()["Message-ID"] for letter in mail.outbox[2:]) == sorted(first)


def test_one_address_that_is_refused_does_not_stop_the_others(
    two_letters: None, refusing: dict[str, Exception]
) -> None:
    refusing["bob@example.com"] = unknown("bob@example.com")
    done = outbox.send()
    assert (done.sent, done.failed) == (1, 1)
    letter = Letter.objects.get(person__username="bob")
    assert (letter.state, letter.tries, letter.error) == ("waiting", 1, "550 5.1.1 User unknown")
    assert letter.next_try_at > timezone.now()
    assert not MailRoute.objects.filter(failing_since__isnull=False).exists()
    refusing.clear()
    assert outbox.send().sent == 0
    wait_over()
    assert outbox.send().sent == 1
    assert Letter.objects.get(pk=letter.pk).error == ""


def test_the_pauses_grow_and_end_at_the_longest() -> None:
    pauses = [outbox._pause(outbox.LETTER_PAUSES, tries) for tries in (1, 2, 3, 12, 10_000)]
    assert [pause.total_seconds() for pause in pauses] == [60, 120, 240, 14400, 14400]


def test_a_letter_that_nobody_takes_is_given_up_in_the_end(two_letters: None, refusing: dict[str, Exception]) -> None:
    refusing["bob@example.com"] = unknown("bob@example.com")
    outbox.send()
    Letter.objects.update(created_at=timezone.now() - timedelta(days=2.9))
    assert outbox.send().given_up == 0
    Letter.objects.update(created_at=timezone.now() - timedelta(days=3.1))
    assert outbox.send().given_up == 1
    (letter,) = outbox.given_up()
    assert (letter.person.username, letter.error) == ("bob", "550 5.1.1 User unknown")


def test_an_old_letter_that_was_never_tried_is_sent(two_letters: None) -> None:
    Letter.objects.update(created_at=timezone.now() - timedelta(days=30))
    done = outbox.send()
    assert (done.sent, done.given_up) == (2, 0)


def test_a_dead_mail_server_delays_all_and_loses_nothing(
    two_letters: None, dead: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mailadmin.letters")
    assert "Connection refused" in outbox.send().error
    assert not outbox.due()
    assert outbox.send().error == ""  # it is left in peace for a while
    for _ in range(4):
        MailRoute.objects.update(next_try_at=None)
        outbox.send()
    assert caplog.text.count("The mail server takes no letters") == 1
    assert outbox.trouble().startswith("The mail server has taken no letter since ")
    assert "localhost port 25: Connection refused." in outbox.trouble()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    MailRoute.objects.update(next_try_at=None)
    assert outbox.send().sent == 2
    assert outbox.trouble() == ""
    assert caplog.text.count("The mail server takes letters again") == 1


def test_a_person_who_asks_need_not_wait_for_the_pause(two_letters: None, dead: None, settings: Any) -> None:
    outbox.send()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outbox.send(at_once=True).sent == 2


def test_behind_a_dead_server_what_grew_too_old_is_given_up_with_its_reason(two_letters: None, dead: None) -> None:
    outbox.send()
    Letter.objects.update(created_at=timezone.now() - timedelta(days=4))
    wait_over()
    assert outbox.send().given_up == 2
    assert {letter.error for letter in outbox.given_up()} == {"localhost port 25: Connection refused."}


def test_one_letter_that_cannot_be_written_does_not_stop_the_others(
    two_letters: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def write(notice: Any, real: Any = wording.of_notice) -> Any:
        return 1 / 0 if notice.person.username == "bob" else real(notice)

    monkeypatch.setattr(wording, "of_notice", write)
    assert set(post()) == {"dora@example.com"}
    assert Letter.objects.get(person__username="bob").error == "ZeroDivisionError: division by zero"
    assert "cannot be written" in caplog.text


def test_broken_glass_goes_first(two_letters: None) -> None:
    Letter.objects.filter(person__username="dora").update(next_try_at=timezone.now() - timedelta(hours=1))
    letter = Letter.objects.get(person__username="bob")
    letter.notice.kind = "glass"
    letter.notice.save()
    outbox.send()
    assert [message.to for message in mail.outbox] == [["bob@example.com"], ["dora@example.com"]]


def test_a_round_ends_when_its_time_is_over(two_letters: None) -> None:
    assert outbox.send(seconds=0).sent == 0
    assert Letter.objects.filter(tries=0).count() == 2


def test_letters_that_nobody_sends_are_noticed(two_letters: None) -> None:
    assert outbox.trouble() == ""
    assert "nobody sends them" in outbox.trouble(now=timezone.now() + timedelta(minutes=16))


def test_switched_off_means_off(two_letters: None, settings: Any) -> None:
    settings.EMAIL_ON = False
    assert not outbox.due()
    assert outbox.send().sent == 0
    assert outbox.trouble(now=timezone.now() + timedelta(days=1)) == ""
