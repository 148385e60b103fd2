"""Races are run so that acts which wait for each other fail, with the database's own words."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from mailadmin.accounts.models import User
from tests.parallel.conftest import Cast
from tests.parallel.racing import Act, interrupted, race

pytestmark = pytest.mark.django_db(transaction=True)


class Between:
    """What the first act calls when it has one of the rows."""

    @staticmethod
    def has_one() -> None:
        return


def locks(first: str, second: str) -> Act:
    """Lock two people, one after the other."""

    def act() -> str:
        with transaction.atomic():
            User.objects.select_for_update().get(username=first)
            Between.has_one()
            User.objects.select_for_update().get(username=second)
        return "both"

    return act


def test_two_who_lock_the_same_rows_in_another_order_are_found(cast: Cast) -> None:
    crossing = (locks("alice", "bob"), Between, "has_one", locks("bob", "alice"))
    if connection.vendor == "sqlite":  # locks all of the database at once: the second has to wait for the first
        assert interrupted(*crossing) == ("both", "both")
    else:
        with pytest.raises(AssertionError, match="The database gave up: deadlock detected"):
            interrupted(*crossing)


def test_in_one_order_they_take_turns(cast: Cast) -> None:
    assert race(*[locks("alice", "bob")] * 4) == ["both"] * 4
