"""A random history, made through the real services in large requests, and what replaying it gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.db import connection

from mailadmin.accounts.models import User
from tables import changes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Change, ChangeRequest, Cluster
from tables.past.then import place_of
from tables.sendmail.render import switched
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.states import from_json
from tests.services.editing import settle

#: The tables that it is made of, and how many keys of each there are.
NAMES = ("aliases", "virtusertable")
State = dict[tuple[str, str], Entry]


@dataclass
class History:
    """``said``: after some change, what the one who made it meant the tables to hold."""

    chance: random.Random
    author: User
    reviewer: User
    keys: int
    state: State = field(default_factory=dict)
    said: dict[int, State] = field(default_factory=dict)

    def request(self, most: int) -> ChangeRequest:
        """One request with up to so many changes in each table."""
        actor, cluster = Actor.of(self.author), get_cluster()
        request = changes.draft(cluster=cluster, actor=actor, reason=f"reason {len(self.said)}")
        for name in NAMES:
            keys = self.chance.sample(range(self.keys), most // len(NAMES))
            pairs = [self._pair(name, _key(name, number)) for number in keys]
            changes.propose_many(request=request, actor=actor, table=TABLES[name], pairs=pairs)
        done = settle(self.reviewer, changes.submit(request=request, actor=actor))
        assert done.state == ChangeRequest.State.APPLIED, done.outcome
        self.said[Cluster.objects.get().last_change] = dict(self.state)
        return done

    def _pair(self, name: str, key: str) -> tuple[Entry | None, Entry | None]:
        before = self.state.get((name, key))
        after = self._after(name, key, before)
        if after is None:
            self.state.pop((name, key), None)
        else:
            self.state[name, key] = after
        return before, after

    def _after(self, name: str, key: str, before: Entry | None) -> Entry | None:
        what = self.chance.random()
        if before is None:
            # Several at one place, as words of one line are; far apart, or the index of words is written over and over.
            place = self.chance.randrange(self.keys // 2) * 64
            return Entry(key, f"person{place}", f"since {place}" if what < 0.3 else "", position=place)
        if what < 0.65:
            return None
        if what < 0.75:
            return switched(TABLES[name], before, not before.enabled)
        if what < 0.85:
            return replace(before, owner=f"owner{what:.5f}")
        return replace(before, value=f"person{self.chance.randrange(10**6)}", comment="")


def _key(name: str, number: int) -> str:
    return f"user{number}" if name == "aliases" else f"user{number}@example.org"


def make(author: User, reviewer: User, *, count: int, each: int, seed: int = 1) -> History:
    """A history of at least ``count`` changes."""
    history = History(random.Random(seed), author, reviewer, keys=each * 2)
    while Cluster.objects.filter(last_change__gte=count).first() is None:
        history.request(each)
    return history


def replayed() -> Iterator[tuple[int, State]]:
    """After each change, in their order, what all of them together have made. The same mapping each time."""
    state: State = {}
    logged = Change.objects.filter(number__isnull=False).order_by("number")
    for number, table, key, after in logged.values_list("number", "table", "key", "after"):
        entry = from_json(key, after)
        if entry is None:
            del state[table, key]
        else:
            state[table, key] = entry
        yield number, state


def of_table(state: State, name: str) -> list[Entry]:
    return sorted((entry for (table, _key), entry in state.items() if table == name), key=place_of)


def analyse() -> None:
    """What PostgreSQL does by itself within a minute: it knows of a transaction's rows only what it is told."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
