"""The events that were moved into files, and those that are left: read as one, and proven with or without the files."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q

from tables.audit import BATCH, Finding
from tables.eventlines import event_of
from tables.models import AuditArchive, AuditEvent, Change, ChangeRequest, Cluster
from tables.releases import whole_rows_at
from tables.sendmail.tables import TABLES
from tables.states import checksum, table_digest

ARCHIVED = "audit-archived"
APPROVED = "request-approved"
#: What reading a file that is no whole archive may raise.
BROKEN = (OSError, EOFError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a cluster began: its first change, when, and what was taken over by table."""

    change: int
    at: datetime
    tables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """All events that can be read: those of the files, which are whole and in order, and those of the database."""

    files: tuple[Path, ...] = ()

    @property
    def start(self) -> tuple[int, str]:
        """The number and hash that the first readable event follows."""
        return (0, "") if self.files else end()

    def events(self, *, cluster: str = "", actions: Sequence[str] = ()) -> Iterator[AuditEvent]:
        """In order; of one cluster, and with actions that begin so, where they are given."""
        for file in self.files:
            yield from (event for event in read(file) if _wanted(event, cluster, actions))
        found = AuditEvent.objects.filter(cluster=cluster) if cluster else AuditEvent.objects.all()
        begins = Q()
        for action in actions:
            begins |= Q(action__startswith=action)
        yield from found.filter(begins).order_by("number").iterator(chunk_size=BATCH)

    def approvals(self, cluster: Cluster) -> dict[str, list[list[Any]]]:
        """By the id of a request, who approved what."""
        found: dict[str, list[list[Any]]] = {} if self.files else dict(checkpoint(cluster).get("approvals", {}))
        for event in self.events(cluster=cluster.name, actions=[APPROVED]):
            found.setdefault(str(event.request_id), []).append(approval_told(event))
        return found

    def known_from(self, cluster: Cluster) -> int:
        """The last change whose events cannot be read."""
        return 0 if self.files else archived_change(cluster)


def _wanted(event: AuditEvent, cluster: str, actions: Sequence[str]) -> bool:
    return (not cluster or event.cluster == cluster) and (not actions or event.action.startswith(tuple(actions)))


# --- what the archives say --------------------------------------------------------------------------------------------


def last() -> AuditArchive | None:
    return AuditArchive.objects.order_by("-first_number").first()


def end() -> tuple[int, str]:
    """The number and hash of the last archived event."""
    archive = last()
    return (archive.last_number, archive.last_hash) if archive else (0, "")


def checkpoint(cluster: Cluster) -> dict[str, Any]:
    """What the last archive keeps of a cluster's archived events; empty where there are none.

    ``change`` the last change among them, ``tables`` {table: [entries, digest]} at that change, ``baseline`` as its
    event said, ``originals`` {id of an imported file: SHA-256}, and ``approvals`` {id of a request whose
    changes are not among them: [[id of who approved, checksum]]}.
    """
    archive = last()
    found: dict[str, Any] = archive.checkpoint.get(cluster.name, {}) if archive else {}
    return found


def archived_change(cluster: Cluster) -> int:
    change: int = checkpoint(cluster).get("change", 0)
    return change


def baseline(cluster: Cluster) -> Baseline | None:
    """The cluster's beginning, also when its event was archived. Nothing: it began empty."""
    if kept := checkpoint(cluster).get("baseline"):
        return Baseline(kept["change"], datetime.fromisoformat(kept["at"]), kept["tables"])
    event = AuditEvent.objects.filter(action="baseline", cluster=cluster.name).order_by("number").first()
    return Baseline(event.detail["change"], event.at, event.detail["tables"]) if event else None


def digests(cluster: Cluster, change: int) -> dict[str, list[Any]]:
    """Of each table as it was after that change."""
    tables = TABLES.values()
    return {
        t.name: list(table_digest(whole_rows_at(cluster=cluster, table=t, change_number=change, by="key")))
        for t in tables
    }


# --- files ------------------------------------------------------------------------------------------------------------


def read(file: Path) -> Iterator[AuditEvent]:
    """The events of a file. Raises one of :data:`BROKEN` where it is none or not whole."""
    with gzip.open(file, "rt", encoding="ascii", newline="\n") as lines:
        for line in lines:
            yield event_of(line)


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- proving ----------------------------------------------------------------------------------------------------------


def opened(files: Sequence[Path]) -> Generator[Finding, None, History]:
    """What can be read. Files that are not exactly the recorded ones are found, and then nothing is read of any."""
    if not files:
        return History()
    rows = {archive.sha256: archive for archive in AuditArchive.objects.all()}
    by_row: dict[int, Path] = {}
    for file in files:
        try:
            row = rows.get(sha256(file))
        except OSError as error:
            yield Finding(str(file), f"It cannot be read: {error.strerror}.")
            continue
        if row is None:
            yield Finding(str(file), "It is no archive of this history, or was altered.")
        else:
            by_row[row.first_number] = file
    for archive in rows.values():
        if archive.first_number not in by_row:
            yield Finding(archive.file_name, f"It holds {archive} and is not among the files given.")
    whole = len(by_row) == len(rows)
    return History(tuple(by_row[number] for number in sorted(by_row)) if whole else ())


def verify(history: History) -> Iterator[Finding]:
    """The archives follow one another, and each is what the event says that was recorded with it."""
    told = {event.detail["first"]: event.detail for event in history.events(actions=[ARCHIVED])}
    number, previous, before = 0, "", ""
    known, _hash = history.start
    for archive in AuditArchive.objects.order_by("first_number"):
        subject = f"archive {archive.file_name}"
        if (archive.first_number, archive.first_previous_hash, archive.before) != (number + 1, previous, before):
            yield Finding(subject, "It does not follow from the archive before it.")
        said = told.pop(archive.first_number, None)
        # The event of an archive is never in that archive itself, so that of the last one can always be read.
        if said != about(archive) and (said is not None or archive.last_number >= known):
            yield Finding(subject, "The audit history says something else of it.")
        number, previous, before = archive.last_number, archive.last_hash, checksum(about(archive))
    for first in told:
        yield Finding(f"archive from event {first}", "It is in the audit history, but its record is missing.")


def about(archive: AuditArchive) -> dict[str, Any]:
    """What the event says of an archive."""
    return {
        "first": archive.first_number,
        "last": archive.last_number,
        "events": archive.count,
        "last_hash": archive.last_hash,
        "file": archive.file_name,
        "sha256": archive.sha256,
        "checkpoint": checksum(archive.checkpoint),
        "before": archive.before,
    }


def verify_checkpoint(cluster: Cluster) -> Iterator[Finding]:
    """Undoing the changes since gives the tables as they were at the end of the last archive."""
    kept = checkpoint(cluster)
    if kept and digests(cluster, kept["change"]) != kept["tables"]:
        yield Finding("archive", f"The tables at change {kept['change']} are not what it says of them.")


def made(cluster: Cluster, events: Iterator[AuditEvent]) -> dict[str, Any]:
    """The checkpoint after more events of a cluster were archived."""
    kept = {"change": 0, "baseline": None, "originals": {}, "approvals": {}, **checkpoint(cluster)}
    approvals = dict(kept["approvals"])
    for event in events:
        if event.action == "baseline" and kept["baseline"] is None:
            kept["baseline"] = {key: event.detail[key] for key in ("change", "tables")} | {"at": event.at.isoformat()}
        if event.action in {"baseline", "import"}:
            kept["originals"] = kept["originals"] | originals_told(event)
        if event.action in {"baseline", "passage-changed"} or event.action.startswith("entry-"):
            kept["change"] = max(kept["change"], event.detail.get("change", 0))
        if event.action == APPROVED:
            approvals[str(event.request_id)] = [*approvals.get(str(event.request_id), ()), approval_told(event)]
    archived = Change.objects.filter(cluster=cluster, number__lte=kept["change"]).values("request")
    applied = ChangeRequest.objects.filter(pk__in=map(int, approvals), state=ChangeRequest.State.APPLIED)
    later = applied.exclude(pk__in=archived).values_list("pk", flat=True)
    kept["approvals"] = {str(pk): approvals[str(pk)] for pk in later}
    return json.loads(json.dumps({**kept, "tables": digests(cluster, kept["change"])}))  # type: ignore[no-any-return]


def approval_told(event: AuditEvent) -> list[Any]:
    return [event.actor_id, event.detail.get("checksum", "")]


def originals_told(event: AuditEvent) -> dict[str, str]:
    """The imported files of which a baseline or an import tells; an older history kept none."""
    tables = event.detail.get("tables") if isinstance(event.detail, dict) else None
    told = [said for said in tables.values() if isinstance(said, dict)] if isinstance(tables, dict) else []
    return {str(said["original"]): str(said.get("file_sha256", "")) for said in told if "original" in said}
