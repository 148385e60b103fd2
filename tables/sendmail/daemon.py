"""The sendmail daemon: whether it lives, telling it to read its class files again, and proof that it did."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tables.sendmail.commands import Result, Run
from tables.sendmail.mailcf import Listener

#: Seconds within which a daemon that was signalled must greet again.
PROOF_SECONDS = 30.0

_POLL = 0.1
#: Without an entry it says "no match (0)", for aliases 68. "no match (75)" is a map that it cannot or will not read.
_LOOKUP = re.compile(r"(?:> )*map_lookup: (\S+) \((.*?)\) (?:returns (.*) \(\d+\)|no match \((?:0|68)\))")
#: With this it greets in address test mode.
_HEAD = ("ADDRESS TEST MODE", "Enter <ruleset>")
#: Keys that go into the address test mode as they are.
_PLAIN = re.compile(r"[A-Za-z0-9@:._+-]+")


class NotAlive(Exception):
    """The daemon did not do what a living one does."""


class WrongAnswer(Exception):
    """sendmail does not see the new state."""

    def __init__(self, message: str, result: Result) -> None:
        self.result = result
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of a pid file, by which a restarted daemon is told from one that has not yet noticed the signal."""

    pid: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Daemon:
    pid_file: Path
    listener: Listener

    def pid(self) -> int | None:
        """The process that the pid file names, if it lives and is sendmail."""
        try:
            pid = int(self.pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_sendmail(pid) else None

    def mark(self) -> Mark | None:
        pid = self.pid()
        if pid is None:
            return None
        try:
            found = self.pid_file.stat()
        except FileNotFoundError:  # a daemon that ends takes its pid file along
            return None
        return Mark(pid, found.st_mtime_ns, found.st_ino)

    def hang_up(self) -> Mark:
        """Send SIGHUP: sendmail executes itself anew. Raises :class:`NotAlive` when there is no daemon to tell."""
        mark = self.mark()
        if mark is None:
            raise NotAlive(f"{self.pid_file} names no living sendmail. Start sendmail and publish again.")
        try:
            os.kill(mark.pid, signal.SIGHUP)
        except OSError as error:
            raise NotAlive(
                f"sendmail (process {mark.pid}) was not told to start anew: {error.strerror}. "
                "Run the publisher as root, or start sendmail anew by hand and publish again."
            ) from error
        return mark

    def prove(self, *, since: Mark | None, seconds: float | None = None) -> str:
        """Wait until the daemon, restarted after ``since``, lives and greets. Returns the greeting."""
        seconds = PROOF_SECONDS if seconds is None else seconds
        until = time.monotonic() + seconds
        said = "nothing"
        while True:
            if self._restarted(since):
                said = greeting(self.listener, timeout=max(until - time.monotonic(), _POLL))
                if said.startswith("220"):
                    return said
            if time.monotonic() >= until:
                raise NotAlive(self._complaint(since, said, seconds))
            time.sleep(_POLL)

    def _restarted(self, since: Mark | None) -> bool:
        now = self.mark()
        return now is not None and now != since

    def _complaint(self, since: Mark | None, said: str, seconds: float) -> str:
        where = f"{self.listener.address} port {self.listener.port}"
        now = self.mark()
        if now is None:
            gone = f"{self.pid_file} names no living process after {seconds:g} seconds"
            return f"sendmail is not running: {gone}. Its log says why."
        if now == since:
            return f"sendmail (process {now.pid}) did not start anew within {seconds:g} seconds. Its log says why."
        return f"sendmail did not greet on {where} within {seconds:g} seconds; it answered {said}."


def is_sendmail(pid: int) -> bool:
    """Whether that process is a sendmail: nothing else is ever signalled."""
    try:
        # proc(5): pid (name) state …; a zombie has a name too, but serves nobody.
        _pid, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").partition(" (")
        name, _, state = rest.rpartition(") ")
    except OSError:
        return False
    return name.startswith("sendmail") and state[:1] not in {"Z", "X"}


def greeting(listener: Listener, *, timeout: float) -> str:
    """The first line that the daemon says, or why it said none."""
    try:
        with socket.create_connection((listener.address, listener.port), timeout=timeout) as connection:
            with connection.makefile("rb") as stream:
                said = stream.readline(1024).decode("ascii", "replace").strip()
            with suppress(OSError):  # it has greeted, and may be gone by now
                connection.sendall(b"QUIT\r\n")
            return said or "nothing"
    except OSError as error:
        return error.strerror or str(error) or "nothing"


@dataclass(frozen=True, slots=True)
class Probe:
    """One look-up that shows the new state: ``value`` None means that there must be no such entry."""

    map_name: str
    key: str
    value: str | None


def askable(key: str, value: str | None) -> bool:
    """Whether the address test mode takes the key as it is and gives the value back as it is (``%1`` it fills in)."""
    return bool(_PLAIN.fullmatch(key)) and (
        value is None or (value.isascii() and value.isprintable() and "%" not in value)
    )


def look_up(probes: Sequence[Probe], *, cf: Path, run: Run, timeout: float) -> Result:
    """Ask ``sendmail -bt`` for each probe. Raises :class:`WrongAnswer` when one answer is not the new state."""
    result = _ask(probes, cf=cf, run=run, timeout=timeout)
    lines = result.stdout.splitlines()
    answers = _answers(lines)
    for probe in probes:
        if (probe.map_name, probe.key) not in answers:
            raise WrongAnswer(_unanswered(probe, lines), result)
        found = answers[(probe.map_name, probe.key)]
        if found != probe.value:
            raise WrongAnswer(
                f"sendmail finds {_said(found)} for {probe.key} in the map {probe.map_name} "
                f"instead of {_said(probe.value)}.",
                result,
            )
    return result


def answered(probes: Sequence[Probe], *, cf: Path, run: Run, timeout: float) -> list[Probe]:
    """Those to which ``sendmail -bt`` has an answer now, whichever it is."""
    if not probes:
        return []
    answers = _answers(_ask(probes, cf=cf, run=run, timeout=timeout).stdout.splitlines())
    return [probe for probe in probes if (probe.map_name, probe.key) in answers]


def _ask(probes: Sequence[Probe], *, cf: Path, run: Run, timeout: float) -> Result:
    commands = "".join(f"/map {probe.map_name} {probe.key}\n" for probe in probes)
    return run(["sendmail", "-bt", "-C", str(cf)], stdin=[commands.encode()], timeout=timeout)


def _unanswered(probe: Probe, lines: Iterable[str]) -> str:
    said = (line.removeprefix("> ").strip() for line in lines if not _LOOKUP.match(line) and not line.startswith(_HEAD))
    complaint = next(filter(None, said), "it says nothing")
    return f"sendmail cannot look up {probe.key} in the map {probe.map_name}: {complaint}. Mend that and publish again."


def _answers(lines: Iterable[str]) -> dict[tuple[str, str], str | None]:
    matches = (_LOOKUP.match(line) for line in lines)
    return {(match[1], match[2]): match[3] for match in matches if match}


def _said(value: str | None) -> str:
    return "nothing" if value is None else repr(value)
