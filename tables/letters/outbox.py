"""Sending the letters that wait: by any number of senders at once, each letter by one of them.

A letter is claimed in a transaction of its own, sent, and then marked. A sender that is killed between the last two
leaves a claim that ends after :data:`CLAIM`: that one letter goes out a second time, with the same Message-ID.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from tables.letters import digests, wording
from tables.letters.envelope import NoAddress, message
from tables.models import Letter, MailRoute
from tables.noticing import kinds
from tables.noticing.telling import lines

logger = logging.getLogger("mailadmin.letters")

State = Letter.State

#: For how long a letter belongs to whoever is sending it: longer than a mail server may take for all of its answers.
CLAIM = timedelta(minutes=10)
#: Seconds after which a sender leaves the rest to the next one.
SECONDS = 60
#: The first pause after a failure, of a letter and of the mail server, and the longest; each is twice the one before.
LETTER_PAUSES = (timedelta(minutes=1), timedelta(hours=4))
ROUTE_PAUSES = (timedelta(seconds=30), timedelta(minutes=15))
#: A letter that nobody tried to send for so long after its time shows that nobody sends.
OVERDUE = timedelta(minutes=15)


@dataclass(slots=True)
class Sent:
    """What one round of sending came to."""

    sent: int = 0
    dropped: int = 0
    failed: int = 0
    given_up: int = 0
    error: str = ""


class Unreachable(Exception):
    """The mail server takes no letter at all now."""


# --- is there anything to do, and does it work ------------------------------------------------------------------------


def _waiting() -> QuerySet[Letter]:
    return Letter.objects.filter(state=State.WAITING)


def due(now: datetime | None = None) -> bool:
    """Whether a letter could go out now."""
    now = now or timezone.now()
    return settings.EMAIL_ON and not _resting(now) and _waiting().filter(next_try_at__lte=now).exists()


def _resting(now: datetime) -> bool:
    return MailRoute.objects.filter(next_try_at__gt=now).exists()


def trouble(now: datetime | None = None) -> str:
    """Why letters do not go out, with what to do about it; empty while they do."""
    if not settings.EMAIL_ON:
        return ""
    route = MailRoute.objects.filter(failing_since__isnull=False).first()
    if route and route.failing_since:
        since = timezone.localtime(route.failing_since)
        return f"The mail server has taken no letter since {since:%Y-%m-%d %H:%M}. {route.error}"
    late = _waiting().filter(next_try_at__lt=(now or timezone.now()) - OVERDUE).order_by("next_try_at").first()
    if late:
        since = timezone.localtime(late.next_try_at)
        return (
            f"Letters have waited since {since:%Y-%m-%d %H:%M}, and nobody sends them. "
            "Start the publisher on a mail host, or run manage.py send_letters."
        )
    return ""


def given_up(*, days: int = 7, now: datetime | None = None) -> QuerySet[Letter]:
    """The letters that were lately given up, newest first."""
    since = (now or timezone.now()) - timedelta(days=days)
    found = Letter.objects.filter(state=State.GIVEN_UP, ended_at__gte=since).select_related("person", "notice")
    return found.order_by("-ended_at")


# --- sending ----------------------------------------------------------------------------------------------------------


def send(*, at_once: bool = False, seconds: float = SECONDS, now: datetime | None = None) -> Sent:
    """Send what is due, until that is done, so many seconds have passed, or the mail server fails.

    ``at_once``: try even though the mail server failed a moment ago.
    """
    done = Sent()
    if not settings.EMAIL_ON:
        return done
    until = time.monotonic() + seconds
    connection = mail.get_connection()
    try:
        while time.monotonic() < until and (at_once or not _resting(now or timezone.now())):
            letter = _claim(now or timezone.now())
            if letter is None:
                break
            _deliver(letter, connection, done)
    except Unreachable as error:
        done.error = str(error)
    finally:
        connection.close()
    done.given_up = _give_up(now or timezone.now())
    return done


@transaction.atomic
def _claim(now: datetime) -> Letter | None:
    """The next letter, ours until the claim ends. Others pass over it; broken glass comes first."""
    urgent = Case(When(notice__kind=kinds.GLASS.name, then=Value(0)), default=Value(1))
    free = _waiting().select_for_update(skip_locked=True, of=("self",)).filter(next_try_at__lte=now)
    related = ("person", "notice__person", "notice__request__cluster", "notice__publication__release")
    letter = free.select_related(*related).order_by(urgent, "next_try_at", "pk").first()
    if letter is not None:
        letter.tries += 1
        letter.next_try_at = now + CLAIM
        letter.save(update_fields=["tries", "next_try_at"])
    return letter


def _deliver(letter: Letter, connection: BaseEmailBackend, done: Sent) -> None:
    try:
        text = digests.text_of(letter) if letter.notice is None else wording.of_notice(letter.notice)
        if text is None or not letter.person.is_active:
            _end(letter, State.DROPPED)
            done.dropped += 1
            return
        connection.open()
        connection.send_messages([message(letter, text)])
    except (SMTPRecipientsRefused, SMTPDataError, NoAddress) as error:
        _try_later(letter, explained(error), done)
        connection.close()
    except (OSError, SMTPException) as error:
        _rest(letter, explained(error))
        raise Unreachable(explained(error)) from error
    except Exception as error:
        logger.exception("%s cannot be written. The others go on.", letter)
        _try_later(letter, f"{type(error).__name__}: {error}", done)
        connection.close()
    else:
        _end(letter, State.SENT)
        _works_again()
        done.sent += 1


def explained(error: Exception) -> str:
    """What a mail server, or the way to it, says."""
    if isinstance(error, SMTPRecipientsRefused):
        return _answer(*next(iter(error.recipients.values())))
    if isinstance(error, SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    if isinstance(error, OSError):
        where = f"{settings.EMAIL_HOST} port {settings.EMAIL_PORT}"
        return lines(f"{where}: {error.strerror or str(error) or type(error).__name__}.")
    return lines(str(error) or type(error).__name__)


def _answer(code: int, said: bytes | str) -> str:
    return lines(f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}")


def _end(letter: Letter, state: str) -> None:
    Letter.objects.filter(pk=letter.pk).update(state=state, ended_at=timezone.now(), error="")


def _pause(pauses: tuple[timedelta, timedelta], tries: int) -> timedelta:
    first, longest = pauses
    return min(first * (1 << min(tries - 1, 20)), longest)


def _try_later(letter: Letter, error: str, done: Sent) -> None:
    done.failed += 1
    done.error = done.error or error
    again = timezone.now() + _pause(LETTER_PAUSES, letter.tries)
    Letter.objects.filter(pk=letter.pk, state=State.WAITING).update(error=error, next_try_at=again)


@transaction.atomic
def _rest(letter: Letter, error: str) -> None:
    """Not this letter's fault: it stays first in the row, and all of them wait."""
    now = timezone.now()
    Letter.objects.filter(pk=letter.pk, state=State.WAITING).update(error=error, next_try_at=now)
    MailRoute.objects.get_or_create(pk=1)
    route = MailRoute.objects.select_for_update().get(pk=1)
    if route.failing_since is None:
        route.failing_since = now
        logger.warning("The mail server takes no letters, which wait: %s", error)
    route.tries += 1
    route.error, route.next_try_at = error, now + _pause(ROUTE_PAUSES, route.tries)
    route.save()


def _works_again() -> None:
    failing = MailRoute.objects.filter(Q(failing_since__isnull=False) | Q(next_try_at__isnull=False))
    if failing.update(failing_since=None, next_try_at=None, error="", tries=0):
        logger.info("The mail server takes letters again.")


def _give_up(now: datetime) -> int:
    """Letters too old that were tried, or could not even be: the panel has told what they were to tell."""
    old = _waiting().filter(created_at__lt=now - timedelta(days=settings.EMAIL_DAYS))
    route = MailRoute.objects.filter(failing_since__isnull=False).first()
    if route:
        old.filter(error="").update(error=route.error)
    tried = old if route else old.exclude(error="")
    return tried.update(state=State.GIVEN_UP, ended_at=now)
