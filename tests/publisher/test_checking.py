"""The publisher has the tables checked between publications, by a child that neither delays nor outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mailadmin.accounts.models import User
from tables import surveys
from tables.entries import get_cluster
from tables.management import checker, children
from tables.management.checker import Checker
from tables.management.children import spawn
from tables.management.commands.publisher import Loop
from tables.models import CheckRun, Host
from tests.integration.daemon import wait_for
from tests.services.editing import save

pytestmark = pytest.mark.django_db

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


class Starts:
    """Starts a child that does nothing for so long, and notes what should have been started."""

    def __init__(self, command: Sequence[str] = SLEEP) -> None:
        self.command = command
        self.asked: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        self.asked.append(command)
        return spawn(self.command)


@pytest.fixture
def watched() -> Iterator[Callable[[Checker], Checker]]:
    """No test leaves a child behind."""
    made: list[Checker] = []

    def watch(one: Checker) -> Checker:
        made.append(one)
        return one

    yield watch
    for one in made:
        one.stop()


def test_a_check_is_started_when_one_is_due(host: Host, watched: Callable[[Checker], Checker]) -> None:
    starts = Starts()
    watched(one := Checker("mx1", starts)).look(host.cluster)
    assert starts.asked == [[sys.executable, "manage.py", "check_tables", "--store", "--host=mx1", "--cluster=default"]]
    one.look(host.cluster)
    assert len(starts.asked) == 1


def test_nothing_is_started_while_nothing_changed(host: Host, watched: Callable[[Checker], Checker]) -> None:
    surveys.run(cluster=host.cluster, by="cli:test")
    starts = Starts()
    watched(Checker("mx1", starts)).look(host.cluster)
    assert starts.asked == []


def test_nothing_is_started_while_another_host_is_at_it(host: Host, watched: Callable[[Checker], Checker]) -> None:
    surveys.run(cluster=host.cluster, by="cli:test")
    CheckRun.objects.update(turn="another host", turn_at=surveys.timezone.now(), asked_at=surveys.timezone.now())
    starts = Starts()
    watched(Checker("mx1", starts)).look(host.cluster)
    assert starts.asked == []


def test_a_check_that_fails_is_not_tried_again_at_once(
    host: Host, watched: Callable[[Checker], Checker], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = Starts([sys.executable, "-c", "raise SystemExit(1)"])
    one = watched(Checker("mx1", starts))
    one.look(host.cluster)
    assert one.child is not None
    one.child.wait(30)
    one.look(host.cluster)
    assert len(starts.asked) == 1
    now = time.monotonic()
    monkeypatch.setattr(checker.time, "monotonic", lambda: now + checker.FAILED_SECONDS + 1)
    one.look(host.cluster)
    assert len(starts.asked) == 2


def test_a_check_that_is_done_makes_room_for_the_next(
    host: Host, watched: Callable[[Checker], Checker], alice: User
) -> None:
    starts = Starts([sys.executable, "-c", ""])
    one = watched(Checker("mx1", starts))
    one.look(host.cluster)
    surveys.run(cluster=host.cluster, by="the child")
    assert one.child is not None
    one.child.wait(30)
    save(alice, "aliases", "sales", "root")
    CheckRun.objects.update(seconds=0)
    one.look(get_cluster())
    assert len(starts.asked) == 2


def test_the_child_runs_at_the_lowest_priority_and_ends_with_the_publisher(host: Host) -> None:
    one = Checker("mx1", Starts())
    one.look(host.cluster)
    assert one.child is not None
    child = one.child
    assert os.getpriority(os.PRIO_PROCESS, child.pid) == children.LOWEST_PRIORITY
    one.stop()
    assert child.poll() == -signal.SIGTERM
    assert one.child is None
    one.stop()


def test_a_child_that_does_not_listen_is_killed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "END_SECONDS", 0.2)
    deaf = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(); time.sleep(60)"
    started: list[subprocess.Popen[bytes]] = []

    def start(_command: Sequence[str]) -> subprocess.Popen[bytes]:
        child = subprocess.Popen([sys.executable, "-uc", deaf], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.close()
        started.append(child)
        return child

    one = Checker("mx1", start)
    one.look(host.cluster)
    one.stop()
    assert started[0].poll() == -signal.SIGKILL


def test_the_child_dies_with_a_publisher_that_is_killed(tmp_path: Path) -> None:
    """The publisher's stand-in starts the child as a publisher would, says its number, and is killed."""
    code = (
        "import django, time; django.setup(); from tables.management.children import spawn;"
        f"print(spawn({SLEEP!r}).pid, flush=True); time.sleep(60)"
    )
    ours = {**os.environ, "DJANGO_SETTINGS_MODULE": "mailadmin.settings", "MAILADMIN_STATE_DIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=ours) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _lives(child)
        parent.kill()
        parent.wait()
        wait_for(lambda: not _lives(child), 10)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_loop_looks_for_a_check_only_after_the_publication(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    loop = Loop("")
    monkeypatch.setattr(Loop, "look", lambda self: order.append("publication"))
    monkeypatch.setattr(loop.checker, "look", lambda cluster: order.append(f"check of {cluster}"))
    loop.host = host
    assert loop._looked()
    assert order == ["publication", "check of default"]
