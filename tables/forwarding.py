"""Every audit event to a syslog server, in order, and none twice as far as that can be known.

A row remembers the last number that was sent. It is locked while events are sent and advanced with the same commit, so
two publishers never send the same ones. Killed between sending and that commit, a batch comes twice: ``number`` tells.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailadmin.environment import SyslogTarget
from tables import archives, syslog
from tables.eventlines import as_text, shown
from tables.models import AuditEvent, AuditHead, ForwardingCursor

logger = logging.getLogger("mailadmin.publisher")

#: Events that go over one connection and are noted as sent together.
BATCH = 200
#: Seconds after which a turn of house keeping leaves the rest for the next one.
TURN_SECONDS = 2.0
#: Characters that a shortened event keeps of a name and a key: in JSON each takes up to 12 bytes.
KEPT = 40


class Trouble(NamedTuple):
    """What keeps events from the server."""

    target: SyslogTarget
    error: str
    since: datetime
    waiting: int


def forward(*, seconds: float = TURN_SECONDS) -> int:
    """Send what waits, for so many seconds at most. How many went; what keeps them is noted, not raised."""
    if settings.AUDIT_SYSLOG is None:
        return 0
    until, sent = time.monotonic() + seconds, 0
    while batch := _forward_batch(settings.AUDIT_SYSLOG):
        sent += batch
        if time.monotonic() >= until:
            break
    return sent


def waiting() -> int:
    """Events that were not sent yet."""
    head = AuditHead.objects.filter(pk=1).first()
    gone, _hash = archives.end()  # from before there was a server
    return head.number - max(_cursor().number, gone) if head else 0


def sent_until() -> int | None:
    """The number of the last event that was sent; ``None`` where no server is to get any."""
    return _cursor().number if settings.AUDIT_SYSLOG else None


def trouble() -> Trouble | None:
    if settings.AUDIT_SYSLOG is None:
        return None
    cursor = _cursor()
    if not cursor.failed_since:
        return None
    return Trouble(settings.AUDIT_SYSLOG, cursor.error, cursor.failed_since, waiting())


def _cursor() -> ForwardingCursor:
    return ForwardingCursor.objects.get_or_create(pk=1)[0]


def _forward_batch(target: SyslogTarget) -> int:
    if not waiting():
        return 0
    try:
        # Connected before the lock: on SQLite that is the whole database's, which must not wait for a dead server.
        with syslog.connected(target) as line:
            return _send(target, line)
    except OSError as error:
        _note_failure(target, error)
        return 0


@transaction.atomic
def _send(target: SyslogTarget, line: syslog.Line) -> int:
    cursor = ForwardingCursor.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if cursor is None:  # another publisher is at it
        return 0
    events = list(AuditEvent.objects.filter(number__gt=cursor.number).order_by("number")[:BATCH])
    if not events:
        return 0
    line.send([_message(event, syslog.LIMITS[target.kind]) for event in events])
    ForwardingCursor.objects.filter(pk=1).update(number=events[-1].number, error="", failed_since=None)
    if cursor.failed_since:
        logger.info("The syslog server %s takes audit events again.", target)
    return len(events)


def _note_failure(target: SyslogTarget, error: OSError) -> None:
    said = error.strerror or str(error)
    fresh = ForwardingCursor.objects.filter(pk=1, failed_since=None).update(error=said, failed_since=timezone.now())
    if fresh:
        logger.warning("The syslog server %s takes no audit events: %s. They wait.", target, said)
    else:
        ForwardingCursor.objects.filter(pk=1).update(error=said)


def _message(event: AuditEvent, limit: int) -> bytes:
    about = {"at": event.at.isoformat(), "host": settings.HOST_NAME, "name": event.action}
    said = shown(event)
    whole = syslog.message(**about, text=as_text(said))
    if len(whole) <= limit:
        return whole
    names = ("number", "at", "action", "cluster", "table", "request", "previous_hash", "hash", "masked")
    short = {name: said[name] for name in names}
    cut = {name: said[name][:KEPT] for name in ("actor_name", "key")}
    return syslog.message(**about, text=as_text({**short, **cut, "shortened": True}))
