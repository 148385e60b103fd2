"""A spreadsheet or flat file into a draft: what is new, changed and gone, and the rows that are broken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from django.db import transaction

from tables import audit, changes, scopes, seeing
from tables.actors import Actor
from tables.entries import look_around, seen_rows
from tables.importing import MERGE, REPLACE
from tables.judging import is_tightening
from tables.models import BrokenRow, ChangeRequest, Cluster
from tables.placing import end_of
from tables.scopes import Scope
from tables.sendmail.spec import Entry, Problem, TableSpec
from tables.sendmail.text import visible
from tables.sheets.candidates import Candidate, How, source_of
from tables.sheets.columns import SheetRefused
from tables.sheets.rows import problem

#: Rows that are compared with the tables at a time, and changes that are written down at a time.
CHUNK, AT_ONCE = 500, 5000
#: Broken rows that are kept to be mended: with more of them it is the file that is wrong.
MOST_BROKEN = 1000

Pair = tuple[Entry | None, Entry | None]
#: Told the rows done and about how many there are.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Drafted:
    """What became of a file. No request when the tables say all of it already and nothing is broken."""

    request: ChangeRequest | None = None
    #: How it was read: format, encoding, sheet.
    said: str = ""
    rows: int = 0
    changes: int = 0
    broken: int = 0
    #: Names of columns that were left out.
    unknown: tuple[str, ...] = ()
    #: Nothing was deleted though that was asked for: some row's key cannot be read, and it may be that one's entry.
    kept: bool = False


@dataclass(slots=True)
class _Reading:
    """A file on its way into the draft."""

    cluster: Cluster
    table: TableSpec
    scope: Scope
    #: The row of each key that was met.
    met: dict[str, int] = field(default_factory=dict)
    broken: list[BrokenRow] = field(default_factory=list)
    unreadable: bool = False
    rows: int = 0


@transaction.atomic
def draft_from(
    *,
    cluster: Cluster,
    actor: Actor,
    table: TableSpec,
    path: Path,
    how: How | None = None,
    reason: str = "",
    progress: Progress | None = None,
) -> Drafted:
    """A draft that makes the table say what the file says; ``replace`` also deletes what the file lacks.

    Rows that are broken are kept beside it, and change nothing. Raises :class:`SheetRefused` for a file that is none.
    """
    how = how or How()
    scope = scopes.of_actor(actor)
    with transaction.atomic():
        request = changes.draft(cluster=cluster, actor=actor, kind=ChangeRequest.Kind.IMPORT, reason=reason)
        source = source_of(table, path, how, scope=scope, end=end_of(cluster=cluster, table=table))
        reading = _Reading(cluster, table, scope)

        def tell() -> None:
            if progress:
                progress(reading.rows, max(source.total, reading.rows))

        pairs = _pairs(reading, request, source.candidates, how.mode, tell)
        while some := list(islice(pairs, AT_ONCE)):
            changes.propose_many(request=request, actor=actor, table=table, pairs=some)
        done = Drafted(
            request=request,
            said=source.said,
            rows=reading.rows,
            changes=request.changes.count(),
            broken=len(reading.broken),
            unknown=source.unknown,
            kept=how.mode == REPLACE and reading.unreadable,
        )
        if not done.changes and not done.broken:
            # Its author is noted for good, so an empty draft is not deleted: it never was.
            transaction.set_rollback(True)
            done.request = None
            return done
    BrokenRow.objects.bulk_create(reading.broken, batch_size=CHUNK)
    audit.record(
        actor=actor,
        action="import",
        cluster=cluster,
        request=request,
        reason=reason,
        detail={
            "mode": how.mode,
            "tables": {
                table.name: {"file": visible(how.name)[:200], "file_sha256": _sha256(path), "read as": source.said}
            },
            "rows": done.rows,
            "changes": done.changes,
            "broken": done.broken,
        },
    )
    return done


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pairs(
    reading: _Reading,
    request: ChangeRequest,
    candidates: Iterator[Candidate],
    mode: str,
    tell: Callable[[], None],
) -> Iterator[Pair]:
    while chunk := list(islice(candidates, CHUNK)):
        yield from _of_chunk(reading, request, chunk)
        tell()
    if mode == REPLACE and not reading.unreadable:
        mine = seen_rows(scope=reading.scope, cluster=reading.cluster, table=reading.table)
        for row in mine.order_by("key").iterator(chunk_size=CHUNK):
            if row.key not in reading.met:
                yield row.entry, None


def _of_chunk(reading: _Reading, request: ChangeRequest, chunk: Sequence[Candidate]) -> list[Pair]:
    found = seen_rows(scope=reading.scope, cluster=reading.cluster, table=reading.table)
    asked = {key for candidate in chunk for key in candidate.keys}
    current = {row.key: row.entry for row in found.filter(key__in=asked)}
    made: list[tuple[Candidate, Pair]] = []
    for candidate in chunk:
        reading.rows += 1
        stands = next((current[key] for key in reversed(candidate.keys) if key in current), None)
        errors, pair = _judged(reading, candidate, stands)
        if errors:
            _keep(reading, request, candidate, errors)
        elif pair is not None:
            made.append((candidate, pair))
    return _without_held(reading, request, made)


def _judged(reading: _Reading, candidate: Candidate, stands: Entry | None) -> tuple[Sequence[Problem], Pair | None]:
    if not candidate.keys:
        reading.unreadable = True
        return candidate.errors, None
    key = stands.key if stands else candidate.keys[0]
    if before := reading.met.get(key):
        return [_double(reading.table, key, before)], None
    reading.met[key] = candidate.number
    if candidate.errors:
        return candidate.errors, None
    meant = candidate.make(stands)
    return meant.errors, None if meant.wanted == stands else (stands, meant.wanted)


def _double(table: TableSpec, key: str, before: int) -> Problem:
    return problem(
        "double-key",
        f"Row {before} has the key {table.shown(key)[:80]} already, and that row counts.",
        "Write another key, or leave this row out.",
        "key",
    )


def _without_held(reading: _Reading, request: ChangeRequest, made: Sequence[tuple[Candidate, Pair]]) -> list[Pair]:
    """Those that no other request holds; what only tightens does not wait for that."""
    keys = [(pair[1] or pair[0] or Entry("")).key for _candidate, pair in made]
    held = seeing.holders(reading.scope, reading.cluster, reading.table, keys) if keys else {}
    look, free = look_around(reading.cluster), []
    for key, (candidate, pair) in zip(keys, made, strict=True):
        if key in held and not is_tightening(reading.table, *pair, look):
            _keep(reading, request, candidate, [held_by(held[key])])
        else:
            free.append(pair)
    return free


def held_by(holder: ChangeRequest) -> Problem:
    who = f"Change request {holder.pk} of {holder.author_name}" if holder.pk else "A change request of others"
    return problem(
        "held",
        f"{who} holds this key.",
        "Have it decided or withdrawn, then mend the row; or leave the row out.",
        "key",
    )


def _keep(reading: _Reading, request: ChangeRequest, candidate: Candidate, errors: Sequence[Problem]) -> None:
    if len(reading.broken) >= MOST_BROKEN:
        first = reading.broken[0]
        said = " ".join((first.problems[0]["message"], first.problems[0]["remedy"]))
        raise SheetRefused(
            f"More than {MOST_BROKEN:,} rows are broken, so it is the file that needs mending; nothing was imported. "
            f"The first is row {first.number}: {said}"
        )
    reading.broken.append(
        BrokenRow(
            request=request,
            table=reading.table.name,
            number=candidate.number,
            texts=candidate.texts,
            problems=list(map(as_kept, errors)),
        )
    )


def as_kept(found: Problem) -> dict[str, str]:
    """What of a problem is kept with its row."""
    kept: Mapping[str, object] = asdict(found)
    return {name: str(kept[name]) for name in ("rule", "grade", "message", "remedy", "field")}


def told(done: Drafted, table: str) -> str:
    """What became of a file, for whoever sent it."""
    said = [f"{done.rows:,} row{'' if done.rows == 1 else 's'} read ({done.said})."]
    if done.request is None:
        return f"{said[0]} {table} says all of this already, so there is nothing to change."
    if done.changes:
        said.append("Nothing is changed before you submit this draft.")
    if done.unknown:
        said.append(f"Left out: the columns {', '.join(visible(name)[:40] for name in done.unknown)}.")
    if done.kept:
        said.append(
            "Nothing is deleted: the key of a broken row cannot be read, and its entry would be among what the file "
            "lacks. Mend the file and import it again to delete the rest."
        )
    return " ".join(said)


__all__ = ["MERGE", "REPLACE", "Drafted", "How", "SheetRefused", "draft_from", "told"]
