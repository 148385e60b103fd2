"""Publications, killed ones and roll-backs beside a real daemon to which a stranger sends all the while.

    python -m tests.faults.watched DIRECTORY

Writes to DIRECTORY/results.json what the stranger heard while the daemon was signalled by hand, and while publishers
were at work. The settings come from the environment, as for ``tests.faults.play``.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import django

from tests.faults import stage
from tests.faults.case import KILLED, ROLLED_BACK, SUCCEEDED, Attempt, Checkpoint
from tests.faults.play import prepare
from tests.faults.playing import publish
from tests.faults.programs import ANSWERS, REAL, SCRIPT_OF, with_program
from tests.faults.stage import Place
from tests.integration.daemon import MailHost, wait_for

PLAIN_SIGNALS = 5
#: A round takes half a second on a quiet machine; longer than this, and mail is not taken any more.
ROUND_SECONDS = 120
PARTNERS = 12
FILES = {
    "aliases": "postmaster: root\nMAILER-DAEMON: postmaster\n",
    "access": "From:spam@bad.example\tREJECT\n",
    "virtusertable": "steady@here.example\troot\naway@here.example\terror:5.1.6:551 She moved\n",
    "local-host-names": "here.example\n",
    "relay-domains": "partner.example\n" + "".join(f"partner{number}.example\n" for number in range(PARTNERS)),
}
#: At which point a publisher dies; the words are those of ``Checkpoint``.
DEATHS = ("built access", "swap journalled", "swapped access.db", "swapped relay-domains", "before prove", "proved")
SIGNALS = "signals"


def main(directory: Path) -> None:
    django.setup()
    prepare()
    place = Place(directory / "start")
    host = stage.make_start(place, FILES)
    host.start()
    try:
        plain = watch(host, lambda: signal_plainly(host))
        watched = watch(host, lambda: acts(place))
    finally:
        host.stop()
    signals = (place.path / SIGNALS).read_text().count("\n")
    found = {"plain": plain, "watched": watched, "signals": signals}
    (directory / "results.json").write_text(json.dumps(found))


class Stranger:
    """Sends mail all the while."""

    def __init__(self, host: MailHost) -> None:
        self.answers = host.directory / "answers.json"
        command = [sys.executable, "-m", "tests.faults.sender", str(host.port), str(self.answers)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)

    def wait_for_a_round(self) -> None:
        """Until one more round has ended than when this was called, however slow the machine is."""
        while self._told(seconds=0):
            pass
        assert self._told(seconds=ROUND_SECONDS), "no session came about"

    def _told(self, seconds: float) -> int:
        """How many rounds it said it asked; none also when it says nothing for so long."""
        told = self.process.stdout
        assert told
        return told.read(4096).count(b"\n") if select.select([told], [], [], seconds)[0] else 0

    def end(self) -> dict[str, Any]:
        """What was heard."""
        self.process.terminate()
        self.process.communicate(timeout=60)
        found: dict[str, Any] = json.loads(self.answers.read_text())
        return found


def watch(host: MailHost, work: Callable[[], Iterable[dict[str, Any] | None]]) -> dict[str, Any]:
    """What a stranger hears during ``work``, and after each of its acts: those are in "acts"."""
    stranger = Stranger(host)
    try:
        stranger.wait_for_a_round()
        met = []
        for act in work():
            met.append(act)
            stranger.wait_for_a_round()
    finally:
        heard = stranger.end()
    return {**heard, "acts": met}


def signal_plainly(host: MailHost) -> Iterator[None]:
    """What an administrator does by hand."""
    for _ in range(PLAIN_SIGNALS):
        pid = host.pid
        assert pid
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda pid=pid: host.pid not in {None, pid})  # type: ignore[misc]
        host.wait_until_it_greets()
        yield None


def acts(place: Place) -> Iterator[dict[str, Any]]:
    """One publication after the other, each with a class file that changes; every other one meets with something."""
    turn = iter(range(PARTNERS))
    yield one(place, next(turn), "in peace", Attempt(enter=telling()), SUCCEEDED)
    for point in DEATHS:
        yield one(place, next(turn), f"killed: {point}", Attempt(enter=telling(dies_at(point))), KILLED)
        yield again(place, f"after being killed: {point}", SUCCEEDED)
    yield one(place, next(turn), "sendmail answers wrongly", Attempt(enter=lying), ROLLED_BACK)
    yield again(place, "published again", SUCCEEDED, cut=True)
    yield one(place, next(turn), "in peace", Attempt(enter=telling()), SUCCEEDED)


def one(place: Place, number: int, what: str, attempt: Attempt, wanted: str) -> dict[str, Any]:
    stage.in_child(lambda: edit(place, number))
    return {"act": what, "wanted": wanted, **publish(place, attempt)}


def again(place: Place, what: str, wanted: str, *, cut: bool = False) -> dict[str, Any]:
    if cut:
        stage.in_child(lambda: release(place))
    found = publish(place, Attempt(enter=telling()))
    if found["state"] == "did nothing":  # it was proved already, and only its record was missing
        found["state"] = SUCCEEDED
    return {"act": what, "wanted": wanted, **found}


def edit(place: Place, number: int) -> None:
    from tests.services.editing import delete, save

    place.use()
    delete(None, "relay-domains", f"partner{number}.example")
    save(None, "access", f"From:b{number}@bad.example", "REJECT")
    save(None, "virtusertable", f"v{number}@here.example", "root")
    save(None, "aliases", "sales", f"root, user{number}")
    release(place)


def release(place: Place) -> None:
    from tables import releases
    from tables.actors import Actor
    from tables.entries import get_cluster

    place.use()
    releases.cut(cluster=get_cluster(), actor=Actor.command())
    stage.close()


# --- publishers -------------------------------------------------------------------------------------------------------


def telling(also: Checkpoint | None = None) -> Callable[[Place], Checkpoint | None]:
    """A publisher that minds the daemon, and notes each signal that it sends."""

    def enter(place: Place) -> Checkpoint | None:
        from django.conf import settings

        settings.SENDMAIL_DAEMON = "yes"
        kill = os.kill

        def noted(pid: int, number: int) -> None:
            if number == signal.SIGHUP:
                with (place.path / SIGNALS).open("a") as told:
                    told.write(f"{pid}\n")
            kill(pid, number)

        os.kill = noted
        return also

    return enter


def dies_at(point: str) -> Checkpoint:
    def checkpoint(now: str) -> None:
        if now == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return checkpoint


def lying(place: Place) -> Checkpoint | None:
    real = REAL["sendmail"]
    instead = f'{real} "$@" | sed "s/returns REJECT (0)/no match (0)/"'
    with_program(
        "sendmail", SCRIPT_OF.format(when=ANSWERS.replace("' ", "\\ ").replace(" '", "\\ "), instead=instead, real=real)
    )(place)
    return telling()(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
