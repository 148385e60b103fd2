"""How long the panel itself takes for its pages: the whole handler, by Django's test client, at a million entries."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from mailadmin.accounts.models import User
from tables import applying, changes
from tables.actors import Actor
from tables.converters import entry_url
from tables.entries import get_cluster, get_entry
from tables.models import ChangeRequest, VirtualUser
from tables.sendmail.tables import TABLES
from tests.bench.filling import TABLE, any_key
from tests.people import tell
from tests.web.visits import visitor

#: Milliseconds that 95 of 100 answers may take at most.
BOUND = 50.0
SPEC = TABLES[TABLE]
LIST = f"/tables/{TABLE}/"


@dataclass(frozen=True, slots=True)
class Timed:
    page: str
    p50: float
    p95: float
    queries: tuple[int, int]

    @property
    def holds(self) -> bool:
        return self.p95 <= BOUND


def measure(person: User, count: int, times: int) -> list[Timed]:
    visits = Visits(person, count)
    return [_timed(name, visit, times) for name, visit in visits.all().items()]


def _timed(name: str, visit: Callable[[], float], times: int) -> Timed:
    for _ in range(10):
        visit()
    took = sorted(visit() for _ in range(times))
    asked = []
    for _ in range(10):
        with CaptureQueriesContext(connection) as queries:
            visit()
        asked.append(len(queries))
    return Timed(name, statistics.median(took), took[int(len(took) * 0.95)], (min(asked), max(asked)))


def _like(person: User, username: str) -> User:
    """Another person of the same roles."""
    other, made = User.objects.get_or_create(username=username)
    if made:
        other.groups.set(person.groups.all())
        tell(other)
    return other


class Visits:
    """Each way to use the panel as a function: done once, with other keys than the last time; milliseconds of it."""

    def __init__(self, person: User, count: int) -> None:
        self.client, self.person, self.count, self.chance = visitor(person), person, count, random.Random(2)
        rows = VirtualUser.objects.order_by("position").values_list("position", "key")
        self.requests = list(ChangeRequest.objects.order_by("pk").values_list("pk", flat=True)[:20])
        self.places = [rows[n * count // 20] for n in range(1, 20)]
        # One person may not change so much alone.
        self.saver, self.other_saver = (visitor(_like(person, f"{person.username}-{n}")) for n in (1, 2))
        self.applier = Actor.of(_like(person, f"{person.username}-3"))

    def all(self) -> dict[str, Callable[[], float]]:
        number = self.chance.randrange
        return {
            "list, first page": lambda: self.get(LIST),
            "list, page far on": lambda: self.get(LIST, after="{}.{}".format(*self.chance.choice(self.places)), at=999),
            "list, last page": lambda: self.get(LIST, before="end"),
            "list, switched on": lambda: self.get(LIST, state="on"),
            "list, switched off": lambda: self.get(LIST, state="off"),
            "search, one address": lambda: self.get(LIST, q=any_key(self.chance, self.count)),
            "search, a domain": lambda: self.get(LIST, q=f"customer{number(self.count // 50)}.example"),
            "search, a rare word": lambda: self.get(LIST, q=f"box{number(self.count)}"),
            "search, a word in all": lambda: self.get(LIST, q="example"),
            "search, in one of 17": lambda: self.get(LIST, q=f"store{number(17)}.example.net"),
            "search, two words": lambda: self.get(LIST, q=f"store{number(17)} customer{number(self.count // 50)}"),
            "search, common, far on": lambda: self.get(
                LIST, q="store", after="{}.{}".format(*self.chance.choice(self.places)), at=999
            ),
            "search, no match": lambda: self.get(LIST, q=f"nobody{number(self.count)}"),
            "search, no match but pieces": lambda: self.get(LIST, q=f"user99@customer{number(self.count // 50)}"),
            "search, two characters": lambda: self.get(LIST, q="r7"),
            "search, two, no match": lambda: self.get(LIST, q="qq"),
            "all tables, an address": lambda: self.get("/search/", q=any_key(self.chance, self.count)),
            "all tables, a word in all": lambda: self.get("/search/", q="example"),
            "all tables, no match": lambda: self.get("/search/", q=f"nobody{number(self.count)}"),
            "all tables, two characters": lambda: self.get("/search/", q="qq"),
            "entry": lambda: self.get(self.entry("entry-edit")),
            "entry, check while typing": self.check,
            "entry, history": lambda: self.get(self.entry("entry-history")),
            "problems": lambda: self.get("/problems/"),
            "requests": lambda: self.get("/requests/", view="all"),
            "request": lambda: self.get(f"/requests/{self.chance.choice(self.requests)}/"),
            "home": lambda: self.get("/"),
            "publish, first answer": lambda: self.get("/publish/"),
            "save an edit, and judge it": lambda: self.save(self.saver),
            "save, then the list": self.save_and_list,
            "apply what is submitted": self.apply,
        }

    def entry(self, view: str) -> str:
        return entry_url(view, SPEC, any_key(self.chance, self.count))

    def get(self, address: str, **query: Any) -> float:
        return self._answered(lambda: self.client.get(address, query or None), 200)

    def check(self) -> float:
        key = any_key(self.chance, self.count)
        typed = {"key": key, "value": f"new{self.chance.random()}@store.example.net", "enabled": "on"}
        return self._answered(
            lambda: self.client.post(entry_url("entry-check", SPEC, key), typed, headers={"HX-Request": "true"}), 200
        )

    def save(self, client: Client) -> float:
        key = any_key(self.chance, self.count)
        entry = get_entry(cluster=get_cluster(), table=SPEC, key=key)
        typed = {"key": key, "value": f"n{self.chance.random()}@store.example.net", "enabled": "on"}
        typed["seen"] = changes.entry_checksum(entry)
        return self._answered(lambda: client.post(entry_url("entry-edit", SPEC, key), typed), 302)

    def save_and_list(self) -> float:
        """The page after an edit, whose counts are others than before."""
        self.save(self.other_saver)
        return self.get(LIST)

    def apply(self) -> float:
        """The applying of one change, of a request that was judged already: what an approval sets off."""
        cluster, actor = get_cluster(), self.applier
        current = get_entry(cluster=cluster, table=SPEC, key=any_key(self.chance, self.count))
        assert current is not None
        with transaction.atomic():
            request = changes.draft(cluster=cluster, actor=actor)
            changed = replace(current, value=f"n{self.chance.random()}@store.example.net", raw="")
            changes.propose_many(request=request, actor=actor, table=SPEC, pairs=[(current, changed)])
            request = applying.locked(request)
            request.state, request.submitter = "submitted", actor.person
            request.checksum = applying.request_checksum(request, applying.changes_of(request))
            request.save()
        started = time.perf_counter()
        done = applying.apply(request=request, actor=actor)
        took = (time.perf_counter() - started) * 1000
        assert done.state == "applied", done.state
        return took

    @staticmethod
    def _answered(ask: Callable[[], Any], status: int) -> float:
        started = time.perf_counter()
        response = ask()
        took = (time.perf_counter() - started) * 1000
        if response.status_code != status:
            said = " ".join(strip_tags(response.content.decode().partition("<main")[2]).split())
            raise AssertionError(f"{response.request['PATH_INFO']} answered {response.status_code}: {said[:2000]}")
        return took
