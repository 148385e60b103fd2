"""Every problem of the tables as they stand, each with the line of the file on which a publication would put it."""

from __future__ import annotations

import pwd
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from django.conf import settings

from tables.importing import own_names
from tables.models import Cluster
from tables.releases import entries_at, file_items, snapshot
from tables.sendmail import mailcf
from tables.sendmail.lint import Context, Finding, lint
from tables.sendmail.render import comment_lines, item_text
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES, check_entry


def context() -> Context:
    """What this host knows: its users (unless MAILADMIN_LOCAL_USERS says that others count) and its own domains."""
    users = frozenset(user.pw_name.lower() for user in pwd.getpwall()) if settings.LOCAL_USERS == "system" else None
    try:
        words = mailcf.read(settings.SENDMAIL_CF).words
    except mailcf.CfUnreadable:
        words = {}
    return Context(
        users=users,
        local_domains=own_names() | words.get("VirtHost", set()),
        generic_domains=frozenset(words["G"]) if words.get("G") else None,
    )


def check_cluster(cluster: Cluster) -> Iterator[Finding]:
    """The problems of all enabled entries, table by table, then those that only show across entries."""
    with snapshot():
        lines: dict[tuple[str, str], int] = {}
        across = list(check_across(cluster))
        wanted = {(finding.table, finding.key) for finding in across}
        for table, line, entry in numbered(cluster):
            if (table.name, entry.key) in wanted:
                lines[table.name, entry.key] = line
            yield from check_alone(table, line, entry)
        for finding in across:
            yield replace(finding, problem=replace(finding.problem, line=lines.get((finding.table, finding.key))))


def check_across(cluster: Cluster) -> Iterator[Finding]:
    """What shows across the entries of all tables, without lines. Read it within :func:`snapshot`."""
    return _across(lambda name: _head(cluster, TABLES[name]))


def check_alone(table: TableSpec, line: int, entry: Entry) -> Iterator[Finding]:
    """What an entry by itself shows, at its line; nothing while it is switched off."""
    for problem in check_entry(table, entry) if entry.enabled else ():
        yield Finding(table.name, entry.key, replace(problem, line=line))


def check_files(entries: Callable[[str], Iterable[Entry] | None], cluster: Cluster) -> Iterator[Finding]:
    """What shows across the entries of files, beside the tables that there is no file for."""

    def both(name: str) -> Iterable[Entry]:
        given = entries(name)
        return _head(cluster, TABLES[name]) if given is None else given

    return _across(both)


def _across(tables: Callable[[str], Iterable[Entry]]) -> Iterator[Finding]:
    return lint(tables, context())


def _head(cluster: Cluster, table: TableSpec) -> Iterator[Entry]:
    return entries_at(cluster=cluster, table=table, change_number=cluster.last_change, by="key")


def numbered(cluster: Cluster) -> Iterator[tuple[TableSpec, int, Entry]]:
    """Every entry and the line of its file on which it begins, below its comment."""
    for table in TABLES.values():
        line = 1
        for item in file_items(cluster=cluster, table=table, change_number=cluster.last_change):
            if isinstance(item, Entry):
                yield table, line + (item.above or comment_lines(item.comment)).count("\n"), item
            line += item_text(table, item).count("\n")
