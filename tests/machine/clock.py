"""Time that a test sets forward: every ``timezone.now()`` of the services tells the same one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

from django.utils import timezone

from mailadmin.accounts.models import User

#: Any moment does; a fixed one makes every run the same.
START = datetime(2031, 5, 14, 9, 30, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


class Clock:
    """Goes on by a millisecond each time that it is asked, so that no two things happen at the same moment."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def now(self) -> datetime:
        self.time += TICK
        return self.time

    def forward(self, by: timedelta) -> None:
        self.time += by


@contextmanager
def running(start: datetime = START) -> Iterator[Clock]:
    clock = Clock(start)
    joined = User._meta.get_field("date_joined")
    with mock.patch.object(timezone, "now", clock.now), mock.patch.object(joined, "default", clock.now):
        yield clock
