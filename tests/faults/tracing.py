"""strace at a publisher that is under way: which calls it makes, and dying or failing at one of them."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.stage import fork, wait

PR_SET_PTRACER = 0x59616D61

#: Calls that change what is on the disk, start or end a process, or speak to the database's server.
CHANGING = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2"),
    *("link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat"),
    *("chown", "fchown", "lchown", "fchownat", "utimensat", "flock", "kill", "vfork", "clone", "clone3", "sendto"),
    *("sendfile", "copy_file_range"),
)
#: A machine knows some of the names only; the question mark has strace pass over the others.
END = "the publisher has ended"
TRACED = "trace=" + ",".join(f"?{name}" for name in CHANGING)
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
_PATH = re.compile(r'<(/[^>]*)>|"(/[^"]*)"')
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")
_MARK = re.compile(r'\d+<(?:/dev/null)[^,]*, "([^"]*)"')


@dataclass(frozen=True)
class Call:
    """One call of a publisher: the ``nth`` of its kind, and within which step."""

    kind: str
    nth: int
    step: str
    #: All paths that it names, relative to the place where they are in it.
    paths: tuple[str, ...]

    @property
    def in_mail(self) -> bool:
        return any(path.startswith("mail") for path in self.paths)

    @property
    def where(self) -> str:
        return self.paths[-1] if self.paths else ""


class Marks:
    """A checkpoint that leaves a mark in the trace."""

    def __init__(self, also: Callable[[str], None] | None = None) -> None:
        self.handle = os.open(os.devnull, os.O_WRONLY)
        self.also = also

    def __call__(self, point: str) -> None:
        with suppress(OSError):  # where no write succeeds, a mark need not either
            os.write(self.handle, point.encode())
        if self.also:
            self.also(point)


def run_traced(work: Callable[[], None], *, ready: Callable[[], None], options: Sequence[str], log: Path) -> int:
    """Fork, make ``ready``, let strace take hold, and only then ``work``.

    Returns the exit status, negative for a signal. Calls before the start of ``work`` are neither seen nor counted.
    """
    told, tell = os.pipe()
    go, let_go = os.pipe()

    def child() -> None:
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)
        os.close(let_go)
        ready()
        os.write(tell, b".")
        os.read(go, 1)
        work()

    pid = fork(child)
    os.close(tell)
    os.close(go)
    try:
        if os.read(told, 1):
            command = ["strace", "-p", str(pid), "-o", str(log), "-y", "-s", "120", *options]
            strace = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            assert strace.stderr
            said = strace.stderr.readline()
            if "attached" not in said:
                raise RuntimeError(f"strace did not take hold of the publisher: {said.strip()}")
            os.write(let_go, b".")
            status = wait(pid)
            strace.communicate()
            return status
        return wait(pid)
    finally:
        os.close(told)
        os.close(let_go)


def injection(kinds: Iterable[str], effect: str) -> list[str]:
    """The options for strace: trace what changes something, and tamper with ``kinds``."""
    return ["-e", TRACED, "-e", f"inject={','.join(kinds)}:{effect}"]


def calls(log: Path, place: Path) -> Iterator[Call]:
    """All calls of a trace that change something, with the step in which each was made."""
    seen: Counter[str] = Counter()
    step = "before lock"
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None or match[1] not in CHANGING:
            continue
        kind, rest = match[1], match[2]
        seen[kind] += 1
        if kind == "write" and (mark := _MARK.match(rest)):
            step = mark[1]
            if step == END:
                return
            continue
        if kind == "openat" and not _WRITES.search(rest):
            continue
        yield Call(kind, seen[kind], step, tuple(relative(rest, place)))


def relative(text: str, place: Path) -> Iterator[str]:
    for found in _PATH.finditer(text):
        path = found[1] or found[2]
        yield path.removeprefix(f"{place}/") if path.startswith(f"{place}/") else path
