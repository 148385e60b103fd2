"""Search in the changes: by person, table, key, value, reason, risk, date and state, for each what they may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import scopes
from tables.entries import get_cluster
from tables.past import finding
from tables.past.finding import Search, Wanted
from tables.scopes import EVERYTHING, Scope
from tests.machine.clock import running
from tests.people import delegate, make_limited
from tests.services.editing import approve, delete, save

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def history(alice: User, bob: User, dora: User) -> None:
    """A change a day."""
    with running(START) as clock:
        save(alice, "aliases", "sales", "alice", reason="The shop opens")
        clock.forward(timedelta(days=1))
        save(dora, "virtusertable", "a@own.example", "x@xn--bcher-kva.example", reason="For bücher")
        clock.forward(timedelta(days=1))
        approve(bob, save(alice, "relay-domains", "customer.example", reason="A contract"))
        clock.forward(timedelta(days=1))
        save(alice, "aliases", "sales", "alice, bob", comment="since 100% of January", reason="Bob joins")
        clock.forward(timedelta(days=1))
        approve(bob, save(alice, "access", "authinfo:smart.example", '"U:me" "P:canary"', reason="Smart host"))
        clock.forward(timedelta(days=1))
        delete(dora, "aliases", "sales", reason="The shop closes")
        save(alice, "relay-domains", "waiting.example", reason="Another contract")


def found(scope: Scope = EVERYTHING, **wanted: Any) -> list[str]:
    rows = Search(scope, get_cluster(), Wanted(**wanted)).read(most=50).rows
    return [f"{change.action} {change.key}" for change in rows]


ALL = [
    "delete sales",
    "create authinfo:smart.example",
    "update sales",
    "create customer.example",
    "create a@own.example",
    "create sales",
]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({}, ALL),
        ({"person": "dora"}, [ALL[0], ALL[4]]),
        ({"table": "relay-domains"}, [ALL[3]]),
        ({"key": "SALES"}, [ALL[0], ALL[2], ALL[5]]),
        ({"key": "sales", "person": "alice", "table": "aliases"}, [ALL[2], ALL[5]]),
        ({"value": "bob"}, [ALL[0], ALL[2]]),
        ({"value": "100%"}, [ALL[0], ALL[2]]),
        ({"value": "x@bücher.example"}, [ALL[4]]),
        ({"value": "canary"}, []),
        ({"value": "P:"}, []),
        ({"reason": "SHOP"}, [ALL[0], ALL[5]]),
        ({"reason": "the closes"}, [ALL[0]]),
        ({"risk": "relay"}, [ALL[3]]),
        ({"risk": "program"}, []),
        ({"since": START + timedelta(days=3)}, ALL[:3]),
        ({"until": START + timedelta(days=1)}, ALL[5:]),
        ({"since": START + timedelta(days=1), "until": START + timedelta(days=4), "person": "alice"}, [ALL[2], ALL[3]]),
        ({"state": "applied", "table": "aliases"}, [ALL[0], ALL[2], ALL[5]]),
        ({"state": "submitted"}, ["create waiting.example"]),
        ({"state": "submitted", "risk": "relay", "since": START + timedelta(days=5)}, ["create waiting.example"]),
        ({"state": "submitted", "until": START + timedelta(days=5)}, []),
        ({"state": "rejected"}, []),
        ({"person": "nobody"}, []),
        ({"value": "日本 \N{BLACK HEART SUIT} '; DROP %_\\"}, []),
        ({"key": "müller@bücher.example"}, []),
    ],
)
def test_each_thing_that_is_looked_for_narrows_what_is_found(history: None, wanted: Any, keys: list[str]) -> None:
    assert found(**wanted) == keys


def test_whoever_sees_some_domains_finds_nothing_of_the_others(history: None, alice: User) -> None:
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, "virtusertable relay-domains", "own.example", outside_targets=True)
    scope = scopes.of_person(erin)

    assert found(scope) == ["create a@own.example"]
    assert found(scope, reason="bücher") == ["create a@own.example"]
    assert found(scope, reason="contract") == found(scope, state="submitted") == found(scope, key="sales") == []


@pytest.mark.parametrize("wanted", [{}, {"value": "alice"}, {"table": "aliases"}])
def test_pages_of_a_bounded_look_show_each_change_once(history: None, monkeypatch: Any, wanted: Any) -> None:
    everything = found(**wanted)
    monkeypatch.setattr(finding, "LOOKED", 2)
    search = Search(EVERYTHING, get_cluster(), Wanted(**wanted))
    for backwards in (False, True):
        shown: list[str] = []
        start = None
        while True:
            page = search.read(start=start, backwards=backwards, most=2)
            shown += [f"{change.action} {change.key}" for change in page.rows]
            if len(page.rows) == 2:
                start = page.rows[-1].number
            elif page.stopped is not None:
                start = page.stopped
            else:
                break
        assert (shown[::-1] if backwards else shown) == everything
