"""A publisher is woken when there is something to do; where nothing wakes it, it looks by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import close_old_connections, connection, transaction

from tables import publishing, releases, waking
from tables.actors import Actor
from tables.entries import get_cluster
from tables.management import ear as module
from tables.management.commands.publisher import HEARING_SECONDS, Loop
from tables.management.ear import Ear
from tables.models import Publication

pytestmark = pytest.mark.django_db(transaction=True)

HEARS = connection.vendor == "postgresql"


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def several_connections(transactional_db: None) -> None:
    """What is committed here is seen there."""


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    """One that listens, and is not woken yet; on SQLite one that has nothing to listen to."""
    monkeypatch.setattr(module, "BREATH", 0.05)
    monkeypatch.setattr(module, "SHORTEST", 0.05)
    found = Ear(threading.Event())
    found.start()
    if HEARS:
        wait_for(found.wake.is_set)  # as soon as it listens
        found.wake.clear()
    yield found
    found.stop()
    assert found.thread is None or not found.thread.is_alive()


def heard(ear: Ear, seconds: float = 1.0) -> bool:
    """Whether it is woken within a second; on SQLite it never is."""
    said = ear.wake.wait(seconds if HEARS else 0.05)
    ear.wake.clear()
    return said


def test_a_release_wakes_when_it_is_committed(ear: Ear) -> None:
    with transaction.atomic():
        releases.cut(cluster=get_cluster(), actor=Actor.command())
        assert not ear.wake.wait(0.1)
    assert heard(ear) is HEARS


def test_what_is_taken_back_wakes_nobody(ear: Ear) -> None:
    with transaction.atomic():
        waking.wake(get_cluster())
        transaction.set_rollback(True)
    assert not ear.wake.wait(0.2)


def test_a_connection_that_is_lost_is_made_again_and_the_loop_looks_at_once(ear: Ear) -> None:
    if HEARS:
        with connection.cursor() as cursor:
            # Those of other databases are other tests', and one that has just ended may still be among these.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN %%'"
            )
            assert cursor.rowcount >= 1
    assert heard(ear, 5) is HEARS
    waking.wake(get_cluster())
    assert heard(ear) is HEARS


def test_while_the_database_is_away_it_tries_again_and_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the database: the ear is made to believe that it has one to listen to."""
    pauses: list[float] = []
    ear = Ear(threading.Event())

    def away(_self: Ear) -> None:
        raise OSError("no route to host")

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 7:
            ear.ended.set()
        return True

    monkeypatch.setattr(Ear, "_listening", away)
    monkeypatch.setattr(ear.ended, "wait", wait)
    ear._run()
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert not ear.hearing.is_set()


def test_who_hears_looks_less_often(ear: Ear) -> None:
    loop = Loop("")
    assert loop._pause() == 1
    loop.ear = ear
    assert loop._pause() == (HEARING_SECONDS if HEARS else 1)


def test_a_running_publisher_publishes_within_a_second_of_the_release(mail_dir: Path) -> None:
    publishing.register_host()
    loop = Loop("")
    loop.checker.look = lambda _cluster: None  # type: ignore[method-assign]
    loop.postman.look = lambda: None  # type: ignore[method-assign]

    def run() -> None:
        try:
            loop.run()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_for(lambda: loop.ear.hearing.is_set() or not HEARS)
        time.sleep(0.3)  # it has looked, and rests
        releases.cut(cluster=get_cluster(), actor=Actor.command())
        began = time.monotonic()
        wait_for(lambda: Publication.objects.filter(started_at__isnull=False).exists())
        assert time.monotonic() - began < (1 if HEARS else 3)
        wait_for(lambda: Publication.objects.filter(state=Publication.State.SUCCEEDED).exists())
    finally:
        loop.stop(15, None)
        thread.join(20)
        close_old_connections()
    assert not thread.is_alive()
