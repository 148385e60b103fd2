"""Plays one case: the faulty publishers, a look at what they left, and the publisher after them."""

from __future__ import annotations

import json
import multiprocessing
import socket
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults import stage
from tests.faults.case import FAILED, KILLED, NOTHING, ORDERLY, RAISED, SUCCEEDED, Attempt, Case, Outcome, nothing
from tests.faults.stage import HOST, Place
from tests.faults.tracing import END, Marks, run_traced

#: Looks of the last publisher by itself, before somebody publishes again.
LOOKS = 3


@dataclass
class Theatre:
    directory: Path
    start: Place
    old: dict[str, str]
    new: dict[str, str]
    played: int = 0

    def play(self, case: Case) -> Outcome:
        self.played += 1
        place = Place(self.directory / f"case{self.played}")
        outcome = Outcome(case.fault, case.step, case.point)
        started = time.monotonic()
        self.start.copy_to(place)
        try:
            self._play(case, place, outcome)
        except Exception as error:  # noqa: BLE001 (one case that cannot be judged is wrong, and the others go on)
            outcome.problems.append(f"could not be played to its end: {error!r}")
        finally:
            place.remove()
        outcome.seconds = round(time.monotonic() - started, 2)
        return outcome

    def _play(self, case: Case, place: Place, outcome: Outcome) -> None:
        if case.quick:
            place.quick.touch()
        stage.in_child(lambda: _rehosted(place))
        case.prepare(place)
        before = stage.ownerships(place.mail)
        for attempt in case.attempts:
            ended = publish(place, attempt)
            outcome.ended.append(ended["state"])
            outcome.said = ended["error"]
            self._look(case, place, outcome, ended["state"])
        if outcome.ended[-1] not in case.ends:
            outcome.problems.append(f"ended as {outcome.ended[-1]} ({outcome.said})")
        if case.says not in outcome.said:
            outcome.problems.append(f"says {outcome.said!r} and not {case.says!r}")
        case.mend(place)
        if case.mend is not nothing:
            before = stage.ownerships(place.mail)
        self._converge(case, place, outcome)
        owners = stage.ownerships(place.mail)
        outcome.problems += [
            f"{name} had owner, group and mode {before[name]} and has {owners.get(name)}"
            for name in before
            if owners.get(name) != before[name]
        ]

    # --- after the fault ----------------------------------------------------------------------------------------------

    def _look(self, case: Case, place: Place, outcome: Outcome, ended: str) -> None:
        if not place.mail.is_dir():
            return  # nothing is there that could be lost
        found = stage.contents(place.mail)
        ages = {name: self._age(name, text) for name, text in found.items() if name not in case.other}
        outcome.problems += [f"{name} is neither old nor new: {found[name]!r}" for name, age in ages.items() if not age]
        missing = set(self.old) - set(found) - case.other
        outcome.problems += [f"{name} is gone" for name in sorted(missing)]
        changed = {age for name, age in ages.items() if self.old.get(name) != self.new.get(name)}
        outcome.live = " and ".join(sorted(changed, reverse=True))
        self._check_kept(case, place, outcome, found)
        if ended in ORDERLY:
            wanted = {"new"} if ended == SUCCEEDED else {"old"}
            if changed - wanted:
                outcome.problems.append(f"{ended}, and {outcome.live} is live")
            outcome.problems += [f"left behind: {name}" for name in stage.leftovers(place.mail)]

    def _age(self, name: str, text: str) -> str:
        if text == self.old.get(name):
            return "old"
        return "new" if text == self.new[name] else ""

    def _check_kept(self, case: Case, place: Place, outcome: Outcome, found: dict[str, str]) -> None:
        """Nothing of the previous state may be lost: what is not live is in a generation."""
        kept = stage.kept(place.mail)
        for name, text in self.old.items():
            if name in case.other or found.get(name) == text:
                continue
            if not any(generation.get(name) == text for generation in kept):
                outcome.problems.append(f"the previous {name} is lost")

    # --- the next publisher -------------------------------------------------------------------------------------------

    def _converge(self, case: Case, place: Place, outcome: Outcome) -> None:
        end = place.path / "end.json"
        status = stage.wait(stage.fork(lambda: finish(place, case, end)))
        if status:
            outcome.problems.append(f"the next publisher ended with status {status}")
            return
        found: dict[str, Any] = json.loads(end.read_text())
        outcome.asked = found["asked"]
        live = stage.contents(place.mail)
        if found["state"] != SUCCEEDED:
            outcome.problems.append(f"the next publication {found['state']}: {found['error']}")
        for name, text in self.new.items():
            if live.get(name) != text:
                outcome.problems.append(f"after the next publisher {name} is {live.get(name)!r}")
        if outcome.asked and not (found["ended"] or _given_up(case)):
            outcome.problems.append("had to be published again by hand")
        outcome.problems += [f"left behind at the end: {name}" for name in stage.leftovers(place.mail)]
        self._check_kept(case, place, outcome, live)


def _given_up(case: Case) -> bool:
    """A publication whose publisher was stopped twice is not tried a third time by itself."""
    return len(case.attempts) > 1


def _rehosted(place: Place) -> None:
    stage.rehost(place)
    stage.close()


def publish(place: Place, attempt: Attempt) -> dict[str, str]:
    """One publisher in a process of its own, traced if the attempt asks for it; says how it ended."""
    if attempt.twins:
        return publish_twice(place)
    marks: list[Any] = []
    ours, theirs = socket.socketpair()

    def ready() -> None:
        from django.db import connection

        place.use()
        connection.ensure_connection()
        entered = attempt.enter(place)
        marks.append(Marks(entered) if attempt.options else entered or _ignore)

    def work() -> None:
        found = converge(marks[0])
        if attempt.options:
            marks[0](END)
        theirs.sendall(json.dumps(found).encode())  # not into a file: the disk may be full

    def both() -> None:
        ready()
        work()

    with ours, theirs:
        if attempt.options:
            status = run_traced(work, ready=ready, options=attempt.options, log=place.path / "trace")
        else:
            status = stage.wait(stage.fork(both))
        if status:
            return {"state": KILLED if status == -9 else f"status {status}", "error": ""}
        found: dict[str, str] = json.loads(ours.recv(1 << 20))
        return found


def publish_twice(place: Place) -> dict[str, str]:
    """Both wait for one another; what is told is how the one ended that had something to do."""
    barrier = multiprocessing.get_context("fork").Barrier(2)

    def work(name: str) -> None:
        from django.db import connection

        place.use()
        connection.ensure_connection()
        barrier.wait()
        stage.write_json(place.path / name, converge(_ignore))

    names = ("one.json", "other.json")
    children = [stage.fork(partial(work, name)) for name in names]
    if sum(abs(stage.wait(child)) for child in children):
        return {"state": "one of them crashed", "error": ""}
    found: list[dict[str, str]] = [json.loads((place.path / name).read_text()) for name in names]
    done = [one for one in found if one["state"] not in {RAISED, NOTHING}]
    return done[0] if len(done) == 1 else {"state": f"{len(done)} of them published", "error": f"{found}"}


def _ignore(_point: str) -> None:
    """No mark, no fault."""


def converge(checkpoint: Any) -> dict[str, str]:
    """One look, as the long-running publisher has it: whatever goes wrong, it goes on."""
    from tables import publishing

    try:
        done = publishing.converge(host=publishing.register_host(), checkpoint=checkpoint)
    except Exception as error:  # noqa: BLE001 (as Loop._looked)
        return {"state": RAISED, "error": f"{type(error).__name__}: {error}"}
    return {"state": str(done.state), "error": done.error} if done else {"state": NOTHING, "error": ""}


def finish(place: Place, case: Case, end: Path) -> None:
    """The publisher that comes after: by itself, and if need be because somebody publishes again."""
    from tables import publishing, releases
    from tables.actors import Actor
    from tables.entries import get_cluster
    from tables.models import Host, Publication

    place.use()
    newest = Publication.objects.first()
    assert newest
    ended = newest.ended
    for _ in range(LOOKS):
        publishing.converge(host=publishing.register_host())
    asked = 0
    newest = Publication.objects.first()
    assert newest
    if newest.state != Publication.State.SUCCEEDED:
        asked = 1
        releases.cut(cluster=get_cluster(), actor=Actor.command(), override=case.override)
        publishing.converge(host=publishing.register_host())
    case.after(place)
    newest = Publication.objects.first()
    host = Host.objects.get(name=HOST)
    assert newest
    state = (
        SUCCEEDED if newest.state == Publication.State.SUCCEEDED and host.release_id == newest.release_id else FAILED
    )
    stage.write_json(end, {"state": state, "error": newest.error, "asked": asked, "ended": ended})
