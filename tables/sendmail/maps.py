"""Maps: built beside the live ones, and proved to hold exactly the entries before anyone sees them."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from zlib import adler32, crc32

from tables.sendmail.commands import Result, Run

#: Berkeley DB keeps up to this many bytes of pages in memory: with a sorted stream, a quarter of the time.
CACHE = 268_435_456

#: Separates key and value in a dump as in what makemap reads; no key of a map holds it.
SEPARATOR = b"\t"

#: newaliases ends an aliases map with this entry; without it sendmail waits for a rebuild at every look-up.
ALIASES_TOKEN = (b"@", b"@")

#: A tab as the separator, as the name of an alias may hold a blank, and a NUL after each key and value.
ALIASES_OPTIONS = ("-N", "-t\t")

#: makemap refuses a line of this many bytes, line end not counted.
LONGEST = 1022

#: What sort may keep in memory; beyond, it uses its directory.
SORT_BUFFER = "256M"

#: Deletes the keys that come as lines, each of which must be there, and writes the file before it ends.
DELETE = """
my $map = tie my %map, 'DB_File', $ARGV[0], O_RDWR, 0600, $DB_HASH or die "cannot open $ARGV[0]: $!\\n";
while (my $key = <STDIN>) { chomp $key; $map->del($key) == 0 or die "no such key: $key\\n" }
$map->sync == 0 or die "cannot write $ARGV[0]: $!\\n";
"""

_NEWALIASES = re.compile(r"(?P<file>\S+): (?P<count>\d+) aliases, longest \d+ bytes, \d+ bytes total")

Pair = tuple[bytes, bytes]


class MapError(Exception):
    """A map that was not built, or does not hold what it should."""

    def __init__(self, message: str, result: Result | None = None) -> None:
        self.result = result
        super().__init__(message)


@dataclass(slots=True)
class Tally:
    """What a set of records is, in three numbers and in whatever order they come: how many, and two sums of checksums.

    They are the same in every process, so what a map held can be kept; and a record that comes or goes moves them by
    itself, so what the map shall hold next follows without reading it.
    """

    count: int = 0
    crc: int = 0
    adler: int = 0

    def add(self, record: bytes) -> None:
        self.count += 1
        self.crc += crc32(record)
        self.adler += adler32(record)

    def add_lines(self, data: bytes) -> None:
        """Whole lines, each a record."""
        records = data.split(b"\n")
        records.pop()
        self.count += len(records)
        self.crc += sum(map(crc32, records))
        self.adler += sum(map(adler32, records))

    def changed(self, *, gone: Tally, come: Tally) -> Tally:
        """What the set is without ``gone`` and with ``come``."""
        return Tally(
            self.count - gone.count + come.count, self.crc - gone.crc + come.crc, self.adler - gone.adler + come.adler
        )


def tally_of(records: Iterable[bytes]) -> Tally:
    found = Tally()
    for one in records:
        found.add(one)
    return found


def record(pair: Pair) -> bytes:
    return pair[0] + SEPARATOR + pair[1]


def line(pair: Pair) -> bytes:
    return record(pair) + b"\n"


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds maps of one type; ``cf`` is the sendmail.cf that names the trusted user, if there is one."""

    run: Run
    map_type: str
    cf: Path
    timeout: float
    #: Whether sendmail looks for keys with a NUL byte at their end (-N of a K line): then makemap puts it there.
    null: bool = False

    def makemap(self, target: Path, lines: Iterable[bytes], *options: str) -> Result:
        """Build ``target`` (named without ``.db``) from a stream of ``key TAB value`` lines, best sorted by key.

        makemap replaces the map even when it refuses lines, so any word of complaint fails the build.
        """
        argv = ["makemap", "-C", self._cf, "-c", str(CACHE), *self._null, *options, self.map_type, str(target)]
        result = self.run(argv, stdin=lines, timeout=self.timeout)
        if result.returncode or result.stderr.strip():
            raise MapError(f"makemap refused {target.name}: {_first_line(result)}", result)
        return result

    def newaliases(self, text: Path, expected: int) -> Result:
        """Build ``text``.db by sendmail itself. It exits 0 while doing nothing: only its line of success counts."""
        # -N: with a type sendmail leaves the NUL bytes out, and then does not find a key that is added with one.
        argv = ["sendmail", "-bi", "-C", str(self.cf), f"-OAliasFile={self.map_type}:-N {text}"]
        result = self.run(argv, timeout=self.timeout)
        said = f"{result.stdout}{result.stderr}".strip()
        match = _NEWALIASES.fullmatch(said)
        if result.returncode or match is None:
            raise MapError(f"newaliases did not build {text.name}: {_first_line(result)}", result)
        if int(match["count"]) != expected:
            raise MapError(f"newaliases stored {match['count']} of {expected} aliases in {text.name}.", result)
        return result

    def aliases_by_makemap(self, text: Path, lines: Iterable[bytes]) -> Result:
        """The map that newaliases would build, for a user or host for whom it cannot: with ``@:@`` and NUL bytes."""
        return self.makemap(text, chain([line(ALIASES_TOKEN)], lines), *ALIASES_OPTIONS)

    def sort(self, lines: Path, into: Path) -> Result:
        """Put the lines into the order in which makemap is quickest."""
        argv = ["sort", f"--buffer-size={SORT_BUFFER}", f"--output={into}", f"--temporary-directory={into.parent}"]
        result = self.run([*argv, "--", str(lines)], timeout=self.timeout)
        if result.returncode:
            raise MapError(f"sort failed on {lines.name}: {_first_line(result)}", result)
        return result

    def change_copy(
        self, live: Path, target: Path, *, put: Sequence[Pair], gone: Sequence[bytes], options: Sequence[str]
    ) -> list[Result]:
        """Make ``target`` (named without ``.db``) a copy of the map ``live`` without ``gone`` and with ``put``.

        makemap adds and replaces in place, but cannot delete: that is done by Perl, which sendmail's own package needs
        and whose DB_File is the same Berkeley DB. Only hash maps are changed so.
        """
        if self.map_type != "hash":
            raise MapError(f"A map of type {self.map_type} is not changed in a copy.")
        copy = target.with_name(f"{target.name}.db")
        shutil.copyfile(live, copy)
        deleted = [self._delete(copy, gone, b"\0" if self.null or "-N" in options else b"")] if gone else []
        return [*deleted, self.makemap(target, map(line, put), "-o", "-r", *options)] if put else deleted

    def _delete(self, copy: Path, keys: Sequence[bytes], end: bytes) -> Result:
        argv = ["perl", "-MDB_File", "-e", DELETE, str(copy)]
        result = self.run(argv, stdin=[key + end + b"\n" for key in keys], timeout=self.timeout)
        if result.returncode:
            raise MapError(f"Perl took nothing out of {copy.name}: {_first_line(result)}", result)
        return result

    def verify(self, target: Path, expected: Tally) -> Result:
        """Prove that the built map holds exactly the records that were tallied: every one of them is read."""
        reader = Reader()
        argv = ["makemap", "-C", self._cf, "-u", f"-t{SEPARATOR.decode()}", self.map_type, str(target)]
        result = self.run(argv, stdout=reader, timeout=self.timeout)
        if result.returncode or result.stderr.strip():
            raise MapError(f"makemap cannot read back {target.name}: {_first_line(result)}", result)
        compare(target.name, reader.end(), expected, result)
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


def compare(name: str, found: Tally, expected: Tally, result: Result | None = None) -> None:
    """Raises :class:`MapError` when a map holds something else."""
    if found.count != expected.count:
        raise MapError(f"The map {name} holds {entries(found.count)} instead of {expected.count}.", result)
    if found != expected:
        raise MapError(f"The map {name} holds {entries(found.count)}, but not the right ones.", result)


class Reader:
    """Tallies lines that come in blocks."""

    def __init__(self) -> None:
        self.found = Tally()
        self.rest = b""

    def __call__(self, block: bytes) -> None:
        lines, end, self.rest = (self.rest + block).rpartition(b"\n")
        self.found.add_lines(lines + end)

    def end(self) -> Tally:
        if self.rest:
            self.found.add(self.rest)
        return self.found


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
