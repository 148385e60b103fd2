"""Moving the oldest events out of the database into a file, so that the chain stays provable across both.

Nothing is ever cleared unless somebody asks for this. First the file is whole, on the disk and read back; then one
transaction removes the events and records the file. Ended at any moment, nothing is lost and it can be done again.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from tables import append_only, archives, audit, forwarding
from tables.actors import Actor
from tables.audit import BATCH
from tables.errors import ChangeError
from tables.eventlines import line
from tables.locks import alone_in
from tables.models import AuditArchive, AuditEvent, AuditHead, Change, ChangeRequest, Cluster
from tables.sendmail.generations import Checkpoint, nowhere
from tables.states import checksum

#: What is younger stays: it is looked at every day.
LEAST_DAYS = 90
#: Tries to get hold of the events' table on PostgreSQL, each of half a second: shorter than what it calls a deadlock.
TRIES = 20
#: Requests that a refusal names.
NAMED = 5


class Span(NamedTuple):
    """Events that follow each other, and where they begin and end in the chain."""

    first: int
    last: int
    previous: str
    hash: str

    @property
    def total(self) -> int:
        return self.last - self.first + 1


def archive(
    *, actor: Actor, before: datetime, directory: Path, checkpoint: Checkpoint = nowhere
) -> AuditArchive | None:
    """Move the events of before that time into a file of the directory. ``None``: there are none."""
    _refuse_young(before)
    _refuse_directory(directory)
    with _alone_in(directory):
        return _archive(actor, before, directory, checkpoint)


def _archive(actor: Actor, before: datetime, directory: Path, checkpoint: Checkpoint) -> AuditArchive | None:
    span = _span(before)
    if span is None:
        return None
    _refuse_held(span)
    file = directory / f"audit-{span.first:012}-{span.last:012}.jsonl.gz"
    checkpoint("before write")
    _write(file, span, checkpoint)
    checkpoint("before reading back")
    _read_back(file, span)
    known = {cluster.name: archives.made(cluster, _of(cluster, file)) for cluster in Cluster.objects.order_by("name")}
    checkpoint("before record")
    return _patiently(actor, span, file, known, checkpoint)


# --- refusing ---------------------------------------------------------------------------------------------------------


def _refuse_young(before: datetime) -> None:
    latest = timezone.now() - timedelta(days=LEAST_DAYS)
    if before > latest:
        raise ChangeError(
            f"Events of the last {LEAST_DAYS} days stay in the database. Name {latest:%Y-%m-%d} or an earlier day."
        )


def _refuse_directory(directory: Path) -> None:
    """What lies there holds every password that ever was in the tables."""
    try:
        status = directory.stat()
    except OSError as error:
        raise ChangeError(f"{directory} cannot be used: {error.strerror}. Make it, for yourself alone.") from error
    if not directory.is_dir():
        raise ChangeError(f"{directory} is no directory. Name one that is yours alone.")
    if status.st_uid != os.geteuid():
        raise ChangeError(f"{directory} belongs to somebody else. Name a directory of your own.")
    if status.st_mode & 0o022:
        raise ChangeError(f"Others may write into {directory}. Take that from them: chmod go-w.")


def _alone_in(directory: Path) -> AbstractContextManager[None]:
    """Two at once would write the same file, each in place of the other's."""
    said = f"Somebody else archives into {directory} at this moment. Run it again when that is done."
    return alone_in(directory, busy=ChangeError(said))


def _refuse_held(span: Span) -> None:
    """Events that are still needed where they are."""
    sent = forwarding.sent_until()
    if sent is not None and sent < span.last:
        raise ChangeError(
            f"The syslog server has the events up to {sent} only. "
            "Send the others with audit_export --syslog, or name an earlier day."
        )
    about = AuditEvent.objects.filter(number__lte=span.last, request_id__isnull=False).values("request_id")
    for why, requests in _holding():
        numbers = list(requests.filter(pk__in=about).order_by("pk").values_list("pk", flat=True)[:NAMED])
        if numbers:
            listed = ", ".join(map(str, numbers))
            raise ChangeError(f"Events of that time are about requests that are {why}: {listed}. Name an earlier day.")


def _holding() -> Iterator[tuple[str, Any]]:
    """Requests whose events stay, and why. Who adds a state in which somebody still has to act adds a line here."""
    state = ChangeRequest.State
    yield "still open", ChangeRequest.objects.filter(state__in=[state.DRAFT, state.SUBMITTED, state.APPROVED])
    yield (
        "live by broken glass and not reviewed",
        ChangeRequest.objects.filter(glass__isnull=False, glass__closed_at__isnull=True),
    )
    for cluster in Cluster.objects.order_by("name"):
        live = [host.release.change_number if host.release else 0 for host in cluster.hosts.select_related("release")]
        pending = Change.objects.filter(cluster=cluster, number__gt=min(live, default=0))
        yield "applied, but not live on every host", ChangeRequest.objects.filter(pk__in=pending.values("request"))


def _span(before: datetime) -> Span | None:
    """The events from the oldest on up to the last one before that time."""
    number, previous = archives.end()
    # What is added while we look, between one query and the next, is not of that time, however the first one ended.
    newest = AuditEvent.objects.order_by("-number").values_list("number", flat=True).first() or 0
    known = AuditEvent.objects.filter(number__gt=number, number__lte=newest)
    later = known.filter(at__gte=before).order_by("number").values_list("number", flat=True).first()
    last = (known if later is None else known.filter(number__lt=later)).order_by("-number").first()
    return Span(number + 1, last.number, previous, last.hash) if last else None


# --- the file ---------------------------------------------------------------------------------------------------------


def _write(file: Path, span: Span, checkpoint: Checkpoint) -> None:
    unfinished = file.with_name(f".{file.name}.part")
    with _said(file), _private(unfinished) as stream:
        # Without a name and time in it the same events give the same file.
        with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
            events = AuditEvent.objects.filter(number__gte=span.first, number__lte=span.last).order_by("number")
            for event in events.iterator(chunk_size=BATCH):
                packed.write(f"{line(event)}\n".encode())
        stream.flush()
        os.fsync(stream.fileno())
        checkpoint("before rename")
        unfinished.replace(file)
        _sync(file.parent)


@contextmanager
def _private(path: Path) -> Iterator[Any]:
    """A new file for its owner alone, in place of what an earlier run left."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        yield stream


@contextmanager
def _said(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ChangeError(f"{file} cannot be written: {error.strerror}. Nothing was removed.") from error


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_back(file: Path, span: Span) -> None:
    """What is on the disk is the chain from the span's beginning to its end, each hash and link computed anew."""
    following = audit.follow(archives.read(file), span.first - 1, span.previous)
    try:
        finding = next(following)
    except StopIteration as ended:
        if ended.value == (span.last, span.hash):
            return
        said = f"It ends at event {ended.value[0]} instead of {span.last}."
    except archives.BROKEN as error:
        said = f"It cannot be read: {error}."
    else:
        said = f"{finding.subject}: {finding.message}"
    raise ChangeError(f"{file} is not the history: {said} Nothing was removed. Run audit_verify.")


def _of(cluster: Cluster, file: Path) -> Iterator[AuditEvent]:
    return (event for event in archives.read(file) if event.cluster == cluster.name)


# --- the database -----------------------------------------------------------------------------------------------------


def _patiently(*given: Any) -> AuditArchive:
    for left in reversed(range(TRIES)):
        try:
            return _record_and_remove(*given)
        except OperationalError as error:
            if not left or connection.in_atomic_block or "lock timeout" not in str(error):
                raise
            time.sleep(0.1)
    raise AssertionError


@transaction.atomic
def _record_and_remove(
    actor: Actor, span: Span, file: Path, known: dict[str, Any], checkpoint: Checkpoint
) -> AuditArchive:
    """Nobody adds an event meanwhile, and nobody sees the table without its guard."""
    _lock()
    if archives.end() != (span.first - 1, span.previous):
        raise ChangeError("Somebody else has just archived events. Run it again.")
    _refuse_held(span)
    before = archives.last()
    append_only.remove(connection, only=AuditEvent._meta.db_table)
    checkpoint("before remove")
    removed = AuditEvent.objects.filter(number__lte=span.last)._raw_delete(connection.alias)
    if removed != span.total:
        raise ChangeError(f"There are {removed} events up to {span.last} and not {span.total}. Run audit_verify.")
    append_only.install(connection, only=AuditEvent._meta.db_table)
    row = AuditArchive.objects.create(
        first_number=span.first,
        last_number=span.last,
        count=span.total,
        first_previous_hash=span.previous,
        last_hash=span.hash,
        file_name=file.name,
        sha256=archives.sha256(file),
        checkpoint=known,
        before=checksum(archives.about(before)) if before else "",
    )
    audit.record(actor=actor, action="audit-archived", detail=archives.about(row))
    checkpoint("before commit")
    return row


def _lock() -> None:
    """The chain's end, so that nobody adds to it; then, on PostgreSQL, the table, whose triggers are about to go.

    Who reads events and then waits for the chain's end would wait for us as we for them: we give way after a moment.
    """
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        AuditHead.objects.select_for_update().get(pk=1)
        if postgresql:
            cursor.execute(f"LOCK TABLE {AuditEvent._meta.db_table} IN ACCESS EXCLUSIVE MODE")
