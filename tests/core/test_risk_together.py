"""Changes that are done at once are judged by what they do together, in whatever way they are split."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import pytest

from tables.sendmail.risk.access import standing
from tables.sendmail.risk.asking import Features, Question, World, client_address, client_name, recipient
from tables.sendmail.risk.together import Step, risks_apart, risks_together
from tables.sendmail.spec import Entry, Lookup, Risk
from tables.sendmail.tables import TABLES
from tests.core.risk_pairs import Tables, look_into, others

RELAY, BYPASS = Risk.RELAY, Risk.BYPASS
R, W = "relay-domains", "local-host-names"


def step(table: str, key: str, before: str | None, after: str | None) -> Step:
    old, new = (Entry(key, value) if value is not None else None for value in (before, after))
    return TABLES[table], old, new


def all_of(steps: Iterable[Step], tables: Tables) -> frozenset[Risk]:
    return frozenset().union(*risks_together(list(steps), look_into(tables)))


def test_two_refusals_of_which_each_alone_would_do_are_not_taken_away_together() -> None:
    tables = others("to:example.com REJECT", "example.com REJECT", f"{R} com")
    steps = [step("access", key, "REJECT", None) for key in ("to:example.com", "example.com")]
    apart = risks_apart(steps, look_into(tables))
    assert apart[0] == set()
    assert risks_together(steps, look_into(tables))[0] == {RELAY, BYPASS}


def test_a_narrower_key_opens_nothing_when_the_wider_one_goes() -> None:
    tables = others(f"{R} example.com", "connect:10.1 RELAY")
    for table, wide, narrow, value in (
        (R, "example.com", "a.example.com", ""),
        ("access", "connect:10.1", "connect:10.1.2", "RELAY"),
    ):
        steps = [step(table, wide, value, None), step(table, narrow, None, value)]
        assert all_of(steps, tables) == set()
        assert all_of(reversed(steps), tables) == set()


def test_a_wider_key_opens_what_the_narrower_one_did_not() -> None:
    steps = [step(R, "a.example.com", "", None), step(R, "example.com", None, "")]
    assert all_of(steps, others(f"{R} a.example.com")) == {RELAY}


def test_a_refusal_that_only_changes_its_tag_opens_nothing_more() -> None:
    steps = [step("access", "connect:10.1", "REJECT", None), step("access", "10.1", None, "REJECT")]
    assert all_of(steps, others("connect:10.1 REJECT", "connect:10 RELAY")) == set()


def test_a_refusal_that_goes_while_a_wider_relay_comes_opens_it() -> None:
    steps = [step("access", "connect:10.1", "REJECT", None), step("access", "connect:10", "OK", "RELAY")]
    found = risks_together(steps, look_into(others("connect:10.1 REJECT", "connect:10 OK")))
    assert found == [{RELAY, BYPASS}, {RELAY}]


def test_a_route_for_a_domain_that_is_relayed_from_now_on_has_its_risk() -> None:
    steps = [step("mailertable", "example.com", None, "esmtp:[h]"), step(R, "example.com", None, "")]
    assert risks_together(steps, look_into({}))[0] == {Risk.ROUTING}
    assert risks_apart(steps, look_into({}))[0] == set()


@pytest.mark.parametrize("count", [1, 50])
def test_the_tables_are_asked_once_each_however_many_changes_there_are(count: int) -> None:
    asked: list[str] = []

    def look(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        asked.append(table)
        return look_into(others("connect:10 RELAY"))(table, keys)

    steps = [step("access", f"connect:10.{number}", "REJECT", None) for number in range(count)]
    assert risks_apart(steps, look) == [{RELAY, BYPASS}] * count
    assert sorted(asked) == ["access", W, R]
    asked.clear()
    assert risks_together(steps, look) == [{RELAY, BYPASS}] * count
    assert sorted(asked) == ["access", W, R]


# --- every request of a small world -----------------------------------------------------------------------------------

#: Who is asked about: clients and recipients at every place of the small worlds.
ASKED: list[Question] = [
    *(client_address(address, Features()) for address in ("10.1.2.3", "10.1.9.9", "10.9.9.9")),
    *(client_name(name, Features()) for name in ("a.example.com", "example.com", "b.com")),
    *(recipient(f"x@{name}", Features()) for name in ("a.example.com", "example.com", "b.com")),
]

FEW = (None, "RELAY", "REJECT")
MORE = (*FEW, "OK")
LINE = (None, "")
SMALL = [
    (
        ("access", "connect:10", MORE),
        ("access", "connect:10.1", FEW),
        ("access", "10.1.2", (None, "OK")),
        (R, "10.1", LINE),
    ),
    (
        ("access", "to:example.com", MORE),
        ("access", "example.com", FEW),
        ("access", "to:a.example.com", (None, "OK")),
        (R, ".com", LINE),
    ),
    (
        ("access", "connect:a.example.com", MORE),
        ("access", "com", FEW),
        (W, "a.example.com", LINE),
        (R, "example.com", LINE),
    ),
]


def tables_of(places: Iterable[tuple[str, str, object]], values: Iterable[str | None]) -> Tables:
    tables: Tables = {}
    for (table, key, _), value in zip(places, values, strict=True):
        if value is not None:
            tables.setdefault(table, {})[key] = value
    return tables


def open_to(tables: Tables) -> frozenset[int]:
    """Which of those who are asked about may relay and are not refused."""
    world = World(tables.get("access", {}), tables.get(R, {}), tables.get(W, {}))
    answers = [standing(question, world, Features()) for question in ASKED]
    return frozenset(number for number, found in enumerate(answers) if found.relays and not found.stopped)


@pytest.mark.parametrize("places", SMALL)
def test_no_request_opens_a_relay_without_the_risk(places: tuple[tuple[str, str, tuple[str | None, ...]], ...]) -> None:
    """Every change from any state of four keys to any other, as one request."""
    states = list(itertools.product(*(values for _, _, values in places)))
    opened = {state: open_to(tables_of(places, state)) for state in states}
    looks: dict[tuple[str | None, ...], Lookup] = {state: look_into(tables_of(places, state)) for state in states}
    relays = 0
    for before, after in itertools.permutations(states, 2):
        steps = [
            step(table, key, old, new)
            for (table, key, _), old, new in zip(places, before, after, strict=True)
            if old != new
        ]
        found = frozenset().union(*risks_together(steps, looks[before], looks[after]))
        if opened[after] - opened[before]:
            relays += 1
            assert RELAY in found, (before, after)
    assert relays > len(states)
