"""Where what the hand put in finds room: between what stands, however close, and in the order that the hand gave."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from tables.entries import rows
from tables.models import Change
from tables.sendmail.layout import STEP
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.takeover.hunks import Hunk, Outline
from tables.takeover.places import bounds, place, widened
from tests.services.test_take_over import Live, intact, live

__all__ = ["live"]


def entry(key: str, position: int = 0) -> list[Entry]:
    return [Entry(key, "x", position=position)]


def outline_of(*positions: int) -> Outline:
    found = Outline()
    for position in positions:
        found.first.append(position)
        found.last.append(position)
    return found


def test_what_keeps_its_order_keeps_its_place() -> None:
    new = [entry("c"), entry("a"), entry("new"), entry("b")]
    found = place(new, [(30, 0), (10, 1), (20, 3)], 0, 40, ())
    assert found[1] == 10
    assert found[3] == 20
    assert all(one < other for one, other in pairwise(found))


def test_what_others_put_there_stays_below() -> None:
    assert place([entry("new")], [], 0, 100, [50])[0] < 50
    assert place([entry("new")], [], 0, None, [])[0] == STEP


def test_without_room_the_places_that_were_kept_are_given_up() -> None:
    found = place([entry("a"), entry("new"), entry("b")], [(10, 0), (11, 2)], 0, 100, ())
    assert found != [10, 11]
    assert all(one < other for one, other in pairwise([0, *found, 100]))


def test_what_others_put_there_gives_way_when_there_is_no_room_before_it() -> None:
    found = place([entry("new")], [], 0, 100, [1])
    assert 0 < found[0] < 100


def test_a_hunk_without_room_takes_its_neighbours_in() -> None:
    outline = outline_of(10, 11, 12, 13, 1000)
    (found,) = widened([Hunk(1, 1, 1, 3)], outline, [2])
    assert (found.start, found.end, found.their_start, found.their_end, found.loose) == (1, 4, 1, 6, True)


def test_hunks_that_meet_become_one() -> None:
    outline = outline_of(10, 11, 12, 13)
    (found,) = widened([Hunk(1, 1, 1, 2), Hunk(2, 2, 3, 4)], outline, [1, 1])
    assert (found.start, found.end, found.their_start, found.their_end) == (1, 4, 1, 6)


def test_a_hunk_with_room_stays() -> None:
    outline = outline_of(STEP, 2 * STEP)
    hunk = Hunk(1, 1, 1, 2)
    assert widened([hunk], outline, [1]) == [hunk]
    assert bounds(Hunk(0, 0, 0, 1), outline, 1) == (-STEP, STEP)
    assert bounds(Hunk(0, 0, 0, 1), outline_of(), 1) == (0, None)


@pytest.mark.parametrize("table", ["aliases", "local-host-names"])
def test_entries_without_any_room_between_them_survive(live: Live, table: str) -> None:
    """As after years of additions at one place."""
    text = "".join(f"k{n}{': alice' if table == 'aliases' else '.example'}\n" for n in range(20))
    live.load({table: text.encode()})
    for number, row in enumerate(rows(cluster=live.cluster, table=TABLES[table]).order_by("position")):
        row.position = STEP + number * 2
        row.save()
    lines = text.splitlines(keepends=True)
    rng = random.Random(7)
    for number in range(6):
        end = ": bob" if table == "aliases" else ".example"
        lines.insert(rng.randint(0, len(lines)), rng.choice([f"new{number}{end}\n", f"# remark {number}\n\n"]))
    live.take(table, "".join(lines).encode())
    assert live.body(table).decode() == "".join(lines)
    assert live.body(table, live.host.release.change_number if live.host.release else 0).decode() == text
    assert Change.objects.filter(action="update").exists()


def test_words_of_one_line_stay_on_one_line(live: Live) -> None:
    live.load({"local-host-names": b"a.example b.example c.example\n\n# others\n\nd.example\n"})
    wanted = b"a.example x.example b.example c.example # ours\n\n# others\n\ny.example d.example z.example\n"
    live.take("local-host-names", wanted)
    assert live.body("local-host-names") == wanted
    assert intact() == []
