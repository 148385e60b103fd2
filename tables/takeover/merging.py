"""What the hand did to the file that was live, done to the tables as they stand now: three ways, key by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from tables import passages
from tables.entries import rows
from tables.models import Cluster
from tables.sendmail.render import item_text
from tables.sendmail.spec import Entry, Passage, TableSpec
from tables.takeover.blocks import Block, Item, blocks
from tables.takeover.hunks import Hunk, Outline
from tables.takeover.places import bounds, known_places, place

#: Keys that one query asks for.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that both the hand and the panel changed, differently: as it was live, as in the file, as in the tables."""

    key: str
    base: Entry | None
    theirs: Entry | None
    ours: Entry | None


@dataclass(slots=True)
class Wanted:
    """What the hand changed, before anything is said of the tables as they stand."""

    base: dict[str, Entry] = field(default_factory=dict)
    theirs: dict[str, Entry] = field(default_factory=dict)
    texts: list[passages.Step] = field(default_factory=list)


@dataclass(slots=True)
class Merged:
    pairs: list[tuple[Entry | None, Entry | None]] = field(default_factory=list)
    texts: list[passages.Step] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def picked(table: TableSpec, items: Iterable[Item], spans: Sequence[tuple[int, int]]) -> Iterator[list[Block]]:
    """The blocks in each of these spans, which come in order."""
    stream, at = iter(blocks(table, items)), 0
    for start, end in spans:
        for _skipped in islice(stream, start - at):
            pass
        yield list(islice(stream, end - start))
        at = end


def wanted(
    *,
    cluster: Cluster,
    table: TableSpec,
    hunks: Sequence[Hunk],
    outline: Outline,
    base: Iterable[Item],
    theirs: Iterable[Item],
) -> Wanted:
    found = Wanted()
    mine = picked(table, base, [(hunk.start, hunk.end) for hunk in hunks])
    other = picked(table, theirs, [(hunk.their_start, hunk.their_end) for hunk in hunks])
    for hunk, old, new in zip(hunks, mine, other, strict=True):
        _take(found, cluster, table, hunk, outline, old, new)
    return found


def _take(
    found: Wanted,
    cluster: Cluster,
    table: TableSpec,
    hunk: Hunk,
    outline: Outline,
    old: Sequence[Block],
    new: Sequence[Block],
) -> None:
    need = sum(len(block) for block in new)
    above, below = bounds(hunk, outline, need)
    gone = [item for block in old for item in block]
    foreign = _Foreign(cluster, table, above, below, gone)
    there = foreign.places(new)
    known = sorted([*([] if hunk.loose else known_places(old, new)), *there.items()], key=lambda one: one[1])
    starts = place(new, known, above, below, foreign.positions)
    come = [
        replace(item, position=start + offset)
        for number, (block, start) in enumerate(zip(new, starts, strict=True))
        for offset, item in enumerate(block)
        if isinstance(item, Entry) or number not in there.values()
    ]
    found.base |= {item.key: item for item in gone if isinstance(item, Entry)}
    found.theirs |= {item.key: item for item in come if isinstance(item, Entry)}
    before = {item.position: item.text for item in gone if isinstance(item, Passage)}
    after = {item.position: item.text for item in come if isinstance(item, Passage)}
    found.texts += [
        passages.Step(table.name, position, before.get(position, ""), after.get(position, ""))
        for position in sorted(before.keys() | after.keys())
    ]


class _Foreign:
    """What stands in the tables between two places, and did not stand there in the file that was live."""

    def __init__(self, cluster: Cluster, table: TableSpec, above: int, below: int | None, gone: Sequence[Item]) -> None:
        mine = {(item.position, item.key if isinstance(item, Entry) else "") for item in gone}
        span = {"position__gt": above} | ({} if below is None else {"position__lt": below})
        texts = passages.rows_at(cluster=cluster, table=table).filter(**span).order_by("position")
        keys = rows(cluster=cluster, table=table).filter(**span).values_list("position", "key")
        self._keys = {key: position for position, key in keys if (position, key) not in mine}
        self._texts: dict[str, list[int]] = defaultdict(list)
        for position, text in texts.values_list("position", "text"):
            if (position, "") not in mine:
                self._texts[text].append(position)
        self.positions = sorted({*self._keys.values(), *chain.from_iterable(self._texts.values())})

    def places(self, new: Sequence[Block]) -> dict[int, int]:
        """What of the new blocks stands there already, by its position: the hand wrote it on two hosts, or once more
        after it was taken over."""
        found = {}
        for number, block in enumerate(new):
            item = block[0]
            if isinstance(item, Passage):
                if there := self._texts.get(item.text):
                    found[there.pop(0)] = number
            elif len(block) == 1 and item.key in self._keys:
                found[self._keys[item.key]] = number
        return found


def merge(*, cluster: Cluster, table: TableSpec, wanted: Wanted) -> Merged:
    """What of it is to be changed in the tables, and what is in conflict with what the panel changed meanwhile."""
    merged = Merged()
    keys = sorted(wanted.base.keys() | wanted.theirs.keys())
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        ours = {row.key: row.entry for row in rows(cluster=cluster, table=table).filter(key__in=chunk)}
        for key in chunk:
            _merge(table, key, wanted, ours, merged)
    standing = _standing(cluster, table, [step.position for step in wanted.texts])
    merged.texts = [step for text in wanted.texts if (step := _merged_text(text, standing.get(text.position, "")))]
    return merged


def _merge(table: TableSpec, key: str, wanted: Wanted, standing: Mapping[str, Entry], merged: Merged) -> None:
    base, theirs, ours = wanted.base.get(key), wanted.theirs.get(key), standing.get(key)
    if theirs == base:
        return
    if (ours and ours.plain) == base:
        merged.pairs.append((ours, theirs.carrying(ours) if theirs else None))
    elif _same(table, ours, theirs):
        return
    elif theirs and ours and _mean_the_same(ours, theirs):
        merged.pairs.append((ours, replace(theirs, position=ours.position).carrying(ours)))  # as the hand writes it
    elif base and theirs and ours and _same(table, base, theirs):
        merged.pairs.append((ours, replace(ours, position=theirs.position)))  # moved here, changed there
    else:
        merged.conflicts.append(Conflict(key, base, theirs, ours))


def _same(table: TableSpec, one: Entry | None, other: Entry | None) -> bool:
    """Whether both write the same lines, or both none."""
    if one is None or other is None:
        return one is other
    return (one.key, item_text(table, one)) == (other.key, item_text(table, other))


def _mean_the_same(one: Entry, other: Entry) -> bool:
    return (one.value, one.comment, one.enabled) == (other.value, other.comment, other.enabled)


def _standing(cluster: Cluster, table: TableSpec, positions: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(positions), CHUNK):
        texts = passages.rows_at(cluster=cluster, table=table).filter(position__in=positions[start : start + CHUNK])
        found |= dict(texts.values_list("position", "text"))
    return found


def _merged_text(step: passages.Step, ours: str) -> passages.Step | None:
    """Text that the panel took away, or put there by taking over another host's file, stays so."""
    if ours in (step.before, step.after):
        return None if ours == step.after else step
    return step._replace(before=ours) if not ours and step.after else None
