"""What a table shall be at a change number: its file, its entries, and what became of it since an earlier number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db.models import Count

from tables.models import Change, Cluster
from tables.releases import entries_at, file_rows, snapshot
from tables.sendmail.maps import Tally
from tables.sendmail.plan import SAMPLES, Tallied, difference
from tables.sendmail.render import Row, render_rows
from tables.sendmail.spec import Entry, Passage, TableSpec
from tables.sendmail.text import encode
from tables.states import from_json
from tables.streams import FETCH


@dataclass(frozen=True, slots=True)
class State:
    """The tables of a cluster as they stood after one change."""

    cluster: Cluster
    number: int

    def body(self, table: TableSpec) -> Iterator[bytes]:
        """The file without its stamp, in chunks."""
        with snapshot():
            yield from render_rows(table, self._rows(table))

    def write(self, table: TableSpec, body: Path, lines: Path | None = None) -> Written:
        """Write the file without its stamp, and (into ``lines``) what its map shall hold, in one reading of the table.

        Both are for this run only: they may be lost with the machine, and lie where nobody else can look.
        """
        written = Written()
        with snapshot(), ExitStack() as stack:
            text = stack.enter_context(body.open("wb"))
            stream = stack.enter_context(lines.open("wb")) if lines else None
            text.writelines(render_rows(table, _noted(self._rows(table), written, stream)))
        return written

    def entries(self, table: TableSpec) -> Iterator[Entry]:
        """The enabled entries, in the order of the file: the first few come at once."""
        with snapshot():
            found = entries_at(cluster=self.cluster, table=table, change_number=self.number)
            yield from (entry for entry in found if entry.enabled)

    def _rows(self, table: TableSpec) -> Iterator[Row | Passage]:
        return file_rows(cluster=self.cluster, table=table, change_number=self.number)


@dataclass(slots=True)
class Written:
    """What a file that was written holds for sendmail."""

    #: Enabled entries.
    entries: int = 0
    #: Of what its map shall hold; empty where nobody asked for it.
    tally: Tally = field(default_factory=Tally)
    #: Bytes of the longest line that makemap would read.
    longest: int = 0


def _noted(rows: Iterable[Row | Passage], written: Written, lines: BinaryIO | None) -> Iterator[Row | Passage]:
    """``rows``, counted on their way through; what the map shall hold goes to ``lines``."""
    held: list[str] = []
    for row in rows:
        if not isinstance(row, Passage) and row[3]:
            held.append(f"{row[0]}\t{row[1]}\n")
            if len(held) == FETCH:
                _note(held, written, lines)
                held = []
        yield row
    _note(held, written, lines)


def _note(held: Sequence[str], written: Written, lines: BinaryIO | None) -> None:
    written.entries += len(held)
    if lines and held:
        data = encode("".join(held))
        written.tally.add_lines(data)
        lengths = map(len, held if data.isascii() else data.split(b"\n"))
        written.longest = max(written.longest, *lengths)
        lines.write(data)


def changes_by_table(before: State, after: State) -> dict[str, int] | None:
    """How many changes each table saw in between; ``None`` when the log does not tell all of them (a baseline)."""
    found = _between(before, after).values_list("table").annotate(Count("id"))
    counts: dict[str, int] = dict(found)
    return counts if sum(counts.values()) == after.number - before.number else None


def tally_changes(before: State, after: State, table: TableSpec) -> Tallied:
    """The net effect of the change log in between, key by key."""
    tallied = Tallied()
    for old, new in _net(before, after, table):
        tallied.add(difference(old, new))
    return tallied


def net_changes(
    before: State, after: State, table: TableSpec, *, most: int
) -> list[tuple[Entry | None, Entry | None]] | None:
    """What each key was and is, where the change log names it in between; ``None`` when it names more than ``most``."""
    found = list(islice(_net(before, after, table), most + 1))
    return None if len(found) > most else found


def _between(before: State, after: State) -> Any:
    return Change.objects.filter(cluster=after.cluster, number__gt=before.number, number__lte=after.number)


def _net(before: State, after: State, table: TableSpec) -> Iterator[tuple[Entry | None, Entry | None]]:
    rows = _between(before, after).filter(table=table.name).order_by("key", "number")
    values = rows.values_list("key", "before", "after").iterator(chunk_size=FETCH)
    for key, group in groupby(values, key=lambda row: row[0]):
        states = list(group)
        yield from_json(key, states[0][1]), from_json(key, states[-1][2])


def tally_new(desired: Iterable[Entry], count: int) -> Tallied:
    """All of ``count`` entries are new: only the examples need looking at."""
    tallied = Tallied()
    for entry in islice(desired, SAMPLES):
        tallied.add(difference(None, entry))
    tallied.creates = count
    return tallied


def tally_entries(existing: dict[str, str], desired: Iterable[Entry]) -> Tallied:
    """The differences between what a file says now (key to value; emptied on the way) and what it shall say."""
    tallied = Tallied()
    for entry in desired:
        value = existing.pop(entry.key, None)
        before = None if value is None else Entry(entry.key, value)
        tallied.add(difference(before, entry))
    for key, value in existing.items():
        tallied.add(difference(Entry(key, value), None))
    return tallied
