"""Eight people at work for some seconds, each doing whatever comes to mind, each on a connection of their own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import connection

from mailadmin.accounts import people
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import amending, changes, closing, releases, reviews, threads, undoing
from tables.actors import Actor
from tables.entries import get_entry
from tables.models import ChangeRequest, Cluster, Remark
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.history import wrong
from tests.machine.material import KEYS, VALUES
from tests.parallel.conftest import Cast
from tests.parallel.racing import REFUSALS, race
from tests.services.editing import save

pytestmark = pytest.mark.django_db(transaction=True)

State = ChangeRequest.State
WAIT = (State.SUBMITTED, State.APPROVED)
#: On SQLite one writes at a time anyway: less of it shows as much.
SECONDS = {"postgresql": 15, "sqlite": 6}
#: On a busy machine it goes on until each of these was done, within reason.
WANTED = ("edit", "review", "cut", "refused")
PATIENCE = 60
PEOPLE = ["alice", "amy", "bob", "ben", "dora", "dan", "charlie", "alice"]


class Worker:
    """One of the people; what all of them meet with is counted together."""

    def __init__(self, name: str, seed: int, counted: Counter[str]) -> None:
        self.name, self.random, self.counted = name, Random(seed), counted
        self.start = time.monotonic()

    @property
    def goes_on(self) -> bool:
        seconds = time.monotonic() - self.start
        enough = all(self.counted[what] for what in WANTED)
        return seconds < SECONDS[connection.vendor] or (seconds < PATIENCE and not enough)

    def work(self) -> None:
        acts: list[Callable[[], object]] = [
            *[self.edit] * 4,
            *[self.review] * 4,
            self.remove,
            self.withdraw,
            self.amend,
            self.renew,
            self.ask,
            self.resolve,
            self.undo,
            self.cut,
            self.manage,
        ]
        while self.goes_on:
            act = self.random.choice(acts)
            try:
                done = act()
            except REFUSALS:
                self.counted["refused"] += 1
            else:
                self.counted[act.__name__ if done is not None else "nothing to do"] += 1

    @property
    def person(self) -> User:
        return User.objects.get(username=self.name)

    @property
    def actor(self) -> Actor:
        return Actor.of(self.person)

    def any_of(self, found: Any) -> Any:
        rows = list(found.order_by("-pk")[:5])
        return self.random.choice(rows) if rows else None

    def waiting(self) -> ChangeRequest | None:
        return self.any_of(ChangeRequest.objects.filter(state__in=WAIT))  # type: ignore[no-any-return]

    # --- acts: each returns None where there was nothing to do it with ------------------------------------------------

    def place(self) -> tuple[str, str]:
        table = self.random.choice(sorted(KEYS))
        return table, self.random.choice(KEYS[table])

    def edit(self) -> object:
        table, key = self.place()
        return save(self.person, table, key, self.random.choice(VALUES[table]), reason="wanted")

    def remove(self) -> object:
        table, key = self.place()
        cluster = Cluster.objects.get()
        stands = get_entry(cluster=cluster, table=TABLES[table], key=key)
        if stands is None:
            return None
        seen = changes.entry_checksum(stands)
        return changes.delete_entry(
            cluster=cluster, actor=self.actor, table=TABLES[table], key=key, seen=seen, reason="wanted"
        )

    def review(self) -> object:
        if (request := self.waiting()) is None:
            return None
        person = self.person
        reviews.note_viewing(request=request, person=person)
        if self.random.random() < 0.2:
            return reviews.reject(request=request, reviewer=person, checksum=request.checksum, comment="no")
        return reviews.approve(request=request, reviewer=person, checksum=request.checksum)

    def withdraw(self) -> object:
        request = self.waiting()
        return request and closing.withdraw(request=request, actor=self.actor)

    def amend(self) -> object:
        request = self.waiting()
        line = request.changes.first() if request else None
        if request is None or line is None or line.after is None:
            return None
        value = self.random.choice(VALUES[line.table])
        return amending.amend(
            request=request,
            actor=self.actor,
            seen=request.checksum,
            lines={line.pk: Entry(line.key, value)},
            reason="better",
            confirmed=True,
        )

    def renew(self) -> object:
        request = self.any_of(ChangeRequest.objects.filter(state__in=[*WAIT, State.CONFLICTED]))
        return request and amending.bring_up_to_date(request=request, actor=self.actor)

    def ask(self) -> object:
        request = self.waiting()
        return request and threads.ask(request=request, person=self.person, text="Why?")

    def resolve(self) -> object:
        thread = self.any_of(Remark.objects.filter(parent__isnull=True, resolved_at__isnull=True))
        return thread and threads.resolve(thread=thread, person=self.person)

    def undo(self) -> object:
        request = self.any_of(ChangeRequest.objects.filter(state=State.APPLIED))
        return request and undoing.undo(request=request, actor=self.actor, reason="wrong")

    def cut(self) -> object:
        return releases.cut(cluster=Cluster.objects.get(), actor=self.actor)

    def manage(self) -> object:
        """Switch somebody off or on, or take their role and give it back."""
        name = self.random.choice(["bob", "ben", "amy"])
        role = Role.POSTMASTER if name == "amy" else Role.APPROVER
        person = User.objects.get(username=name)
        if self.random.random() < 0.5:
            return people.switch(actor=self.actor, person=person, active=self.random.random() < 0.7)
        roles = [role] if self.random.random() < 0.7 else [Role.VIEWER]
        return people.change(actor=Actor.command(), person=person, full_name="", email="", roles=roles)


def test_eight_people_who_do_whatever_they_like_break_no_rule(
    cast: Cast, cluster: Cluster, record_property: Callable[[str, object], None]
) -> None:
    counted: Counter[str] = Counter()
    race(*(Worker(name, seed, counted).work for seed, name in enumerate(PEOPLE)))
    record_property("storm", dict(counted))
    assert wrong(cluster) == []
    assert all(counted[what] for what in WANTED), counted
