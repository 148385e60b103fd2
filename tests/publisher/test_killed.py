"""A publisher that is killed at any point leaves whole files, and the next one brings the new state about."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.places import place

pytestmark = pytest.mark.sendmail

CHANGED = ("aliases", "access", "genericstable", "relay-domains")
SWAPS = ("aliases.db", "aliases", "access.db", "access", "genericstable.db", "genericstable", "relay-domains")

#: All points that a publication passes, in order.
POINTS = [
    *("before lock", "before read", "before plan", "before build"),
    *(f"built {name}" for name in CHANGED),
    *("before verify", "before swap"),
    *("generation made", "kept", "swap journalled"),
    *(f"swapped {name}" for name in SWAPS),
    *("before signal", "before prove", "proved", "before record", "recorded"),
]
RESTORES = [f"restored {name}" for name in SWAPS]

SOMEWHERE = [f"after {number} ms" for number in (1, 5, 15, 30, 60, 120)]
ONCE = [[point] for point in [*POINTS, *SOMEWHERE]]
WHILE_RESTORING = [["swapped access", point] for point in [*RESTORES, "files recovered", "row recovered"]]
TWICE_ALIKE = ["before verify", "before verify"]
SCENARIOS = [[], *ONCE, *WHILE_RESTORING, TWICE_ALIKE]

OLD = {
    "access": "From:a@bad.example\tREJECT\n",
    "access.db": "from:a@bad.example\tREJECT\n",
    "aliases": "postmaster: root\nsales: alice\n",
    "aliases.db": "@\t@\npostmaster\troot\nsales\talice\n",
    "relay-domains": "one.example\ntwo.example\n",
    "virtusertable": "info@here.example\troot\n",
    "virtusertable.db": "info@here.example\troot\n",
}
NEW = OLD | {
    "access": "From:a@bad.example\tREJECT\nfrom:b@bad.example\tREJECT\n",
    "access.db": "from:a@bad.example\tREJECT\nfrom:b@bad.example\tREJECT\n",
    "aliases": "postmaster: root\nsales: bob\n",
    "aliases.db": "@\t@\npostmaster\troot\nsales\tbob\n",
    "genericstable": "alice\talice@here.example\n",
    "genericstable.db": "alice\talice@here.example\n",
    "relay-domains": "one.example\n",
}

Results = dict[tuple[str, ...], dict[str, Any]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Results:
    """All scenarios, played once for all workers in one process of their own: each death there is a real one."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "killed.json"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            shared.write_text(played())
    return {tuple(result["points"]): result for result in json.loads(shared.read_text())}


def played() -> str:
    with place() as directory:
        (directory / "scenarios.json").write_text(json.dumps(SCENARIOS))
        settings = {
            "DJANGO_SETTINGS_MODULE": "mailadmin.settings",
            "MAILADMIN_STATE_DIR": str(directory / "state"),
            "MAILADMIN_DATABASE_URL": f"sqlite:///{directory}/unused",
            "MAILADMIN_HOST": "mx.test.example",
            "MAILADMIN_SENDMAIL_CF": str(directory / "none.cf"),
            "MAILADMIN_SENDMAIL_DAEMON": "no",
            "MAILADMIN_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "tests.publisher.victim", str(directory)]
        done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (directory / "results.json").read_text()


def test_the_list_of_points_is_complete(results: Results) -> None:
    assert results[()]["passed"] == POINTS


@pytest.mark.parametrize("points", [*ONCE, *WHILE_RESTORING], ids=", then ".join)
def test_every_live_file_is_whole_after_each_death(results: Results, points: list[str]) -> None:
    for death in results[tuple(points)]["deaths"]:
        for name, text in death["files"].items():
            assert text in {OLD.get(name), NEW[name]}
        assert set(death["files"]) >= set(OLD)


@pytest.mark.parametrize("points", [*ONCE, *WHILE_RESTORING], ids=", then ".join)
def test_the_next_publisher_makes_the_new_state_live(results: Results, points: list[str]) -> None:
    result = results[tuple(points)]
    assert (result["state"], result["error"]) == ("succeeded", "")
    assert result["files"] == NEW
    assert result["release"] == 2
    assert result["succeeded"] == 2  # release 1 and, once, release 2


@pytest.mark.parametrize("points", SCENARIOS, ids=", then ".join)
def test_nothing_is_left_lying_about(results: Results, points: list[str]) -> None:
    result = results[tuple(points)]
    assert not result["journal"]
    assert (result["staging"], result["linked"], result["hidden"]) == ([], [], [])


def test_a_death_at_a_named_point_is_a_real_one(results: Results) -> None:
    for point in POINTS:
        assert results[(point,)]["deaths"][0]["status"] == -9


def test_a_publication_that_kills_its_publisher_twice_is_given_up(results: Results) -> None:
    result = results[tuple(TWICE_ALIKE)]
    assert result["state"] == "failed"
    assert result["error"].startswith("The publisher was stopped while it built; nothing live was touched.")
    assert result["files"] == OLD
    assert result["release"] == 1
