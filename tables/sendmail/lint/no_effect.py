"""Entries that change nothing, because another one does the same anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tables.sendmail.lint.context import Finding
from tables.sendmail.lint.groups import Groups
from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import note, shown
from tables.sendmail.syntax.fixes import remove

#: A sentence about the entry that makes a group idle, and about one entry of the group.
One = Callable[[str, str], str]
#: The same about a whole group: the entry that makes it idle, how many they are, and the first of them.
Many = Callable[[str, str, str], str]


def of_groups(table: str, idle: Groups, one: One, many: Many) -> Iterator[Finding]:
    """A note on each entry of a group, or one on all of them where they are many."""
    for name, group in idle:
        if group.few:
            for key in group.first:
                yield Finding(table, key, _problem(table, one(name, shown(key)), remove()))
        else:
            message = many(name, f"{group.count:,}", shown(group.first[0]))
            yield Finding(table, group.first[0], _problem(table, message, None))


def _problem(table: str, message: str, fix: Fix | None) -> Problem:
    return note(f"{table}.no-effect", message, "Nothing has to be done; such an entry may go.", "key", fix)
