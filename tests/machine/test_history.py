"""What is looked at after a race is found wrong where it is, and in order where it is in order."""

from __future__ import annotations

from unittest import mock

import pytest
from django.db import connection

from mailadmin.accounts.models import User
from tables import append_only, policy
from tables.entries import get_cluster
from tables.models import Alias, Change, Release
from tables.releases import cut
from tests.machine.history import wrong
from tests.services.editing import actor, approve, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(alice: User, bob: User) -> None:
    """A plain edit, one that was approved, and a release of both."""
    save(alice, "aliases", "sales", "carl")
    approve(bob, save(alice, "relay-domains", "a.example", reason="wanted"))
    cut(cluster=get_cluster(), actor=actor(bob))


def test_a_history_in_order_has_nothing_wrong(history: None) -> None:
    assert wrong(get_cluster()) == []


def test_what_loosened_without_an_approval(history: None, alice: User) -> None:
    with mock.patch.object(policy, "demand", return_value=policy.Demand(0)):
        request = save(alice, "relay-domains", "b.example", reason="wanted")
    assert f"{request} loosens (relay) and nobody else approved it." in wrong(get_cluster())


def test_an_entry_of_no_change(history: None) -> None:
    Alias.objects.filter(key="sales").update(value="mallory")
    assert "The change log does not give the tables." in wrong(get_cluster())


def test_a_change_of_what_did_not_stand(history: None, alice: User) -> None:
    save(alice, "aliases", "sales", "dan")
    append_only.remove(connection)
    change = Change.objects.get(number=3)
    assert change.before
    Change.objects.filter(pk=change.pk).update(before={**change.before, "value": "erin"})
    assert any("overwrote sales in aliases" in found for found in wrong(get_cluster()))


def test_a_release_that_ends_elsewhere(history: None) -> None:
    append_only.remove(connection)
    Release.objects.update(change_number=1)
    assert "The changes of release 1 are not those that it was cut with." in wrong(get_cluster())
