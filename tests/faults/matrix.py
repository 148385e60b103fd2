"""All cases: those that are written down, and one for each call that a publisher was seen to make."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults import at_calls, at_programs_calls, databases, directories, programs, stage, two
from tests.faults.case import KILLED, SUCCEEDED, Attempt, Case
from tests.faults.playing import Theatre, publish
from tests.faults.stage import Place
from tests.faults.tracing import TRACED, Call, calls

#: The points at which the databases are interrupted; the last is passed after the publication was recorded.
POINTS = (
    *("before lock", "before read", "before plan", "before build", "built access", "before verify", "before swap"),
    *("kept", "swap journalled", "swapped access.db", "before signal", "before prove", "proved", "before record"),
    "recorded",
)
#: A fault with more points than this is a row of like ones, of which a sample does.
MANY = 6


def open_theatre(directory: Path) -> tuple[Theatre, list[Case]]:
    """The stage, with what is old and what is new there, and every case that can be played on it."""
    start = Place(directory / "start")
    stage.make_start(start)
    new, seen = trace(directory, start)
    as_new, patching = trace(directory, start, quick=True)
    if new != as_new:
        raise RuntimeError("a patched text or map is another one than one that was made as a whole")
    theatre = Theatre(directory, start, stage.contents(start.mail), new)
    return theatre, [*written(), *traced(directory, start, seen), *while_patching(patching)]


def written() -> list[Case]:
    return [*programs.cases(), *directories.cases(), *databases.cases(POINTS), *two.cases()]


def traced(directory: Path, start: Place, seen: Sequence[Call]) -> list[Case]:
    found = [*at_calls.kills(seen), *at_calls.kills_of_the_next(*killed_midway(directory, start, seen))]
    for fault in (at_calls.disk_full, at_calls.disk_fills_up, at_calls.bad_disk, at_calls.refused, at_calls.read_only):
        found += fault(seen)
    for name, (_program, _when, quick) in at_programs_calls.MAKERS.items():
        with Scene(directory, start, name.replace(" ", "_"), quick=quick) as place:
            publish(place, at_programs_calls.counting(name))
            found += at_programs_calls.cases(name, at_programs_calls.made(place.path))
    return found


def while_patching(seen: Sequence[Call]) -> list[Case]:
    words = "while patching"
    seen = [call for call in seen if call.in_mail]  # what it does elsewhere is the same
    return [
        *at_calls.kills(seen, f"killed {words}", quick=True),
        *at_calls.disk_full(seen, f"disk full {words}", quick=True),
    ]


class Scene:
    """A copy of the start for a look at what a publisher does."""

    def __init__(self, directory: Path, start: Place, name: str, *, quick: bool = False) -> None:
        self.start, self.place, self.quick = start, Place(directory / name), quick

    def __enter__(self) -> Place:
        self.start.copy_to(self.place)
        if self.quick:
            self.place.quick.touch()
        stage.in_child(self._rehost)
        return self.place

    def _rehost(self) -> None:
        stage.rehost(self.place)
        stage.close()

    def __exit__(self, *_: object) -> None:
        self.place.remove()


def trace(directory: Path, start: Place, *, quick: bool = False) -> tuple[dict[str, str], list[Call]]:
    """One publication without a fault: what is live after it, and the calls that it made."""
    with Scene(directory, start, "model", quick=quick) as place:
        ended = publish(place, Attempt(["-e", TRACED]))
        if ended["state"] != SUCCEEDED:
            raise RuntimeError(f"without a fault the publication {ended['state']}: {ended['error']}")
        return stage.contents(place.mail), list(calls(place.path / "trace", place.path))


def killed_midway(directory: Path, start: Place, seen: Sequence[Call]) -> tuple[Attempt, list[Call]]:
    """A publisher that is killed amid its swap, and the calls by which the next one puts back."""
    first = at_calls.kill(next(call for call in seen if call.step == at_calls.DURING_SWAP and call.kind == "rename"))
    with Scene(directory, start, "midway") as place:
        if publish(place, first)["state"] != KILLED:
            raise RuntimeError("the publisher was not killed amid its swap")
        publish(place, Attempt(["-e", TRACED]))
        return first, list(until(calls(place.path / "trace", place.path), "staging/plan-"))


def until(found: Iterable[Call], word: str) -> Iterable[Call]:
    for call in found:
        if any(word in path for path in call.paths):
            return
        yield call


# --- choices ----------------------------------------------------------------------------------------------------------


def sample(cases: Sequence[Case], kills: int, each: int, chance: random.Random) -> list[Case]:
    """Every fault at least once, ``each`` of those that have many points, and ``kills`` over all kinds of calls."""
    by_fault: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_fault[case.fault].append(case)
    chosen: list[Case] = []
    for fault, found in by_fault.items():
        many = len(found) > MANY
        chosen += spread(found, share(fault, kills) or each if many else len(found), chance)
    return chosen


def share(fault: str, kills: int) -> int:
    """Two thirds of the kills meet a publisher that builds everything, one third one that patches."""
    return {"killed": kills - kills // 3, "killed while patching": kills // 3}.get(fault, 0)


def spread(found: Sequence[Case], count: int, chance: random.Random) -> list[Case]:
    """By turns one of each kind of call, so that the many writes do not crowd out the few renames."""
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        by_kind[case.point.split()[0]].append(case)
    for group in by_kind.values():
        chance.shuffle(group)
    chosen: list[Case] = []
    while len(chosen) < min(count, len(found)):
        for group in by_kind.values():
            if group and len(chosen) < count:
                chosen.append(group.pop())
    return chosen
