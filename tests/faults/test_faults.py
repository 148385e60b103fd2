"""Whatever fails, and wherever: each live file is whole, nothing is lost, and the next publisher converges.

A sample of what ``make faults`` plays: each fault at least once, and publishers killed at calls of every kind.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
from django.db import connection

from tests import new_database
from tests.faults.start import outcomes
from tests.faults.table import after_that

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

KILLS = 12
KILLED = r"^killed"
#: These have to do with the database; all others show the same on every one.
ON_EVERY_DATABASE = r"^(killed|database|two publishers|clock)"


def play(tmp_path: Path, **choice: Any) -> list[dict[str, Any]]:
    seed = SystemRandom().randrange(10**6)
    sys.stdout.write(f"See it again: make faults FAULTS='--seed {seed} --sample {KILLS}'\n")
    url = os.environ["MAILADMIN_DATABASE_URL"] if connection.vendor == "postgresql" else ""
    return outcomes(url, seed=seed, kills=KILLS, migrated=migrated(tmp_path), **choice)


def migrated(tmp_path: Path) -> str:
    if connection.vendor == "postgresql":
        return str(connection.settings_dict["NAME"])
    new_database.copy_to(tmp_path / "migrated")
    return str(tmp_path / "migrated")


def wrong(found: list[dict[str, Any]]) -> list[str]:
    return [f"{one['fault']}, {one['step']}: {one['point']}: {one['problems']}" for one in found if one["problems"]]


def test_a_publisher_that_is_killed_at_any_call_is_followed_by_one_that_converges(tmp_path: Path) -> None:
    found = play(tmp_path, only=KILLED)
    assert wrong(found) == []
    assert len(found) > KILLS
    assert {one["ended"][-1] for one in found} == {"killed"}
    assert {after_that(one) for one in found if one["fault"] == "killed"} == {"new, by itself"}


def test_whatever_else_fails_either_state_is_live_and_the_next_publisher_converges(tmp_path: Path) -> None:
    on_this = {"only": ON_EVERY_DATABASE} if connection.vendor == "postgresql" else {}
    found = play(tmp_path, without=KILLED, **on_this)
    assert wrong(found) == []
    assert {one["fault"] for one in found} >= {"two publishers", "clock"}
