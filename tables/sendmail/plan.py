"""What a publication would do: creates, updates and deletes per table, the text's diff, and whether it is safe."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from tables.sendmail.commands import CommandError, Run
from tables.sendmail.secret import masked
from tables.sendmail.spec import Entry, Kind, TableSpec
from tables.sendmail.whereabouts import Whereabouts

#: Lines of a diff that are shown.
DIFF_LINES = 400
#: What diff says where the last line has no line end.
NO_END = "\\ No newline at end of file\n"
#: Characters of one of them.
DIFF_WIDTH = 1000
#: Differences that are kept as examples for the look-ups that prove the new state.
SAMPLES = 20

#: Aliases that no host may lose: RFC 5321 requires the first, sendmail's bounces come from the second.
REQUIRED_ALIASES = ("postmaster", "mailer-daemon")


@dataclass(frozen=True, slots=True)
class Create:
    after: Entry


@dataclass(frozen=True, slots=True)
class Update:
    before: Entry
    after: Entry


@dataclass(frozen=True, slots=True)
class Delete:
    before: Entry


Difference = Create | Update | Delete


def difference(before: Entry | None, after: Entry | None) -> Difference | None:
    """What sendmail will notice between two states of one key; a disabled entry is none to it."""
    before = before if before and before.enabled else None
    after = after if after and after.enabled else None
    if before is None:
        return Create(after) if after else None
    if after is None:
        return Delete(before)
    return Update(before, after) if before.value != after.value else None


@dataclass(slots=True)
class Tallied:
    """Differences, counted as they pass, with a few kept as examples."""

    creates: int = 0
    updates: int = 0
    deletes: int = 0
    samples: list[Difference] = field(default_factory=list)
    #: Aliases that every host needs and that would go.
    lost: list[str] = field(default_factory=list)

    def add(self, found: Difference | None) -> None:
        if found is None:
            return
        if isinstance(found, Create):
            self.creates += 1
        elif isinstance(found, Update):
            self.updates += 1
        else:
            self.deletes += 1
            if found.before.key in REQUIRED_ALIASES:
                self.lost.append(found.before.key)
        if len(self.samples) < SAMPLES:
            self.samples.append(found)


@dataclass(frozen=True, slots=True)
class Limits:
    """Past how much of a table a person must say so: a share in per cent, and more than ``floor`` entries.

    Below the floor nothing is unsafe: taking the only relay domain out must never wait.
    """

    percent: int
    floor: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a plan is not carried out unless a person says so by name."""

    rule: str
    table: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


@dataclass(slots=True)
class FilePlan:
    """What would happen to one table's file and map."""

    table: TableSpec
    path: Path
    #: Whether the text would be written anew; an unchanged one is not touched.
    changed: bool = False
    #: Whether its map would be built, and why when the text stays.
    build: bool = False
    build_reason: str = ""
    #: Entries that sendmail would see: before and after.
    existing: int = 0
    entries: int = 0
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    samples: list[Difference] = field(default_factory=list)
    diff: str = ""
    #: Lines of the diff that are not shown.
    diff_cut: int = 0
    #: A file that somebody changed by hand: what they changed.
    drift: str = ""
    drift_cut: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def touched(self) -> bool:
        return self.changed or self.build

    @property
    def drifted(self) -> bool:
        return any(finding.rule == "drift" for finding in self.findings)

    @property
    def summary(self) -> str:
        """``3 created, 1 deleted``; empty when no entry differs."""
        counts = ((self.creates, "created"), (self.updates, "updated"), (self.deletes, "deleted"))
        return ", ".join(f"{count} {word}" for count, word in counts if count)

    def count(self, tallied: Tallied) -> None:
        self.creates, self.updates, self.deletes = tallied.creates, tallied.updates, tallied.deletes
        self.samples = tallied.samples
        self.existing = self.entries - self.creates + self.deletes

    def as_json(self) -> dict[str, Any]:
        return {
            "table": self.table.name,
            "path": str(self.path),
            "changed": self.changed,
            "build": self.build,
            "entries": self.entries,
            "creates": self.creates,
            "updates": self.updates,
            "deletes": self.deletes,
            "diff": self.diff,
            "diff_cut": self.diff_cut,
            "drift": self.drift,
            "drift_cut": self.drift_cut,
            "findings": [
                {"rule": finding.rule, "message": finding.message, "remedy": finding.remedy}
                for finding in self.findings
            ],
        }


class UnsafePlan(Exception):
    """A plan that no publisher carries out by itself."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        super().__init__(" ".join(str(finding) for finding in self.findings))


@dataclass(slots=True)
class Plan:
    """What publishing a release on a host would do."""

    host: str
    #: The release's number; empty: what a release cut now would be.
    release: int | None
    files: list[FilePlan] = field(default_factory=list)
    #: Whether a daemon is there to be told of changed class files.
    daemon: bool = False
    #: False when the files on the host cannot be read from here: then the last release stands in for them.
    from_disk: bool = True
    #: Tables that sendmail does not read on this host, and why.
    unused: list[Whereabouts] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not any(file.touched for file in self.files)

    @property
    def changed(self) -> list[FilePlan]:
        return [file for file in self.files if file.changed]

    @property
    def maps(self) -> list[FilePlan]:
        return [file for file in self.files if file.build]

    @property
    def classes_changed(self) -> bool:
        return any(file.changed and file.table.needs_signal for file in self.files)

    @property
    def signal(self) -> bool:
        return self.daemon and self.classes_changed

    @property
    def findings(self) -> list[Finding]:
        return [finding for file in self.files for finding in file.findings]

    def raise_if_unsafe(self) -> None:
        if self.findings:
            raise UnsafePlan(self.findings)

    def as_json(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "release": self.release,
            "empty": self.empty,
            "signal": self.signal,
            "maps": [file.table.name for file in self.maps],
            "unused": [{"table": place.table.name, "why": place.unused} for place in self.unused],
            "files": [file.as_json() for file in self.files if file.touched or file.findings],
        }


def unsafe(file: FilePlan, tallied: Tallied, limits: Limits) -> list[Finding]:
    """What about these differences a person has to confirm."""
    found = [_lost_alias(file, alias) for alias in tallied.lost] if file.table.kind is Kind.ALIASES else []
    if file.existing > limits.floor and not file.entries:
        found.append(
            Finding(
                "empty",
                file.table.name,
                f"{file.table.name} would be empty, and {file.existing} entries are live.",
                "Publish with the override if all of them shall go.",
            )
        )
    elif finding := _too_many(file, limits):
        found.append(finding)
    return found


def _lost_alias(file: FilePlan, alias: str) -> Finding:
    return Finding(
        "required-alias",
        file.table.name,
        f"{file.table.name} would lose {alias}, to which mail servers write when something is wrong.",
        f"Add an entry for {alias}, or publish with the override.",
    )


def _too_many(file: FilePlan, limits: Limits) -> Finding | None:
    """More than the share and more than the floor: deletes, updates, or both together."""
    for count, what in (
        (file.deletes, "deletes"),
        (file.updates, "updates"),
        (file.deletes + file.updates, "deletes and updates"),
    ):
        if count > limits.floor and count * 100 > limits.percent * file.existing:
            share = math.ceil(count * 100 / file.existing)  # what is over the limit is told as over it
            return Finding(
                "too-many",
                file.table.name,
                f"Too many {what} in {file.table.name}, {share} % is over {limits.percent} % "
                f"({count}/{file.existing}).",
                "Look at the diff, and publish with the override if it is what you want.",
            )
    return None


def unified_diff(
    before: Iterable[bytes],
    after: Path,
    *,
    labels: tuple[str, str],
    scratch: Path,
    run: Run,
    timeout: float,
    passwords: bool,
) -> tuple[str, int]:
    """``diff -u`` of a stream and a file: its first lines, and how many more there are.

    ``passwords``: whether the table may hold any, which are then hidden; nothing is hidden elsewhere.
    """
    argv = ["diff", "-u", "--text", "--label", labels[0], "--label", labels[1], "--", "-", str(after)]
    result = run(argv, stdin=before, stdout=scratch, timeout=timeout)
    if result.returncode > 1:
        raise CommandError(f"diff could not compare {labels[0]}: {result.stderr.strip()}")
    with scratch.open("rb") as stream:
        told = shown(stream, passwords=passwords)
    scratch.unlink()
    return told


def new_diff(after: Path, labels: tuple[str, str], *, passwords: bool) -> tuple[str, int]:
    """The same for a file where there was none: all of it is new, so only its beginning is looked at."""
    with after.open("rb") as stream:
        count, whole = _count_lines(stream)
        stream.seek(0)
        head = f"--- {labels[0]}\n+++ {labels[1]}\n@@ -0,0 +1{f',{count}' if count > 1 else ''} @@\n"
        lines = (b"+" + line for line in islice(stream, DIFF_LINES))
        text, _cut = shown(chain(head.encode().splitlines(keepends=True), lines), passwords=passwords)
    left = max(count + 3 - DIFF_LINES, 0)
    if whole:
        return text, left
    return (f"{text}\n{NO_END}", 0) if not left else (text, left + 1)


def _count_lines(stream: BinaryIO) -> tuple[int, bool]:
    """How many lines, and whether the last one has its line end."""
    count, last = 0, b"\n"
    while block := stream.read(1 << 20):
        count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n"), last == b"\n"


def shown(lines: Iterable[bytes], *, passwords: bool) -> tuple[str, int]:
    """A difference as it is shown: its first lines, and how many more there are."""
    stream = iter(lines)
    text = "".join([_shown(line, passwords) for line in islice(stream, DIFF_LINES)])
    return text, sum(1 for _line in stream)


def _shown(line: bytes, passwords: bool) -> str:
    text = line.decode("utf-8", "backslashreplace").replace("\0", "\\x00")  # which no database keeps
    text = masked(text) if passwords else text
    return text if len(text) <= DIFF_WIDTH else f"{text[:DIFF_WIDTH]}… ({len(text) - DIFF_WIDTH} more characters)\n"
