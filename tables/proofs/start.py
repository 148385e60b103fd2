"""What a baseline took over: where the checksum says that something is different, the kept file says what."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from tables import originals, passages
from tables.audit import Finding
from tables.importing import own_names
from tables.models import AuditEvent, Cluster, OriginalFile
from tables.proofs.streams import Few, side_by_side
from tables.proofs.telling import difference, name_of
from tables.readings import Pieces
from tables.releases import entries_at
from tables.sendmail.parse import read_table
from tables.sendmail.spec import Entry, Parsed, Passage, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import passages_digest

#: Entries of which one half was met so far that are remembered; more are only counted.
LOOSE = 100_000
NAMES = TABLES["local-host-names"]


def taken_over(baseline: AuditEvent | None) -> dict[str, Any]:
    """Per table what the history says that a baseline took over."""
    told = baseline.detail.get("tables") if baseline and isinstance(baseline.detail, dict) else None
    return told if isinstance(told, dict) else {}


def differing_entries(cluster: Cluster, table: TableSpec, said: Mapping[str, Any]) -> Iterator[Finding]:
    """Which entries are not what the baseline took over, now that its checksum says that some are not."""
    found = Few(table.name)
    try:
        _compare(cluster, table, said, found)
    except (LookupError, TypeError, zlib.error):
        found.add(table.name, "Some entries are not what was taken over. Which cannot be told: other findings say why.")
    if not found.named:
        found.add(table.name, "What it took over at the start is not what the audit history says.")
    yield from found


def _compare(cluster: Cluster, table: TableSpec, said: Mapping[str, Any], found: Few) -> None:
    """In the order of the file. An entry at another place is met twice, once on either side, and then compared."""
    meant = ((_place(item), item) for item in _kept(cluster, table, said) if isinstance(item, Entry))
    stands = ((_place(item), item) for item in entries_at(cluster=cluster, table=table, change_number=1))
    loose: dict[str, tuple[Entry | None, Entry | None]] = {}
    for _at, one, other in side_by_side(stands, meant):
        key = (one or other or Entry("")).key
        was = loose.pop(key, (None, None))
        pair = (one or was[0], other or was[1])
        if pair[0] is None or pair[1] is None:
            if len(loose) < LOOSE:
                loose[key] = pair
            else:
                found.more += 1
        elif pair[0] != pair[1]:
            found.add(name_of(table, key), difference(table, *pair))
    for key, pair in loose.items():
        found.add(name_of(table, key), difference(table, *pair))


def _place(item: Entry | Passage) -> tuple[int, str]:
    return item.position, item.key if isinstance(item, Entry) else ""


def verify_passages(cluster: Cluster, table: TableSpec, said: Mapping[str, Any] | None) -> Iterator[Finding]:
    """The text between the entries, which goes into the file as it is, is what the baseline took over."""
    stands = passages_digest(_at_the_start(cluster, table))
    if said is None:
        meant: tuple[Any, Any] = passages_digest([])
    elif "passages" in said:
        meant = (said["passages"].get("number"), said["passages"].get("sha256"))
    else:  # an older history told nothing of them: the kept file does
        try:
            meant = passages_digest(item for item in _kept(cluster, table, said) if isinstance(item, Passage))
        except (LookupError, zlib.error):
            return
    if stands != meant:
        yield from _differing_passages(cluster, table, said)


def _at_the_start(cluster: Cluster, table: TableSpec) -> Iterator[Passage]:
    return passages.stream(cluster=cluster, table=table, change_number=0)


def _differing_passages(cluster: Cluster, table: TableSpec, said: Mapping[str, Any] | None) -> Iterator[Finding]:
    found = Few(table.name)
    subject = f"{table.name}, text between entries"
    try:
        kept = [] if said is None else _kept(cluster, table, said)
        meant = ((item.position, item.text) for item in kept if isinstance(item, Passage))
        stands = ((item.position, item.text) for item in _at_the_start(cluster, table))
        for place, one, other in side_by_side(stands, meant):
            if one != other:
                is_there = "is missing" if one is None else "should not be there" if other is None else "was altered"
                found.add(subject, f"What was taken over at place {place} {is_there}.")
    except (LookupError, zlib.error):
        found.add(subject, "It is not what was taken over; the kept file that would say where is damaged.")
    yield from found


# --- the kept file, read again ----------------------------------------------------------------------------------------


def _kept(cluster: Cluster, table: TableSpec, said: Mapping[str, Any]) -> Iterator[Entry | Passage]:
    """The items of the file that was taken over, as an import reads it. Raises ``LookupError`` when it is not there."""
    file = OriginalFile.objects.filter(pk=said.get("original") or 0, cluster=cluster, table=table.name).first()
    if file is None:
        raise LookupError(table.name)
    names = set(own_names())
    # The host's own names may have changed since; of those in the files this is what the import went by.
    if beside := OriginalFile.objects.filter(request=file.request_id, table=NAMES.name).first():
        names |= {item.key for item in _items(NAMES, beside, frozenset()) if isinstance(item, Entry) and item.enabled}
    yield from _items(table, file, frozenset(names))


def _items(table: TableSpec, file: OriginalFile, names: frozenset[str]) -> Iterator[Entry | Passage]:
    def open_() -> BinaryIO:
        return io.BufferedReader(Pieces(originals.content(file)), originals.PART)

    found: Iterator[Parsed] = read_table(table, open_, local_names=names)
    yield from (parsed.item for parsed in found)
