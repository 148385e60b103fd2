"""Maps: built beside the live ones, and proved to hold exactly the entries before anyone sees them."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tables.sendmail.commands import Result, Run

#: Berkeley DB keeps up to this many bytes of pages in memory: with a sorted stream, a quarter of the time.
CACHE = 268_435_456

#: Separates key and value in a dump; no key holds it and values that do still compare.
SEPARATOR = b"\x01"

#: newaliases ends an aliases map with this entry; without it sendmail waits for a rebuild at every look-up.
ALIASES_TOKEN = (b"@", b"@")

#: makemap refuses a line of this many bytes, line end not counted.
LONGEST = 1022

_FEED = 65_536
_NEWALIASES = re.compile(r"(?P<file>\S+): (?P<count>\d+) aliases, longest \d+ bytes, \d+ bytes total")

Pair = tuple[bytes, bytes]


class MapError(Exception):
    """A map that was not built, or does not hold what it should."""

    def __init__(self, message: str, result: Result | None = None) -> None:
        self.result = result
        super().__init__(message)


@dataclass(slots=True)
class Tally:
    """What a set of records is, in two numbers and in whatever order they come: how many, and the sum of their hashes.

    Python's keyed hash of bytes is 64 bits wide; two different sets agree by chance once in 2**64.
    """

    count: int = 0
    total: int = 0

    def add(self, record: bytes) -> None:
        self.count += 1
        self.total += hash(record)

    def watch(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """``pairs``, each added on its way through."""
        for pair in pairs:
            self.add(record(pair))
            yield pair


def record(pair: Pair) -> bytes:
    return pair[0] + SEPARATOR + pair[1]


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds maps of one type; ``cf`` is the sendmail.cf that names the trusted user, if there is one."""

    run: Run
    map_type: str
    cf: Path
    timeout: float
    #: Whether sendmail looks for keys with a NUL byte at their end (-N of a K line): then makemap puts it there.
    null: bool = False

    def makemap(self, target: Path, pairs: Iterable[Pair], *options: str) -> Result:
        """Build ``target`` (named without ``.db``) from pairs that come sorted by key, as a stream.

        makemap replaces the map even when it refuses lines, so any word of complaint fails the build.
        """
        argv = ["makemap", "-C", self._cf, "-c", str(CACHE), *self._null, *options, self.map_type, str(target)]
        result = self.run(argv, stdin=_lines(pairs), timeout=self.timeout)
        if result.returncode or result.stderr.strip():
            raise MapError(f"makemap refused {target.name}: {_first_line(result)}", result)
        return result

    def newaliases(self, text: Path, expected: int) -> Result:
        """Build ``text``.db by sendmail itself. It exits 0 while doing nothing: only its line of success counts."""
        argv = ["sendmail", "-bi", "-C", str(self.cf), f"-OAliasFile={self.map_type}:{text}"]
        result = self.run(argv, timeout=self.timeout)
        said = f"{result.stdout}{result.stderr}".strip()
        match = _NEWALIASES.fullmatch(said)
        if result.returncode or match is None:
            raise MapError(f"newaliases did not build {text.name}: {_first_line(result)}", result)
        if int(match["count"]) != expected:
            raise MapError(f"newaliases stored {match['count']} of {expected} aliases in {text.name}.", result)
        return result

    def aliases_by_makemap(self, text: Path, pairs: Iterable[Pair]) -> Result:
        """The map that newaliases would build, for a user or host for whom it cannot: with ``@:@`` and NUL bytes."""
        # A tab as the separator: the name of an alias may hold a blank.
        return self.makemap(text, _with_token(pairs), "-N", "-t\t")

    def dump(self, target: Path, into: Path) -> Result:
        """Write every record of a built map into a file, one a line."""
        argv = ["makemap", "-C", self._cf, "-u", f"-t{SEPARATOR.decode()}", self.map_type, str(target)]
        result = self.run(argv, stdout=into, timeout=self.timeout)
        if result.returncode or result.stderr.strip():
            raise MapError(f"makemap cannot read back {target.name}: {_first_line(result)}", result)
        return result

    def verify(self, target: Path, expected: Tally, scratch: Path) -> Result:
        """Prove that the built map holds exactly the records that were tallied."""
        result = self.dump(target, scratch)
        found = tally(scratch)
        scratch.unlink()
        if found.count != expected.count:
            raise MapError(f"The map {target.name} holds {entries(found.count)} instead of {expected.count}.", result)
        if found.total != expected.total:
            raise MapError(f"The map {target.name} holds {entries(found.count)}, but not the right ones.", result)
        return result

    @property
    def _null(self) -> list[str]:
        return ["-N"] if self.null else []

    @property
    def _cf(self) -> str:
        return str(self.cf) if self.cf.exists() else os.devnull


def entries(count: int) -> str:
    """``1 entry``, ``2 entries``."""
    return "1 entry" if count == 1 else f"{count} entries"


def tally(dump: Path) -> Tally:
    found = Tally()
    with dump.open("rb") as stream:
        for line in stream:
            found.add(line.removesuffix(b"\n"))
    return found


def _with_token(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """``@`` sorts before every letter; the order only matters for speed."""
    yield ALIASES_TOKEN
    yield from pairs


def _lines(pairs: Iterable[Pair]) -> Iterator[bytes]:
    """Chunks of ``key TAB value`` lines."""
    lines = (b"%b\t%b\n" % pair for pair in pairs)
    while chunk := b"".join(islice(lines, _FEED // 32)):
        yield chunk


def newaliases_possible(cf: Path) -> bool:
    """Whether sendmail builds aliases for this user, and at once.

    It refuses anyone but root, and on a host whose name has no domain it first sleeps a minute
    ("My unqualified host name unknown; sleeping for retry").
    """
    return os.geteuid() == 0 and cf.is_file() and host_is_qualified()


def host_is_qualified() -> bool:
    return "." in socket.gethostname() or "." in socket.getfqdn()


def _first_line(result: Result) -> str:
    said = f"{result.stderr}{result.stdout}".strip().splitlines()
    return said[0] if said else f"exit status {result.returncode} without a word"
