"""The disk is full, or broken, for makemap and newaliases themselves; or they are killed there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.case import FAILED, SUCCEEDED, Attempt, Case
from tests.faults.programs import BUILDS, BUILDS_ALIASES, traced
from tests.faults.tracing import CHANGING, Call, calls

#: By the name that a person gives them: the program, when it makes something, and whether that is a changed copy.
MAKERS = {
    "makemap": ("makemap", BUILDS, False),
    "newaliases": ("sendmail", BUILDS_ALIASES, False),
    "makemap on a copy": ("makemap", BUILDS, True),
    "perl on a copy": ("perl", "*", True),
}
WRITES = frozenset({"write", "pwrite64", "ftruncate"})
SYNCS = frozenset({"fsync", "fdatasync"})
LOG = "{place}/made.$$"


def counting(name: str) -> Attempt:
    """A publisher whose makers are traced; :func:`made` reads what they did."""
    program, when, _quick = MAKERS[name]
    return Attempt(enter=traced(program, when, "", LOG))


def made(place: Path) -> list[Call]:
    """The calls on the map that one of the makers made."""
    log = min(place.glob("made.*"), key=lambda path: path.stat().st_mtime_ns)
    return [call for call in calls(log, place) if call.kind in CHANGING and "staging/" in call.where]


def cases(name: str, found: list[Call]) -> Iterator[Case]:
    for index, call in enumerate(found):
        if call.kind in WRITES:
            yield _case(f"{name}: disk full", call, name, full_from(found[: index + 1]))
        if call.kind in SYNCS:
            yield _case(f"{name}: disk error", call, name, f"-e inject={call.kind}:error=EIO:when={call.nth}")
        yield _case(f"{name} is killed", call, name, f"-e inject={call.kind}:signal=KILL:when={call.nth}")


def full_from(calls: Sequence[Call]) -> str:
    """No write to the map succeeds from the last of the calls on: Berkeley DB tries another call when one fails."""
    path = calls[-1].where
    seen = Counter(call.kind for call in calls if path in call.paths)
    seen[calls[-1].kind] -= 1
    failing = (f"-e inject={kind}:error=ENOSPC:when={seen[kind] + 1}+" for kind in sorted(WRITES))
    return " ".join([f"-P {{place}}/{path}", *failing])


def _case(fault: str, call: Call, name: str, options: str) -> Case:
    program, when, quick = MAKERS[name]
    point = f"{call.kind} {call.where.removeprefix('mail/.mailadmin/')} ({call.nth})"
    # A copy that comes to nothing is followed by a map that is built as a whole, and that may do.
    ends = frozenset({FAILED, SUCCEEDED} if quick else {FAILED})
    return Case(fault, "build", point, [Attempt(enter=traced(program, when, options))], ends, quick=quick)
