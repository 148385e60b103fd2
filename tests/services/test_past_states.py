"""The tables as they were at any change are what replaying gives: as a stream, by pages, searched, blamed, compared."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import applying
from tables.entries import get_cluster
from tables.past import compare, then
from tables.past.compare import Comparison
from tables.past.then import Then, place_of
from tables.releases import entries_at
from tables.scopes import EVERYTHING
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.snapshots import snapshot
from tests.services import past
from tests.services.editing import save
from tests.services.past import NAMES, State, of_table

pytestmark = pytest.mark.django_db

CHANGES, POINTS, PAGE = 10_000, 50, 500


def walk(
    read: Callable[..., Any], rows: Callable[[Any], list[Any]], place: Callable[[Any], Any], way: bool
) -> list[Any]:
    """All that a list shows, page after page, forwards or backwards."""
    found: list[Any] = []
    start = None
    while True:
        page = read(start=start, backwards=way, most=PAGE)
        some = rows(page)
        found += some
        if len(some) >= PAGE:
            start = place(some[-1])
        elif page.stopped is not None:
            assert page.stopped != start, "the look does not come further"
            start = page.stopped
        else:
            return found[::-1] if way else found


def entries_of(name: str, number: int, *, query: str = "", way: bool = False) -> list[Entry]:
    page = Then(EVERYTHING, get_cluster(), TABLES[name], number, query)
    return walk(page.read, lambda found: found.entries, place_of, way)


def differing(old: State, new: State) -> dict[tuple[str, str], tuple[Entry | None, Entry | None]]:
    return {at: (old.get(at), new.get(at)) for at in {**old, **new} if old.get(at) != new.get(at)}


def compared(old: int, new: int, *, way: bool = False) -> dict[tuple[str, str], tuple[Entry | None, Entry | None]]:
    between = Comparison(EVERYTHING, get_cluster(), [TABLES[name] for name in NAMES], old, new)
    found = walk(between.read, lambda page: page.rows, lambda one: one.place, way)
    places = [one.place.order for one in found]
    assert places == sorted(set(places))
    return {(one.table.name, one.key): (one.before, one.after) for one in found}


def test_fifty_points_of_a_random_history_are_what_replaying_gives(alice: User, bob: User, monkeypatch: Any) -> None:
    # The index of words is made once a request, as of a far larger one: written by triggers it takes most of the time.
    monkeypatch.setattr(applying, "MANY", 500)
    history = past.make(alice, bob, count=CHANGES, each=1500)
    past.analyse()
    chance = random.Random(2)
    points = sorted({*chance.sample(range(1, CHANGES), POINTS - 4), *list(history.said)[:3], CHANGES})
    states: dict[int, State] = {}
    for number, state in past.replayed():
        if number in history.said:
            assert state == history.said[number]
        if number in points:
            states[number] = dict(state)
    assert len(states) == POINTS
    for turn, (number, state) in enumerate(states.items()):
        name, way = NAMES[turn % 2], turn % 4 < 2
        # Few rows at a time, so that looks end before pages do.
        monkeypatch.setattr(then, "FIRST", chance.choice([PAGE, 700]))
        monkeypatch.setattr(then, "MORE", chance.choice([600, 1000]))
        with snapshot():
            assert list(entries_at(cluster=get_cluster(), table=TABLES[name], change_number=number)) == of_table(
                state, name
            )
            assert entries_of(name, number, way=way) == of_table(state, name)
            if turn % 5 == 0:
                meant = [one for one in of_table(state, name) if "son12" in one.value or "son12" in one.comment]
                assert entries_of(name, number, query="son12", way=way) == meant
                assert meant


def test_what_differs_between_two_points_is_what_replaying_gives(alice: User, bob: User, monkeypatch: Any) -> None:
    history = past.make(alice, bob, count=1000, each=200)
    numbers = list(history.said)
    for few in (10_000, 0):
        monkeypatch.setattr(compare, "FEW", few)
        monkeypatch.setattr(compare, "FIRST", 50)
        monkeypatch.setattr(compare, "MORE", 70)
        for old, new in ((numbers[0], numbers[-1]), (numbers[-2], numbers[1]), (numbers[2], numbers[3])):
            wanted = differing(history.said[old], history.said[new])
            assert compared(old, new) == wanted
            assert compared(old, new, way=True) == wanted
            assert wanted


@pytest.mark.parametrize(
    ("word", "is_found"),
    [
        ("INFO@old", True),
        ("old.example", True),
        ("küche", True),
        ('"eilig"', True),
        ("c:\\post", True),
        ("a/b", True),
        ("bücher.example", True),
        ("xn--bcher-kva", True),
        ("shop old.example", True),
        ("shop new.example", False),
        ("%", False),
        ("_", False),
    ],
)
def test_words_are_found_in_what_an_entry_was(alice: User, word: str, is_found: bool) -> None:
    comment = 'Shop: für die Küche, "eilig", c:\\post, a/b'
    save(alice, "virtusertable", "info@old.example", "anna@xn--bcher-kva.example", comment=comment)
    number = get_cluster().last_change
    save(alice, "virtusertable", "info@old.example", "bert@new.example", comment="")

    found = [entry.key for entry in entries_of("virtusertable", number, query=word)]

    assert found == (["info@old.example"] if is_found else [])
    assert entries_of("virtusertable", number + 1, query="küche") == []
