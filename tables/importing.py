"""Flat files into the tables: a baseline into an empty cluster, a change request otherwise."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tables import audit, bulk, changes, originals, passages, scopes
from tables.actors import Actor
from tables.entries import get_entry, is_empty, seen_rows
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest, Cluster, FilePassage
from tables.placing import end_of
from tables.readings import Reading, buffered, refuse_change
from tables.releases import rows_at
from tables.scopes import Scope
from tables.sendmail import mailcf
from tables.sendmail.foreign import look
from tables.sendmail.hiding import unhidden
from tables.sendmail.layout import STEP
from tables.sendmail.parse import read_table
from tables.sendmail.secret import MASK
from tables.sendmail.spec import Entry, Parsed, Passage, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import decode, visible
from tables.states import passages_digest, table_digest

MERGE, REPLACE = "merge", "replace"

#: Entries that are compared with the tables at a time.
CHUNK = 500


@dataclass(slots=True)
class FileReport:
    """What became of one file."""

    table: TableSpec
    path: Path
    entries: int = 0
    problems: list[Problem] = field(default_factory=list)
    #: Of the bytes that were parsed.
    size: int = 0
    sha256: str = ""
    #: What it looks like instead, when a person said that it is this table's all the same.
    forced: str = ""


@dataclass(slots=True)
class Outcome:
    """What an import did: the request that carries it (none when there was nothing to change), and each file."""

    request: ChangeRequest | None
    reports: list[FileReport]


#: Told after each item of a file; the second argument is the number of bytes read so far.
Progress = Callable[[FileReport, int], None]


def find_files(path: Path, table: TableSpec | None = None) -> dict[str, Path]:
    """The files to import: that one file, or those in a directory that bear a table's name."""
    try:
        return _found(path, table)
    except OSError as error:
        raise ChangeError(
            f"{error.filename} cannot be looked at: {error.strerror}. Run as a user who may, such as root."
        ) from error


def _found(path: Path, table: TableSpec | None) -> dict[str, Path]:
    if table is not None:
        file = path / table.name if path.is_dir() else path
        if not file.is_file():
            raise ChangeError(
                f"{file} is not a file. Name the file that holds {table.name} (no pipe: it is read twice)."
            )
        return {table.name: file}
    if not path.is_dir():
        raise ChangeError(f"{path} is not a directory. For a single file say which table it is with --table.")
    found = {name: path / name for name in TABLES if _is_there(path / name)}
    if odd := [str(file) for file in found.values() if not file.is_file()]:
        raise ChangeError(f"Not a file, nor a link to one: {', '.join(odd)}. Mend it, or name one file with --table.")
    beside = path.parent / "aliases"
    if "aliases" not in found and path.name == "mail" and beside.is_file():
        found = {"aliases": beside, **found}
    if not found:
        raise ChangeError(f"{path} holds none of {', '.join(TABLES)}. Name the directory that holds these files.")
    return found


def _is_there(file: Path) -> bool:
    """Also what is no file, or a link to nothing: left out in silence, its table would be thought empty."""
    try:
        file.lstat()
    except FileNotFoundError:
        return False
    return True


def local_names(files: Mapping[str, Path]) -> frozenset[str]:
    """Domains of which ``user@domain`` is a name for aliases: class w as far as it can be told from here."""
    names = set(own_names())
    if source := files.get("local-host-names"):
        names |= {
            parsed.item.key
            for parsed in read_file(TABLES["local-host-names"], source, frozenset())
            if isinstance(parsed.item, Entry) and parsed.item.enabled
        }
    return frozenset(names)


def own_names() -> frozenset[str]:
    """What this host is called, as far as the system and its sendmail.cf say."""
    names = {"localhost", socket.gethostname().lower()}
    try:
        cf = mailcf.read(settings.SENDMAIL_CF)
    except mailcf.CfUnreadable:
        return frozenset(names)
    return frozenset(names | cf.words.get("w", set()) | ({cf.own_name} if cf.own_name else set()))


def read_file(
    table: TableSpec, path: Path, names: frozenset[str], seen: Callable[[Reading], None] | None = None
) -> Iterator[Parsed]:
    """One file's items. ``seen`` gets each reading of it, to watch how far it is and what was read."""

    def open_() -> BinaryIO:
        reading = Reading(path)
        if seen:
            seen(reading)
        return buffered(reading)

    try:
        yield from read_table(table, open_, local_names=names)
    except OSError as error:
        raise ChangeError(f"{path} cannot be read: {error.strerror}.") from error


def refuse_foreign(files: Mapping[str, Path], force: Collection[str] = ()) -> dict[str, str]:
    """Refuse all of the files when one of them is not its table's, before anything is written. What the forced ones
    look like is the answer."""
    looks = {name: problem for name, file in files.items() if (problem := foreign(TABLES[name], file))}
    if refused := [problem for name, problem in looks.items() if name not in force]:
        said = " ".join(f"{problem.message} {problem.remedy}" for problem in refused)
        raise ChangeError(f"{said} Nothing was imported; --force TABLE takes a file all the same.")
    return {name: problem.message for name, problem in looks.items()}


def foreign(table: TableSpec, path: Path) -> Problem | None:
    """What a file is when it is not this table's."""
    try:
        with path.open("rb") as stream:
            return look(table, stream)
    except OSError as error:
        raise ChangeError(f"{path} cannot be read: {error.strerror}.") from error


# --- into an empty cluster --------------------------------------------------------------------------------------------


@transaction.atomic
def baseline(
    *,
    cluster: Cluster,
    actor: Actor,
    files: Mapping[str, Path],
    reason: str = "",
    progress: Progress | None = None,
    force: Collection[str] = (),
) -> Outcome:
    """Take over what is live, as it is: no approval, one audit event, problems reported and kept.

    ``force``: the tables whose files are taken though they look like something else.
    """
    if scopes.of_actor(actor).limited:
        raise Forbidden(
            f"{actor.name} is limited to what is delegated to them. Whoever is not must take the files over."
        )
    looks = refuse_foreign(files, force)
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    if not is_empty(cluster):
        raise ChangeError("The tables hold something already. An import into them goes by a change request.")
    names = local_names(files)
    reports = [
        _take_over(cluster, FileReport(TABLES[name], path, forced=looks.get(name, "")), names, progress)
        for name, path in files.items()
    ]
    cluster.last_change = 1
    cluster.save(update_fields=["last_change"])
    now = timezone.now()
    request = ChangeRequest.objects.create(
        cluster=cluster,
        kind=ChangeRequest.Kind.BASELINE,
        state=ChangeRequest.State.APPLIED,
        author=actor.person,
        author_name=actor.name,
        submitter=actor.person,
        reason=reason or "Taken over as it was.",
        submitted_at=now,
        closed_at=now,
    )
    audit.record(
        actor=actor,
        action="baseline",
        cluster=cluster,
        request=request,
        reason=request.reason,
        detail={"change": cluster.last_change, "tables": _taken_over(request, actor, reports)},
    )
    return Outcome(request, reports)


def _take_over(cluster: Cluster, report: FileReport, names: frozenset[str], progress: Progress | None) -> FileReport:
    table = report.table
    between: list[FilePassage] = []

    def entries() -> Iterator[Entry]:
        for item in _items(report, names, progress):
            if isinstance(item, Entry):
                refuse_hidden(report, item)
                yield item
            else:
                between.append(FilePassage(cluster=cluster, table=table.name, position=item.position, text=item.text))

    bulk.load(cluster=cluster, table=table, entries=entries())
    FilePassage.objects.bulk_create(between, batch_size=CHUNK)
    return report


def _items(report: FileReport, names: frozenset[str], progress: Progress | None = None) -> Iterator[Entry | Passage]:
    """A file's items, counted and with their problems noted on the way."""
    readings: list[Reading] = []
    for parsed in read_file(report.table, report.path, names, readings.append):
        # Dots that nobody can fill in refuse the whole import; all others have been filled in by the end of it.
        if parsed.problems:
            report.problems += _but_hidden(parsed.problems)
        if isinstance(parsed.item, Entry):
            report.entries += 1
            if progress and report.entries % CHUNK == 0:
                progress(report, readings[-1].read_bytes)
        yield parsed.item
    refuse_change(report.path, [reading.sha256 for reading in readings])
    report.size, report.sha256 = readings[-1].read_bytes, readings[-1].sha256


def _taken_over(request: ChangeRequest, actor: Actor, reports: Sequence[FileReport]) -> dict[str, dict[str, object]]:
    """Per table what was taken over: the original file, and how many entries with which checksum for a later proof."""
    told = _kept(request, actor, reports)
    for report in reports:
        change = request.cluster.last_change
        sorted_rows = rows_at(cluster=request.cluster, table=report.table, change_number=change, by="key")
        with bulk.uncollected():
            count, digest = table_digest(sorted_rows)
        number, text = passages_digest(passages.stream(cluster=request.cluster, table=report.table))
        told[report.table.name] |= {"entries": count, "sha256": digest}
        told[report.table.name] |= {"passages": {"number": number, "sha256": text}}
    return told


def _kept(request: ChangeRequest, actor: Actor, reports: Sequence[FileReport]) -> dict[str, dict[str, object]]:
    """Keep the bytes of every file; per table what the history says of it."""
    told: dict[str, dict[str, object]] = {}
    for report in reports:
        kept = originals.keep(
            request=request,
            actor=actor,
            table=report.table,
            path=report.path,
            size=report.size,
            sha256=report.sha256,
        )
        told[report.table.name] = {"original": kept.pk, "file_sha256": kept.sha256}
        if report.forced:
            told[report.table.name]["forced"] = report.forced
    return told


# --- into tables that hold something ----------------------------------------------------------------------------------


@transaction.atomic
def request_import(
    *,
    cluster: Cluster,
    actor: Actor,
    files: Mapping[str, Path],
    mode: str = MERGE,
    reason: str = "",
    progress: Progress | None = None,
    force: Collection[str] = (),
) -> Outcome:
    """A change request that makes the tables say what the files say; ``replace`` also deletes what they lack.

    When they say it already there is no request, and nothing is kept: no byte of the files got in.
    """
    looks = refuse_foreign(files, force)
    names = local_names(files)
    reports = []
    with transaction.atomic():
        request = changes.draft(cluster=cluster, actor=actor, kind=ChangeRequest.Kind.IMPORT, reason=reason)
        for name, path in files.items():
            report = FileReport(TABLES[name], path, forced=looks.get(name, ""))
            pairs = _differences(scopes.of_actor(actor), cluster, report, names, mode, progress)
            # Closed here also when one is refused: they read by a cursor of the database, which ends with this block.
            with closing(pairs):
                changes.propose_many(request=request, actor=actor, table=report.table, pairs=pairs)
            reports.append(report)
        if not request.changes.exists():
            # Its author is noted for good, so an empty draft is not deleted: it never was.
            transaction.set_rollback(True)
            return Outcome(None, reports)
    request.reason = reason or f"Import of {', '.join(decode(os.fsencode(path)) for path in files.values())}"
    request.save(update_fields=["reason"])
    audit.record(
        actor=actor,
        action="import",
        cluster=cluster,
        request=request,
        reason=request.reason,
        detail={"mode": mode, "tables": _kept(request, actor, reports)},
    )
    return Outcome(changes.submit(request=request, actor=actor), reports)


def _differences(
    scope: Scope,
    cluster: Cluster,
    report: FileReport,
    names: frozenset[str],
    mode: str,
    progress: Progress | None,
) -> Generator[tuple[Entry | None, Entry | None], None, None]:
    keys: set[str] = set()
    end = end_of(cluster=cluster, table=report.table)
    found = (item for item in _items(report, names, progress) if isinstance(item, Entry))
    while chunk := list(islice(found, CHUNK)):
        current = {
            row.key: row.entry
            for row in seen_rows(scope=scope, cluster=cluster, table=report.table).filter(
                key__in=[entry.key for entry in chunk]
            )
        }
        for entry in chunk:
            keys.add(entry.key)
            stands = current.get(entry.key)
            meant = unhidden(report.table, entry, stands)
            refuse_hidden(report, meant)
            yield stands, placed(stands, meant, end, mode)
    if mode == REPLACE:
        yield from ((gone, None) for gone in _missing(scope, cluster, report.table, keys))


def placed(current: Entry | None, entry: Entry, end: int, mode: str) -> Entry:
    """The entry of the file at its place in the table. A merge keeps a comment that the file does not have."""
    if current is None:
        return replace(entry, position=end + entry.position - STEP)
    if mode == MERGE and not entry.comment:
        entry = replace(entry, comment=current.comment, above=current.above)
    same = (entry.value, entry.comment, entry.enabled) == (current.value, current.comment, current.enabled)
    return current if same else replace(entry, position=current.position).carrying(current)


def known_passwords(cluster: Cluster, table: TableSpec, parsed: Parsed) -> Parsed:
    """What was read, without the problem of dots for a password that the tables know."""
    entry = parsed.item
    if not (table.holds_passwords and isinstance(entry, Entry) and MASK in entry.value):
        return parsed
    if MASK in unhidden(table, entry, get_entry(cluster=cluster, table=table, key=entry.key)).value:
        return parsed
    return replace(parsed, problems=tuple(_but_hidden(parsed.problems)))


def _but_hidden(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if not problem.rule.endswith(".masked-password")]


def refuse_hidden(report: FileReport, entry: Entry) -> None:
    """An exported file has dots where passwords were: they must not become passwords."""
    if report.table.holds_passwords and MASK in entry.value:
        raise ChangeError(
            f"{report.path}: the password of {visible(entry.key)} is hidden by {MASK}, and no such entry stands in "
            f"{report.table.name}. Nothing was imported; write the password, or export with --secrets."
        )


def _missing(scope: Scope, cluster: Cluster, table: TableSpec, keys: set[str]) -> Iterator[Entry]:
    """What the file lacks of what its importer may see: the rest is not theirs to delete."""
    mine = seen_rows(scope=scope, cluster=cluster, table=table)
    for row in mine.order_by("key").iterator(chunk_size=CHUNK):
        if row.key not in keys:
            yield row.entry
