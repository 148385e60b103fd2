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


def test_ten_hosts_in_three_clusters_hold_what_their_tables_say_whatever_became_of_them() -> None:
    """One test of several scenes: they take their time, and are played once."""
    with place() as directory:
        command = [sys.executable, "-m", "tests.soak.several", str(directory), url()]
        subprocess.run(command, check=True, cwd=BASE)
        found: dict[str, Any] = json.loads((directory / "results.json").read_text())
    assert found["differences"] == []
    assert found["hosts"] == {name: cluster for name, cluster, _daemon in HOSTS}
    assert found["verified"] == []
    assert set(found["statuses"]) == {0}
    # They are woken, and need not look.
    assert found["woken"] < WOKEN
    # Whoever was down for ten releases goes straight to the newest.
    assert len(found["away"]["releases"]) == RELEASES
    assert found["away"]["carried_out"] == found["away"]["releases"][-1:], f"on {AWAY}"
    # When the server fell and came back, publishers went on by themselves.
    assert found["fall"]["same"]
