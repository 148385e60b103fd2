"""The publisher's ear: hears on a connection of its own that there is something to do, and wakes the loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from django.db import Error as DatabaseError
from django.db import connections
from psycopg import sql

from tables.waking import CHANNEL

logger = logging.getLogger("mailadmin.publisher")

#: Seconds between two attempts to hear again; doubled each time, from and to.
SHORTEST, LONGEST = 1.0, 30.0
#: Seconds after which the ear sees whether it is to end.
BREATH = 1.0
#: A server that is cut off without a word is given up after half a minute and three more attempts.
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class Ear:
    """A thread that LISTENs. When the database goes away it tries again, and wakes the loop as soon as it hears again.

    On SQLite there is nothing to hear: the loop looks as often as it always does.
    """

    def __init__(self, wake: threading.Event, alias: str = "default") -> None:
        self.wake = wake
        self.alias = alias
        self.ended = threading.Event()
        self.hearing = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        if connections[self.alias].vendor == "postgresql":
            self.thread = threading.Thread(target=self._run, name="ear", daemon=True)
            self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        if self.thread is not None:
            self.thread.join(BREATH + 5)

    def _run(self) -> None:
        pause = SHORTEST
        while not self.ended.is_set():
            try:
                with self._listening() as connection:
                    pause = SHORTEST
                    # What was said while nobody listened is lost: look at once.
                    self.wake.set()
                    self._hear(connection)
            except (psycopg.Error, DatabaseError, OSError) as error:
                logger.warning("Nothing is heard from the database, again in %g s: %s", pause, str(error).strip())
            self.ended.wait(pause)
            pause = min(pause * 2, LONGEST)

    @contextmanager
    def _listening(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection beside that of the loop, with the same settings."""
        wrapper = cast("Any", connections.create_connection(self.alias))
        connection = psycopg.connect(**{**_plain(wrapper.get_connection_params()), **KEEPALIVE}, autocommit=True)
        try:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
            self.hearing.set()
            yield connection
        finally:
            self.hearing.clear()
            connection.close()

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        while not self.ended.is_set():
            for _notice in connection.notifies(timeout=BREATH, stop_after=1):
                self.wake.set()


#: Of Django's parameters those that are of its own kind of connection.
_OF_DJANGO = {"cursor_factory", "context", "prepare_threshold", "client_encoding"}


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in _OF_DJANGO}
