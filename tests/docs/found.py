"""What is found in a table's text, alone and beside the others, by every way in which a problem is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from tables.sendmail.lint import Context, lint
from tables.sendmail.spec import Entry, Problem
from tables.sendmail.tables import TABLES, check_entry
from tests.core.reading import entries, problems

#: The host on which the examples stand.
CONTEXT = Context(
    users=frozenset(("root", "alice", "bob")),
    local_domains=frozenset(("mx.example.org",)),
    virtual_domains=frozenset(("virtual.example",)),
    generic_domains=frozenset(("example.com", "old.example")),
    aliases_required=False,
    today=date(2026, 1, 1),
)


def in_file(table: str, text: str | bytes, beside: Mapping[str, str], *, required: bool = False) -> Iterator[Problem]:
    """The problems of a file, and those that show only beside the other tables' files."""
    yield from problems(table, text)
    texts = {**beside, table: text}
    context = replace(CONTEXT, aliases_required=required)
    for finding in lint(lambda name: entries(name, texts.get(name, "")), context):
        if finding.table == table:
            yield finding.problem


def typed(table: str, key: str, value: str, comment: str = "") -> list[Problem]:
    """The problems of an entry as a form gets it."""
    return check_entry(TABLES[table], Entry(key, value, comment))
