"""Ten mail hosts in three clusters converge whatever becomes of their publishers, their order and the database."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from tests.faults.start import BASE
from tests.places import place
from tests.soak.several import AWAY, HOSTS, RELEASES

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail, pytest.mark.postgresql]

#: Seconds from a release to the last of its hosts. None looks by itself for five seconds after it last did.
WOKEN = 4.0


def url() -> str:
    """Of the database of these tests, which is copied: a migration takes as long as all else here."""
    given = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    found = {word: connection.settings_dict[name] for name, word in given.items() if connection.settings_dict[name]}
    return f"postgresql:///{connection.settings_dict['NAME']}?{urlencode(found)}"


@pytest.fixture(scope="module")
def found(django_db_setup: None) -> dict[str, Any]:
    with place() as directory:
        command = [sys.executable, "-m", "tests.soak.several", str(directory), url()]
        subprocess.run(command, check=True, cwd=BASE)
        results: dict[str, Any] = json.loads((directory / "results.json").read_text())
        return results


def test_ten_hosts_in_three_clusters_hold_what_their_tables_say(found: dict[str, Any]) -> None:
    assert found["differences"] == []
    assert found["hosts"] == {name: cluster for name, cluster, _daemon in HOSTS}
    assert found["verified"] == []
    assert set(found["statuses"]) == {0}


def test_a_host_that_was_down_for_ten_releases_goes_straight_to_the_newest(found: dict[str, Any]) -> None:
    assert len(found["away"]["releases"]) == RELEASES
    assert found["away"]["carried_out"] == found["away"]["releases"][-1:], f"on {AWAY}"


def test_hosts_are_woken_and_need_not_look(found: dict[str, Any]) -> None:
    assert found["woken"] < WOKEN


def test_publishers_go_on_by_themselves_when_the_server_fell_and_came_back(found: dict[str, Any]) -> None:
    assert found["fall"]["same"]
