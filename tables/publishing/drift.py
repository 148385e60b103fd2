"""Files that somebody changed by hand: the publisher's look at what it wrote, and what became of what it found."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tables import audit, notices
from tables.actors import Actor
from tables.drift_ends import end, told
from tables.models import Drift, DriftPart, Host, Publication, Release
from tables.originals import LEVEL
from tables.publishing import holding
from tables.publishing.comparing import Comparison
from tables.publishing.desired import State
from tables.publishing.planning import recorded
from tables.publishing.site import Site, here
from tables.publishing.taken import accepted
from tables.sendmail import commands, stamp
from tables.sendmail.commands import CommandError
from tables.sendmail.files import chunks, identity, sha256, write
from tables.sendmail.looking import Look, look
from tables.sendmail.maildir import Locked, locked
from tables.sendmail.plan import FilePlan, Finding, Plan, unified_diff
from tables.sendmail.spec import Kind, TableSpec
from tables.sendmail.tables import TABLES

logger = logging.getLogger("mailadmin.publisher")

Kinds, States = Drift.Kind, Drift.State


class _Moving(Exception):
    """The file is being written at this moment: the next look sees what became of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file as it should not be."""

    table: TableSpec
    kind: str
    path: Path
    recorded: str
    sha256: str = ""
    identity: str = ""
    seen: Look | None = None

    def is_state_of(self, drift: Drift) -> bool:
        mine = (self.kind, self.sha256, self.identity, self.recorded)
        return mine == (drift.kind, drift.sha256, drift.identity, drift.recorded_sha256)


@dataclass(slots=True)
class Memory:
    """Checksums by path of files that are read again only when their identity differs."""

    known: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def sha256(self, path: Path, seen: Look) -> str:
        was = self.known.pop(path, None)
        found = was[1] if was and was[0] == seen.identity else sha256(path)
        if seen.settled(time.time()):
            self.known[path] = (seen.identity, found)
        return found


@dataclass(slots=True)
class Watch:
    """The looks of one publisher between its publications."""

    memory: Memory = field(default_factory=Memory)
    next_look: float = 0.0

    def look(self, host: Host | None, run: commands.Run = commands.run) -> None:
        """Look when it is time again. Not while somebody else is at work in the directory, nor after it was left so."""
        if host is None or time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + settings.DRIFT_SECONDS
        site = here(run)
        if not site.directory.state.is_dir():
            return
        try:
            with locked(site.directory):
                host.refresh_from_db()  # what was published or rolled back a moment ago is what is compared with
                if not (site.directory.journal.exists() or holding.is_news(host, site.directory)):
                    look_at(host=host, site=site, memory=self.memory)
        except Locked:
            self.next_look = 0.0


def look_at(
    *, host: Host, site: Site, tables: Iterable[TableSpec] = TABLES.values(), memory: Memory | None = None
) -> None:
    """Compare files with what the last publication recorded, and note what differs and what no longer does."""
    if host.release is None:
        return
    records, memory = recorded(host, site), memory or Memory()
    taken = accepted(host, records)
    opened = {drift.table: drift for drift in Drift.objects.filter(host=host, state=States.OPEN)}
    for table in tables:
        try:
            found = _found(site, table, records.get(table.name), memory, taken[table.name])
            _note(host, site, opened.get(table.name), found)
        except (OSError, CommandError, _Moving) as error:
            logger.warning("Whether %s was changed by hand cannot be told: %s", site.directory.text(table), error)


# --- looking ----------------------------------------------------------------------------------------------------------


def _found(
    site: Site, table: TableSpec, record: dict[str, Any] | None, memory: Memory, taken: set[str]
) -> Found | None:
    path = site.directory.text(table)
    known = record["sha256"] if record else ""
    seen = look(path)
    if seen is None:
        return Found(table, Kinds.REMOVED, path, known) if record else None
    if not path.is_file():
        raise OSError(f"{path} is not a plain file.")
    digest = memory.sha256(path, seen)
    if digest != known and digest not in taken:
        return Found(table, Kinds.CHANGED, path, known, sha256=digest, seen=seen)
    return _map_found(site, table, record) if record and digest == known else None


def _map_found(site: Site, table: TableSpec, record: dict[str, Any]) -> Found | None:
    if table.kind is Kind.CLASS or not record.get("map"):
        return None
    live = site.directory.map(table)
    now = identity(live)
    if now == record["map"]:
        return None
    return Found(table, Kinds.MAP_CHANGED, live, record["sha256"], identity=now, seen=look(live))


# --- noting -----------------------------------------------------------------------------------------------------------


def _note(host: Host, site: Site, drift: Drift | None, found: Found | None) -> None:
    if drift and found and found.is_state_of(drift):
        Drift.objects.filter(pk=drift.pk).update(last_seen_at=timezone.now())
        return
    assert host.release is not None  # noqa: S101  for the type checker: look_at asks
    difference = _diff(host, site, host.release, found) if found else ("", 0)
    with transaction.atomic():
        if drift:
            end(drift, state=States.GONE, actor=Actor.publisher(host.name))
        if found:
            _open(host, host.release, found, *difference)


def _open(host: Host, release: Release, found: Found, diff: str, cut: int) -> None:
    now = timezone.now()
    drift = Drift.objects.create(
        host=host,
        table=found.table.name,
        kind=found.kind,
        found_at=now,
        last_seen_at=now,
        path=str(found.path),
        sha256=found.sha256,
        identity=found.identity,
        recorded_sha256=found.recorded,
        release=release,
        diff=diff,
        diff_cut=cut,
        **(_facts(found.seen) if found.seen else {}),
    )
    if found.kind == Kinds.CHANGED:
        _keep(drift, found)
    audit.record(
        actor=Actor.publisher(host.name),
        action="drift-found",
        cluster=host.cluster,
        table=drift.table,
        detail={**told(drift), "tables": [drift.table], "owner": drift.owner, "modified": _iso(drift.modified_at)},
    )
    notices.drifted(drift=drift)


def _facts(seen: Look) -> dict[str, Any]:
    modified = datetime.fromtimestamp(seen.modified, UTC)
    return {"owner": seen.owner, "group": seen.group, "mode": seen.mode, "modified_at": modified, "size": seen.size}


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _diff(host: Host, site: Site, release: Release, found: Found) -> tuple[str, int]:
    if found.kind == Kinds.MAP_CHANGED:
        return "", 0
    name = found.table.name
    with tempfile.TemporaryDirectory(prefix="mailadmin-drift-") as work:
        theirs = Path(work) / name
        write(theirs, stamp.body(found.path) if found.seen else ())
        return unified_diff(
            State(host.cluster, release.change_number).body(found.table),
            theirs,
            labels=(f"{name} (as mailadmin knows it)", f"{name} (as it is on the host)"),
            scratch=Path(work) / "diff",
            run=site.run,
            timeout=site.timeout,
            passwords=found.table.holds_passwords,
        )


def _keep(drift: Drift, found: Found) -> None:
    """The bytes, so that the panel can take them over. Raises :class:`_Moving` when they are other ones by now."""
    digest = hashlib.sha256()
    for number, piece in enumerate(chunks(found.path)):
        digest.update(piece)
        DriftPart.objects.create(drift=drift, number=number, data=zlib.compress(piece, LEVEL))
    if digest.hexdigest() != found.sha256:
        raise _Moving(f"{found.path} is being written.")


# --- what becomes of it -----------------------------------------------------------------------------------------------


def settle(publication: Publication) -> None:
    """What a publication that succeeded wrote over is overwritten; by whose word is in the event."""
    items = {item["table"]: item for item in publication.files}
    for drift in Drift.objects.filter(host=publication.host_id, state=States.OPEN).select_related("host__cluster"):
        item = items.get(drift.table, {})
        if item.get("changed") or (drift.kind == Kinds.MAP_CHANGED and item.get("built")):
            by = drift.overwrite_by_name or publication.override_by_name
            actor = Actor.publisher(drift.host.name)
            end(drift, state=States.OVERWRITTEN, actor=actor, publication=publication.pk, overridden_by=by)


# --- before publishing ------------------------------------------------------------------------------------------------


def note(publication: Publication, site: Site, plan: Plan) -> list[str]:
    """Note what the plan met; returned are the drifted tables that were there before the first publication."""
    drifted = [file.table for file in plan.files if file.drifted]
    if drifted:
        look_at(host=publication.host, site=site, tables=drifted)
    opened = Drift.objects.filter(host=publication.host, state=States.OPEN).values_list("table", flat=True)
    return [table.name for table in drifted if table.name not in set(opened)]


def unanswered(publication: Publication, comparison: Comparison, plan: Plan) -> list[Finding]:
    """What still stops the plan when each file goes over that somebody said may be overwritten as it is now.

    Where nothing but the hand changed a table, there is nothing else to ask: what is put back is what was live.
    """
    found = Drift.objects.filter(host=publication.host, state=States.OPEN).exclude(overwrite_by_name="")
    allowed = {drift.table: drift for drift in found}
    return [
        finding
        for file in plan.files
        for finding in file.findings
        if not (_is_allowed(file, comparison, allowed.get(file.table.name)) and _is_about_it(finding, comparison))
    ]


def _is_allowed(file: FilePlan, comparison: Comparison, drift: Drift | None) -> bool:
    disk = comparison.look(file.table)
    return drift is not None and disk.readable and disk.sha256 == drift.sha256


def _is_about_it(finding: Finding, comparison: Comparison) -> bool:
    untouched = comparison.changes is not None and not comparison.changes.get(finding.table)
    return finding.rule == "drift" or untouched
