"""Entries that one entry becomes: which are new, which stand there already, and which are in another one's way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tables.entries import rows
from tables.models import Cluster
from tables.placing import positions_from
from tables.scopes import Scope
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec
from tables.sendmail.tables import check_entry
from tables.sendmail.text import visible

#: Keys that one query asks for.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Several:
    """``standing`` say the same already and are left out. ``problems``: what is wrong with new ones, and conflicts."""

    new: list[Entry]
    standing: list[Entry]
    problems: list[Problem] = field(default_factory=list)


def sort_out(
    *, scope: Scope, cluster: Cluster, table: TableSpec, original_key: str | None, wanted: Sequence[Entry]
) -> Several:
    """The entries wanted in place of ``original_key`` (``None``: besides all others), each key once."""
    wanted = list({entry.key: entry for entry in reversed(wanted)}.values())[::-1]
    theirs = [problem for entry in wanted if (problem := scope.objection(table, entry))]
    others = [entry.key for entry in wanted if entry.key != original_key and scope.sees(table, entry.key)]
    there = _there(cluster, table, others)
    standing = [entry for entry in wanted if entry.key in there and _same(entry, there[entry.key])]
    left_out = {entry.key for entry in standing}
    new = [entry for entry in wanted if entry.key not in left_out]
    if new and wanted[0].key in left_out:
        new[0] = replace(new[0], comment=wanted[0].comment)
    conflicts = [_conflict(table, there[entry.key]) for entry in new if entry.key in there]
    return Several(new, standing, [*theirs, *conflicts, *_problems(table, new)])


def _there(cluster: Cluster, table: TableSpec, keys: Sequence[str]) -> dict[str, Entry]:
    """The entries that have one of these keys, with a bounded number of them in each query."""

    def read() -> Iterator[Entry]:
        for start in range(0, len(keys), CHUNK):
            for row in rows(cluster=cluster, table=table).filter(key__in=keys[start : start + CHUNK]):
                yield row.entry

    return {entry.key: entry for entry in read()}


def _same(one: Entry, other: Entry) -> bool:
    return (one.value, one.enabled) == (other.value, other.enabled)


def _conflict(table: TableSpec, there: Entry) -> Problem:
    state = "" if there.enabled else ", switched off"
    value = f" with “{visible(there.value)[:60]}”" if table.has_value else ""
    return Problem(
        rule="duplicate-key",
        grade=Grade.ERROR,
        message=f"{visible(there.key)} stands in {table.name} already{value}{state}.",
        remedy="Decide which of the two is meant: edit or delete that entry first.",
        field="key",
    )


def _problems(table: TableSpec, entries: Sequence[Entry]) -> list[Problem]:
    """What is wrong with any of them, each sentence once."""
    return list(dict.fromkeys(problem for entry in entries for problem in check_entry(table, entry)))


def in_place_of(
    *, cluster: Cluster, table: TableSpec, current: Entry | None, made: Sequence[Entry]
) -> list[tuple[Entry | None, Entry | None]]:
    """Before and after of each: the first of ``made`` has its place in the file, the others follow it there."""
    if made:
        positions = positions_from(cluster=cluster, table=table, first=made[0].position, count=len(made))
        made = [replace(entry, position=position) for entry, position in zip(made, positions, strict=True)]
    pairs: list[tuple[Entry | None, Entry | None]] = [
        (current if current and current.key == entry.key else None, entry) for entry in made
    ]
    gone = current is not None and all(before is None for before, _after in pairs)
    return [(current, None), *pairs] if gone else pairs
