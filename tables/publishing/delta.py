"""A few changes of a table as a patch of what the last publication left: of its text and of its map.

Only where everything is as that publication left it, and where each item that is touched is found without doubt.
Otherwise there is no delta, and the table is rendered and built as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tables import passages
from tables.entries import rows
from tables.publishing.desired import State, net_changes
from tables.releases import later_changes, snapshot
from tables.sendmail import stamp
from tables.sendmail.maps import Pair, Tally, record, tally_of
from tables.sendmail.patching import Edit, is_plain, overlap, patched, place_of
from tables.sendmail.plan import Tallied, difference
from tables.sendmail.render import item_text, map_pair
from tables.sendmail.spec import Entry, Passage, TableSpec
from tables.sendmail.text import encode

#: Keys that a delta may concern: each is looked for in the whole text.
MOST = 32
#: Entries of one position among which the one before a new entry is looked for.
_ALIKE = 50

Net = tuple[Entry | None, Entry | None]


@dataclass(slots=True)
class Delta:
    """What becomes of one table's text and map."""

    #: The text as it lies on the host, and where it begins below its stamp.
    data: bytes
    first: int
    edits: list[Edit]
    tallied: Tallied
    #: Of the map: what goes, and what comes or takes the place of something.
    gone: list[bytes] = field(default_factory=list)
    put: list[Pair] = field(default_factory=list)
    was: list[Pair] = field(default_factory=list)

    def body(self) -> Iterator[bytes]:
        return patched(self.data, self.first, self.edits)

    def expected(self, known: Tally) -> Tally:
        """What the map holds afterwards when it held ``known`` before."""
        return known.changed(gone=tally_of(map(record, self.was)), come=tally_of(map(record, self.put)))


def find(before: State, after: State, table: TableSpec, data: bytes) -> Delta | None:
    """The delta between two states of a table of which the first is the text ``data``."""
    with snapshot():
        if later_changes(cluster=after.cluster, table=table, change_number=after.number).exists():
            return None  # where a new entry goes is asked of the table as it is now
        changes = net_changes(before, after, table, most=MOST)
        if changes is None:
            return None
        patch = _Patch(after, table, data)
        if not patch.take(changes):
            return None
    delta = Delta(data, patch.first, sorted(patch.edits), Tallied())
    if overlap(delta.edits):
        return None
    for old, new in changes:
        delta.tallied.add(difference(old, new))
        _note_map(delta, table, old, new)
    return delta


def _note_map(delta: Delta, table: TableSpec, old: Entry | None, new: Entry | None) -> None:
    was = map_pair(table, old) if old and old.enabled else None
    now = map_pair(table, new) if new and new.enabled else None
    if was == now:
        return
    if was:
        delta.was.append(was)
    if now:
        delta.put.append(now)
    elif was:
        delta.gone.append(was[0])


class _Patch:
    """Finds the place of each change in the text."""

    def __init__(self, state: State, table: TableSpec, data: bytes) -> None:
        self.state = state
        self.table = table
        self.data = data
        self.first = stamp.length(data)
        self.edits: list[Edit] = []
        #: Where an item that is in the new text ends in the old one, by (position, key).
        self.ends: dict[tuple[int, str], int] = {}

    def take(self, changes: Iterable[Net]) -> bool:
        """False when a place is in doubt."""
        fresh: list[Entry] = []
        for old, new in changes:
            if old is None or new is None or old.position != new.position:
                if old and not self._cut(old):
                    return False
                if new:
                    fresh.append(new)
            elif not self._change(old, new):
                return False
        fresh.sort(key=lambda entry: (entry.position, entry.key))
        return all(self._add(entry, turn) for turn, entry in enumerate(fresh, start=1))

    def _place(self, item: Entry | Passage) -> tuple[int, int] | None:
        text = item_text(self.table, item)
        return place_of(self.data, encode(text), self.first) if is_plain(text) else None

    def _cut(self, entry: Entry) -> bool:
        place = self._place(entry)
        if place:
            self.edits.append(Edit(*place))
        return place is not None

    def _change(self, old: Entry, new: Entry) -> bool:
        place, text = self._place(old), item_text(self.table, new)
        if place is None or not is_plain(text):
            return False
        self.ends[new.position, new.key] = place[1]
        if item_text(self.table, old) != text:
            self.edits.append(Edit(*place, text=encode(text)))
        return True

    def _add(self, entry: Entry, turn: int) -> bool:
        text = item_text(self.table, entry)
        end = self._end_before(entry)
        if end is None or not is_plain(text):
            return False
        self.ends[entry.position, entry.key] = end
        self.edits.append(Edit(end, end, turn, encode(text)))
        return True

    def _end_before(self, entry: Entry) -> int | None:
        """Where in the old text the item ends after which the new entry comes."""
        before = self._before(entry)
        if before is None:
            return None
        if isinstance(before, Entry) and (before.position, before.key) in self.ends:
            return self.ends[before.position, before.key]
        place = self._place(before)
        return place[1] if place else None

    def _before(self, entry: Entry) -> Entry | Passage | None:
        """The item before an entry in the new text; ``None`` where it is the first, or in doubt."""
        found = rows(cluster=self.state.cluster, table=self.table).filter(position__lte=entry.position)
        near = found.order_by("-position", "-key")[:_ALIKE]
        mine = (entry.position, entry.key)
        row = next((row for row in near if (row.position, row.key) < mine), None)
        passage = passages.before(
            cluster=self.state.cluster,
            table=self.table,
            change_number=self.state.number,
            position=entry.position,
        )
        if row is None or (passage and passage.position > row.position):
            return passage
        return row.entry
