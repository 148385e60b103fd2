"""Faults at the boundary of a system call of the publisher: it dies there, or the call fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tests.faults.case import ANY_END, KILLED, Attempt, Case
from tests.faults.tracing import TRACED, Call, injection

#: Calls that change names or files; the modifying ones of a file system that has become read-only.
CHANGES_NAMES = ("rename", "link", "unlink", "mkdir", "rmdir", "unlinkat", "utimensat", "chmod", "chown", "ftruncate")
TAKES_SPACE = frozenset({"write", "pwrite64", "openat", "mkdir", "link", "rename", "sendfile", "copy_file_range"})
SYNCS = frozenset({"fsync", "fdatasync"})
#: Where a publisher is on its way back to the old files.
DURING_SWAP = "swapped access.db"


def point(call: Call) -> str:
    return f"{call.kind} {' → '.join(dict.fromkeys(names(call)))}".strip()


def names(call: Call) -> Iterator[str]:
    """The paths without what differs from run to run."""
    for path in call.paths:
        parts = path.split("/")
        if parts[0] == "mail" or parts[0].startswith("database"):
            yield "/".join("plan-…" if part.startswith("plan-") else part for part in parts)
        elif path.startswith("/tmp/"):
            yield "/tmp/…"


def kill(call: Call) -> Attempt:
    return Attempt(injection([call.kind], f"signal=KILL:when={call.nth}"))


def kills(calls: Iterable[Call], fault: str = "killed", *, quick: bool = False) -> Iterator[Case]:
    for call in calls:
        yield Case(fault, call.step, point(call), [kill(call)], frozenset({KILLED}), quick=quick)


def kills_of_the_next(first: Attempt, calls: Iterable[Call]) -> Iterator[Case]:
    """The publisher that puts back what a killed one left is killed as well."""
    for call in calls:
        yield Case("killed twice", call.step, point(call), [first, kill(call)], frozenset({KILLED}))


def failing(fault: str, error: str, calls: Iterable[Call], *, quick: bool = False) -> Iterator[Case]:
    for call in calls:
        attempt = Attempt(injection([call.kind], f"error={error}:when={call.nth}"))
        yield Case(fault, call.step, point(call), [attempt], ANY_END, quick=quick)


def disk_full(calls: Sequence[Call], fault: str = "disk full", *, quick: bool = False) -> Iterator[Case]:
    """Once, at each call that needs room: in the directory, in the database and among temporary files."""
    wanted = (call for call in calls if call.kind in TAKES_SPACE and list(names(call)))
    return failing(fault, "ENOSPC", wanted, quick=quick)


def disk_fills_up(calls: Sequence[Call]) -> Iterator[Case]:
    """From each call on, no file of the directory can be written and no name be added."""
    for index, call in enumerate(calls):
        if call.in_mail and call.kind in {"write", "mkdir", "link"}:
            yield Case(
                "disk full from here on",
                call.step,
                point(call),
                [Attempt(from_here(calls[: index + 1], ("write", "mkdir", "link"), "ENOSPC"))],
                ANY_END,
            )


def bad_disk(calls: Sequence[Call]) -> Iterator[Case]:
    return failing("disk error", "EIO", (call for call in calls if call.kind in SYNCS))


def refused(calls: Sequence[Call]) -> Iterator[Case]:
    return failing(
        "no permission",
        "EACCES",
        (call for call in calls if call.in_mail and call.kind in {*CHANGES_NAMES, "openat"}),
    )


def read_only(calls: Sequence[Call]) -> Iterator[Case]:
    """The file system becomes read-only, as ext4 does when its disk fails: from each call on none changes a name."""
    for index, call in enumerate(calls):
        if call.in_mail and call.kind in CHANGES_NAMES:
            options = from_here(calls[: index + 1], CHANGES_NAMES, "EROFS")
            yield Case("read-only from here on", call.step, point(call), [Attempt(options)], ANY_END)


def from_here(before: Sequence[Call], kinds: Iterable[str], error: str) -> list[str]:
    """strace's options by which all of ``kinds`` fail from the last call of ``before`` on."""
    seen: Counter[str] = Counter()
    for call in before:
        seen[call.kind] = call.nth
    here = before[-1]
    options = ["-e", TRACED]
    for kind in kinds:
        first = seen[kind] if kind == here.kind else seen[kind] + 1
        options += ["-e", f"inject=?{kind}:error={error}:when={first}+"]
    return options
