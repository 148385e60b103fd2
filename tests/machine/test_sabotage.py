"""The machine can fail: with one thing broken on purpose it says what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from unittest import mock

import pytest
from django.db import connection
from hypothesis.stateful import precondition, rule

from tables import append_only, applying, policy, scopes
from tables.models import Alias, AuditEvent
from tables.publishing import desired
from tables.releases import file_rows
from tests.machine.base import make_cast
from tests.machine.book import Violation
from tests.machine.driving import drive
from tests.machine.machine import ChangeControl

pytestmark = pytest.mark.django_db

PROGRAM = ("aliases", "run", '"|/bin/run"')
PLAIN = ("aliases", "sales", "alice")
OTHER = ("aliases", "sales", "bob, alice")


class Behind(ChangeControl):
    """Somebody writes into the database past the services."""

    @precondition(lambda self: len(self.trail) > 5)
    @rule()
    def write_an_entry(self) -> None:
        Alias.objects.update_or_create(cluster=self.cluster, key="mallory", defaults={"value": "m", "position": 1})


class Rewriting(ChangeControl):
    """Somebody who owns the database rewrites what the history says."""

    @precondition(lambda self: AuditEvent.objects.count() > 5)
    @rule()
    def alter_an_event(self) -> None:
        append_only.remove(connection)
        AuditEvent.objects.filter(number=3).update(actor_name="nobody")


# --- by chance --------------------------------------------------------------------------------------------------------


def found(machine: type[ChangeControl], broken: AbstractContextManager[object] | None = None) -> str:
    """What random people come upon."""
    make_cast()
    with broken or nullcontext(), pytest.raises(Violation) as caught:
        drive(machine, start=7, runs=30, shrink=False)
    return "\n".join([str(caught.value), *caught.value.__notes__])


def test_what_loosens_without_an_approval_is_found() -> None:
    said = found(ChangeControl, mock.patch.object(policy, "demand", return_value=policy.Demand(0)))
    assert "was applied without a valid approval by other persons" in said


def test_an_entry_that_was_written_past_the_services_is_found_and_told_with_all_that_was_done() -> None:
    said = found(Behind)
    assert "mallory" in said
    assert "What was done:\n1. " in said


def test_an_altered_event_is_found() -> None:
    assert "What it says is not what was recorded" in found(Rewriting)


# --- step by step: the same rules, in an order that leads there -------------------------------------------------------


def played(steps: Callable[[ChangeControl], None], broken: AbstractContextManager[object]) -> str:
    """What the machine says of these steps; without what is broken it has nothing to say."""
    make_cast()
    _play(steps)
    with broken, pytest.raises(Violation) as caught:
        _play(steps)
    return str(caught.value)


def _play(steps: Callable[[ChangeControl], None]) -> None:
    machine = ChangeControl()
    try:
        steps(machine)
    finally:
        machine.teardown()


def edit(machine: ChangeControl, who: str, wish: tuple[str, str, str]) -> None:
    machine.edit(who=who, wish=wish, comment="", reason="wanted", number=0, enabled=True, stale=False, contests=False)


def test_an_approval_that_outlives_an_edit_is_found() -> None:
    def steps(machine: ChangeControl) -> None:
        edit(machine, "alice", PROGRAM)
        machine.look(who="bob", number=0)
        machine.amend(who="amy", number=0, line=0, value=3, reason="wanted", drops=False, fresh=True)
        machine.approve(who="bob", number=0, looks=False)

    constant = mock.patch.object(applying, "request_checksum", return_value="1" * 64)
    assert "was applied without a valid approval by other persons" in played(steps, constant)


def test_a_conflict_that_is_passed_over_is_found() -> None:
    def steps(machine: ChangeControl) -> None:
        edit(machine, "alice", PLAIN)
        machine.begin(who="amy", reason="wanted")
        machine.add(who="amy", number=0, wish=OTHER, over=False, stays=True, enabled=True)
        edit(machine, "dora", ("aliases", "sales", "carl"))
        machine.hand_in(who="amy", number=0, reason="wanted")

    assert "overwrote sales in aliases" in played(steps, mock.patch.object(applying, "conflicts", return_value=[]))


def test_an_edit_of_what_is_not_delegated_is_found() -> None:
    def steps(machine: ChangeControl) -> None:
        edit(machine, "lee", ("mailertable", "b.example", "error:5.1.2:550 no such domain"))

    everywhere = mock.patch.object(scopes.Part, "covers", return_value=True)
    assert "without having the right to" in played(steps, everywhere)


def test_a_publication_of_what_was_not_released_is_found() -> None:
    def steps(machine: ChangeControl) -> None:
        edit(machine, "alice", PLAIN)
        machine.cut(who="alice", override=False)
        edit(machine, "alice", ("aliases", "postmaster", "alice"))
        machine.converge()

    def newest(**about: object) -> object:
        return file_rows(**{**about, "change_number": 10**9})  # type: ignore[arg-type]

    assert "Live is" in played(steps, mock.patch.object(desired, "file_rows", newest))
