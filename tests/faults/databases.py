"""The database goes away in the middle, or is locked; and the clock, which is wrong."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from tests.faults.case import FAILED, RAISED, SUCCEEDED, Attempt, Case, Checkpoint
from tests.faults.stage import Place, fork, on_postgresql, statement, wait

HOLDER = "holder.pid"
#: Seconds for which a publisher of these cases waits for a lock of SQLite.
SHORT = 0.3


def cases(points: Sequence[str]) -> Iterator[Case]:
    for point in points:
        if on_postgresql():
            yield dropped(point)
            yield stopped(point)
        else:
            yield held(point)
    for days in (1, -1):
        yield clock(days)


def once(point: str, act: Callable[[], None]) -> Checkpoint:
    passed: list[str] = []

    def checkpoint(now: str) -> None:
        if now == point and not passed:
            passed.append(now)
            act()

    return checkpoint


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def dropped(point: str) -> Case:
    def enter(place: Place) -> Checkpoint | None:
        return once(point, lambda: end_connections(place))

    return Case("database connection dropped", point, "and may be made anew", [Attempt(enter=enter)], ENDS)


def stopped(point: str) -> Case:
    def enter(place: Place) -> Checkpoint | None:
        return once(point, lambda: shut(place))

    return Case("database away", point, "until the next publisher", [Attempt(enter=enter)], ENDS, mend=opened)


ENDS = frozenset({FAILED, RAISED, SUCCEEDED})


def end_connections(place: Place) -> None:
    statement(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.database}'")  # noqa: S608


def shut(place: Place) -> None:
    statement(f"ALTER DATABASE {place.database} ALLOW_CONNECTIONS false")
    end_connections(place)


def opened(place: Place) -> None:
    statement(f"ALTER DATABASE {place.database} ALLOW_CONNECTIONS true")


# --- SQLite -----------------------------------------------------------------------------------------------------------


def held(point: str) -> Case:
    def enter(place: Place) -> Checkpoint | None:
        from django.db import connections

        connections["default"].settings_dict["OPTIONS"]["timeout"] = SHORT
        connections.close_all()
        return once(point, lambda: hold(place))

    return Case("database locked", point, "until the next publisher", [Attempt(enter=enter)], ENDS, mend=let_go)


def hold(place: Place) -> None:
    """Another process writes, and does not end."""
    told, tell = os.pipe()

    def write() -> None:
        connection = sqlite3.connect(place.database, timeout=5, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        os.write(tell, b".")
        signal.pause()

    holder = os.fork()
    if holder == 0:
        child = fork(write)  # not the publisher's: it outlives it
        (place.path / HOLDER).write_text(str(child))
        os._exit(0)
    wait(holder)
    os.read(told, 1)


def let_go(place: Place) -> None:
    pid = place.path / HOLDER
    if pid.exists():
        os.kill(int(pid.read_text()), signal.SIGKILL)


# --- clock ------------------------------------------------------------------------------------------------------------


def clock(days: int) -> Case:
    """The next publication comes at the right time: before, or after, the one that the wrong clock dated."""

    def enter(_place: Place) -> Checkpoint | None:
        set_clock(days)
        return None

    words = f"a day {'ahead' if days > 0 else 'behind'} for one publication"
    return Case("clock", "read", words, [Attempt(enter=enter)], frozenset({SUCCEEDED}), after=once_more)


def set_clock(days: int) -> None:
    import time

    from django.utils import timezone

    now, seconds = timezone.now, time.time
    timezone.now = lambda: now() + timedelta(days=days)
    time.time = lambda: seconds() + days * 86_400


def once_more(_place: Place) -> None:
    """Another edit is published: the publisher must know what it wrote last, whatever the clock said then."""
    from tables import publishing, releases
    from tables.actors import Actor
    from tables.entries import get_cluster
    from tests.services.editing import delete, save

    for change in (
        partial(save, None, "genericstable", "bob", "bob@here.example"),
        partial(delete, None, "genericstable", "bob"),
    ):
        change()
        releases.cut(cluster=get_cluster(), actor=Actor.command())
        publishing.converge(host=publishing.register_host())
