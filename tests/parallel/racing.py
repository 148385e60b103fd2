"""Several people at the same moment: each act on a thread and a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from threading import Barrier, Event, get_ident
from typing import Any
from unittest import mock

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection

from mailadmin.accounts.grants import PeopleError
from tables.errors import ChangeError

Act = Callable[[], object]

#: What a service may answer instead of doing what was asked. Anything else is no answer for a person.
REFUSALS = (ChangeError, PeopleError, PermissionDenied)

#: Seconds after which waiting for a lock is given up. Two acts that wait for each other are found out sooner.
LOCK_SECONDS = 10
#: Seconds after which an act is thought to hang. The longest, which is a storm of many, has a bound of its own.
ACT_SECONDS = 120
#: Seconds that an interrupted act gives the other one.
PATIENCE = 0.7


def race(*acts: Act) -> list[object]:
    """Do all of it at once; what each act returned, or was refused with."""
    barrier = Barrier(len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:
        started = [pool.submit(_on_its_own, act, barrier) for act in acts]
        return [_ended(act) for act in started]


def _ended(act: Future[object]) -> object:
    try:
        return act.result(timeout=ACT_SECONDS)
    except TookTooLong as error:
        raise AssertionError("The acts wait for each other, and the database did not notice.") from error


def _on_its_own(act: Act, barrier: Barrier) -> object:
    try:
        impatient()
        barrier.wait(LOCK_SECONDS)
        return act()
    except REFUSALS as refusal:
        return refusal
    except DatabaseError as error:
        raise AssertionError(f"The database gave up: {str(error).strip()}") from error
    finally:
        connection.close()


def impatient() -> None:
    """No statement of this connection waits for ever."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            cursor.execute(f"SET statement_timeout = '{3 * LOCK_SECONDS}s'")


def done(results: list[object]) -> list[object]:
    return [result for result in results if not isinstance(result, REFUSALS)]


def refusals(results: list[object]) -> list[str]:
    return [str(result) for result in results if isinstance(result, REFUSALS)]


def interrupted(first: Act, owner: Any, name: str, second: Act) -> tuple[object, object]:
    """Do ``first`` until it calls ``owner.name``, ``second`` meanwhile, then the rest of ``first``.

    What each returned, or was refused with. Where ``second`` has to wait for a lock of ``first``, that goes on.
    """
    real, mine = getattr(owner, name), []
    reached, free = Event(), Event()

    def stop(*arguments: Any, **named: Any) -> Any:
        if get_ident() in mine and not reached.is_set():
            reached.set()
            free.wait(PATIENCE)
        return real(*arguments, **named)

    def begins() -> object:
        mine.append(get_ident())
        return first()

    def comes_between() -> object:
        assert reached.wait(LOCK_SECONDS), f"The first act never called {name}."
        try:
            return second()
        finally:
            free.set()

    with mock.patch.object(owner, name, stop):
        one, other = race(begins, comes_between)
    return one, other
