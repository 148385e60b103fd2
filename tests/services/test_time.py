"""The state of a table at any change number is what it was then, in both orders."""

import random

import pytest

from mailadmin.accounts.models import User
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Cluster
from tables.releases import cut, entries_at, pending
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import delete, save, settle, switch

pytestmark = pytest.mark.django_db

ALIASES = TABLES["aliases"]


def state(number: int, by: str = "place") -> list[Entry]:
    return list(entries_at(cluster=get_cluster(), table=ALIASES, change_number=number, by=by))


def test_every_earlier_state_can_be_read(alice: User, bob: User) -> None:
    chance = random.Random(1)
    seen: dict[int, list[Entry]] = {0: []}
    alive: set[str] = set()
    for step in range(60):
        key = f"user{chance.randrange(12)}"
        if key not in alive:
            settle(bob, save(alice, "aliases", key, f"target{step}", reason="wanted"))
            alive.add(key)
        elif chance.random() < 0.3:
            settle(bob, delete(alice, "aliases", key, reason="wanted"))
            alive.remove(key)
        elif chance.random() < 0.3:
            enabled = next(e.enabled for e in state(10**9) if e.key == key)
            settle(bob, switch(alice, "aliases", key, not enabled, reason="wanted"))
        else:
            settle(bob, save(alice, "aliases", key, f"target{step}", reason="wanted"))
        number = Cluster.objects.get().last_change
        seen[number] = state(number)
    for number, entries in seen.items():
        assert state(number) == entries
        assert state(number, by="key") == sorted(entries, key=lambda entry: entry.key)


def test_a_release_is_cut_once_for_the_same_state(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    first = cut(cluster=get_cluster(), actor=Actor.of(alice))
    again = cut(cluster=get_cluster(), actor=Actor.of(alice))
    assert first == again
    save(alice, "aliases", "sales", "bob")
    assert pending(cluster=get_cluster()).count() == 1
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 2
    assert pending(cluster=get_cluster()).count() == 0
