"""One table at a time: what is on the host against what shall be there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tables.importing import local_names, read_file
from tables.publishing import delta
from tables.publishing.delta import Delta
from tables.publishing.desired import State, Written, changes_by_table, tally_changes, tally_entries, tally_new
from tables.publishing.site import Site
from tables.sendmail import stamp
from tables.sendmail.files import identity, sha256, write
from tables.sendmail.maps import Tally
from tables.sendmail.patching import unified
from tables.sendmail.plan import FilePlan, Finding, Limits, Tallied, new_diff, shown, unified_diff, unsafe
from tables.sendmail.spec import Entry, Kind, TableSpec
from tables.sendmail.tables import TABLES


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A text as it lies on the host. ``readable`` is false for another host's and for one that is not ours to read."""

    readable: bool
    exists: bool = False
    sha256: str = ""


NOWHERE = OnDisk(readable=False)


@dataclass(slots=True)
class Comparison:
    """Compares the tables of one host; ``work`` is a directory for what it has to write down."""

    site: Site
    work: Path
    desired: State
    #: What the last successful publication left; none before the first.
    previous: State | None
    #: What that publication recorded of each table's file.
    recorded: dict[str, dict[str, Any]]
    limits: Limits
    #: Whether the host is this machine.
    local: bool = True
    #: Whether maps will be built: then what they shall hold is written down as well.
    building: bool = False
    #: Publications of a table's patch after which it is made anew as a whole.
    patches: int = 50
    #: Checksums of what the hand made of a table's file and somebody took over.
    accepted: dict[str, set[str]] = field(default_factory=dict)
    changes: dict[str, int] | None = field(init=False, default=None)
    _looked: dict[str, OnDisk] = field(init=False, default_factory=dict)
    _written: dict[str, Written] = field(init=False, default_factory=dict)
    deltas: dict[str, Delta] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.previous:
            self.changes = changes_by_table(self.previous, self.desired)

    def body(self, table: TableSpec) -> Path:
        """Where the desired text of a table lies, without stamp, once it was :meth:`written`."""
        return self.work / f"{table.name}.body"

    def lines(self, table: TableSpec) -> Path:
        """Where the lines lie that its map is built from, in the order of the file."""
        return self.work / f"{table.name}.lines"

    def written(self, table: TableSpec) -> Written:
        """Write the desired text, once."""
        if table.name not in self._written:
            lines = self.lines(table) if self.building and table.kind is not Kind.CLASS else None
            self._written[table.name] = self.desired.write(table, self.body(table), lines)
        return self._written[table.name]

    def chunks(self, table: TableSpec) -> Iterator[bytes]:
        """The desired text without stamp."""
        if delta := self.deltas.get(table.name):
            return delta.body()
        self.written(table)
        return stamp.body(self.body(table))

    def file_plan(self, table: TableSpec) -> FilePlan:
        disk = self.look(table)
        plan = FilePlan(table, self.site.directory.place(table).text)
        if self._settled(table, disk):
            plan.entries = plan.existing = self.recorded[table.name]["entries"]
        elif delta := self._delta(table, disk):
            self._patch(plan, delta)
        else:
            self._compare(plan, disk)
        self._plan_map(plan)
        if plan.build and not plan.changed:
            plan.entries = self.written(table).entries
        return plan

    def look(self, table: TableSpec) -> OnDisk:
        if table.name not in self._looked:
            self._looked[table.name] = self._look(table) if self.local else NOWHERE
        return self._looked[table.name]

    def _look(self, table: TableSpec) -> OnDisk:
        try:
            return OnDisk(readable=True, exists=True, sha256=sha256(self.site.directory.text(table)))
        except FileNotFoundError:
            return OnDisk(readable=True)
        except PermissionError:
            return NOWHERE

    def _settled(self, table: TableSpec, disk: OnDisk) -> bool:
        """Whether the log and the checksum tell that nothing changed, without reading the table."""
        record = self.recorded.get(table.name)
        if record is None or self.changes is None or self.changes.get(table.name):
            return False
        return not disk.readable or (disk.exists and disk.sha256 == record["sha256"])

    # --- a few changes ------------------------------------------------------------------------------------------------

    def _delta(self, table: TableSpec, disk: OnDisk) -> Delta | None:
        """What a few changes make of a text and a map that are as the last publication left them."""
        record = self.recorded.get(table.name)
        if self.previous is None or self.changes is None or record is None or not disk.exists:
            return None
        if disk.sha256 != record["sha256"] or record.get("patches", self.patches) >= self.patches:
            return None
        if table.kind is not Kind.CLASS and self._why_build(table):
            return None
        data = self.site.directory.text(table).read_bytes()
        if hashlib.sha256(data).hexdigest() != record["sha256"]:
            return None
        return delta.find(self.previous, self.desired, table, data)

    def _patch(self, plan: FilePlan, found: Delta) -> None:
        plan.entries = self.recorded[plan.table.name]["entries"] + found.tallied.creates - found.tallied.deletes
        plan.changed = bool(found.edits)
        plan.count(found.tallied)
        if plan.changed:
            self.deltas[plan.table.name] = found
            lines = unified(found.data, found.first, found.edits, _labels(plan.table, "live", "to be published"))
            plan.diff, plan.diff_cut = shown(lines, passwords=plan.table.holds_passwords)
            plan.findings = unsafe(plan, found.tallied, self.limits)

    # --- texts --------------------------------------------------------------------------------------------------------

    def _compare(self, plan: FilePlan, disk: OnDisk) -> None:
        table = plan.table
        plan.entries = self.written(table).entries
        body = self.body(table)
        if disk.exists or not disk.readable:
            plan.changed = _digest(self._existing(table, disk)) != stamp.body_sha256(body)
        else:
            plan.changed = body.stat().st_size > 0 or self._needed(table)
        if not plan.changed:
            plan.existing = plan.entries
            return
        tallied = self._tally(plan, disk)
        plan.count(tallied)
        plan.diff, plan.diff_cut = self._difference(table, disk)
        plan.findings = unsafe(plan, tallied, self.limits)
        if finding := self._drift(plan, disk):
            plan.findings.insert(0, finding)
            plan.drift, plan.drift_cut = self._drift_diff(table, disk)

    def _needed(self, table: TableSpec) -> bool:
        """Whether sendmail would miss the file: then even an empty table gets one."""
        return self.local and self.site.cf.uses(self.site.directory.place(table).text)

    def _existing(self, table: TableSpec, disk: OnDisk) -> Iterator[bytes]:
        if disk.exists:
            return stamp.body(self.site.directory.text(table))
        if disk.readable or self.previous is None:
            return iter(())
        return self.previous.body(table)

    def _tally(self, plan: FilePlan, disk: OnDisk) -> Tallied:
        """By the change log when it starts from what is on the host, otherwise by reading both sides."""
        table = plan.table
        as_written = not disk.readable or disk.sha256 == self.recorded.get(table.name, {}).get("sha256")
        if self.previous and self.changes is not None and as_written:
            return tally_changes(self.previous, self.desired, table)
        existing = self._existing_entries(table, disk)
        desired = self.desired.entries(table)
        return tally_entries(existing, desired) if existing else tally_new(desired, plan.entries)

    def _existing_entries(self, table: TableSpec, disk: OnDisk) -> dict[str, str]:
        if disk.exists:
            path = self.site.directory.text(table)
            items = (parsed.item for parsed in read_file(table, path, self._local_names()))
            return {item.key: item.value for item in items if isinstance(item, Entry) and item.enabled}
        if disk.readable or self.previous is None:
            return {}
        return {entry.key: entry.value for entry in self.previous.entries(table)}

    def _local_names(self) -> frozenset[str]:
        names = self.site.directory.text(TABLES["local-host-names"])
        return local_names({"local-host-names": names} if names.is_file() else {})

    def _difference(self, table: TableSpec, disk: OnDisk) -> tuple[str, int]:
        words = ("live", "to be published")
        if disk.readable and not disk.exists:
            return new_diff(self.body(table), _labels(table, *words), passwords=table.holds_passwords)
        return self._diff(table, self._existing(table, disk), self.body(table), words)

    def _diff(self, table: TableSpec, before: Iterator[bytes], after: Path, words: tuple[str, str]) -> tuple[str, int]:
        scratch = self.work / f"{table.name}.diff"
        return unified_diff(
            before,
            after,
            labels=_labels(table, *words),
            scratch=scratch,
            run=self.site.run,
            timeout=self.site.timeout,
            passwords=table.holds_passwords,
        )

    # --- drift --------------------------------------------------------------------------------------------------------

    def _drift(self, plan: FilePlan, disk: OnDisk) -> Finding | None:
        """Whether writing the file would lose what somebody else wrote there."""
        record = self.recorded.get(plan.table.name)
        if not disk.readable or (record is None and not disk.exists):
            return None
        if disk.sha256 in self.accepted.get(plan.table.name, ()):
            return None
        if record is None:
            differs = plan.creates or plan.updates or plan.deletes
            return _first_drift(plan) if differs else None
        if disk.sha256 == record["sha256"]:
            return None
        return _changed_drift(plan) if disk.exists else _gone_drift(plan)

    def _drift_diff(self, table: TableSpec, disk: OnDisk) -> tuple[str, int]:
        """From what is known here to what lies there."""
        theirs = self.work / f"{table.name}.theirs"
        write(theirs, self._existing(table, disk))
        ours = self.previous if self.previous and table.name in self.recorded else self.desired
        return self._diff(table, ours.body(table), theirs, ("as mailadmin knows it", "as it is on the host"))

    # --- maps ---------------------------------------------------------------------------------------------------------

    def _plan_map(self, plan: FilePlan) -> None:
        if plan.table.kind is Kind.CLASS:
            return
        plan.build = plan.changed
        if not plan.changed and self.look(plan.table).exists:
            plan.build_reason = self._why_build(plan.table)
            plan.build = bool(plan.build_reason)

    def _why_build(self, table: TableSpec) -> str:
        """What is wrong with the map of a text that stays as it is; empty when nothing is."""
        live = self.site.directory.map(table)
        try:
            found = identity(live)
        except PermissionError:
            return ""
        if not found:
            return f"{live.name} is missing"
        known = self.recorded.get(table.name, {})
        if found != known.get("map"):
            return f"{live.name} was not built by the last publication"
        wanted = self.site.directory.place(table).built_as
        return "" if known.get("built_as", wanted) == wanted else f"{live.name} shall be of the type {wanted} now"

    def known_map(self, table: TableSpec) -> Tally | None:
        """What the live map of a table holds, when it is still the one that the last publication proved."""
        holds = self.recorded.get(table.name, {}).get("holds")
        return Tally(*holds) if holds and not self._why_build(table) else None


def _labels(table: TableSpec, before: str, after: str) -> tuple[str, str]:
    return f"{table.name} ({before})", f"{table.name} ({after})"


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _first_drift(plan: FilePlan) -> Finding:
    return Finding(
        "drift",
        plan.table.name,
        f"{plan.path} was there before the first publication and says something else ({plan.summary}).",
        "Take it over, or import it, to keep what it says; or publish with the override to replace it.",
    )


def _changed_drift(plan: FilePlan) -> Finding:
    return Finding(
        "drift",
        plan.table.name,
        f"{plan.path} was changed by hand since the last publication.",
        "Take it over, or import it, to keep that change; or publish with the override to overwrite it.",
    )


def _gone_drift(plan: FilePlan) -> Finding:
    return Finding(
        "drift",
        plan.table.name,
        f"{plan.path} was removed by hand since the last publication.",
        "Publish with the override to write it again.",
    )


def in_order(comparison: Comparison) -> Iterator[FilePlan]:
    """The plan of each table that the host uses, in the order in which they are declared."""
    return (comparison.file_plan(table) for table in comparison.site.directory.tables)
