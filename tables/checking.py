"""Every problem of the tables as they stand, each with the line of the file on which a publication would put it."""

from __future__ import annotations

import pwd
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from tables.importing import own_names
from tables.models import Cluster
from tables.releases import entries_at, file_items, snapshot
from tables.sendmail import mailcf
from tables.sendmail.classwords import words_of
from tables.sendmail.lint import Context, Finding, lint
from tables.sendmail.render import comment_lines, item_text
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES, check_entry


def context() -> Context:
    """What this host knows: its users (unless MAILADMIN_LOCAL_USERS says that others count) and its sendmail.cf."""
    known = Context(users=_users(), local_domains=own_names(), today=timezone.localdate())
    try:
        cf = mailcf.read(settings.SENDMAIL_CF)
    except mailcf.CfUnreadable:
        return known
    ours = {settings.MAIL_DIR / name for name in TABLES}
    return replace(
        known,
        local_domains=known.local_domains | (words_of(cf, "w", without=ours) or frozenset()),
        virtual_domains=words_of(cf, "VirtHost"),
        generic_domains=words_of(cf, "G") or None,
        relay_domains=words_of(cf, "R", without=ours) or frozenset(),
        mailers=frozenset(cf.mailers) or None,
        features=frozenset(cf.features) if cf.has_rules else None,
    )


def _users() -> frozenset[str] | None:
    return frozenset(user.pw_name.lower() for user in pwd.getpwall()) if settings.LOCAL_USERS == "system" else None


def check_cluster(cluster: Cluster) -> Iterator[Finding]:
    """The problems of all enabled entries, table by table, then those that only show across entries."""
    with snapshot():
        lines: dict[tuple[str, str], int] = {}
        across = list(_across(lambda name: _head(cluster, TABLES[name])))
        wanted = {(finding.table, finding.key) for finding in across}
        for table in TABLES.values():
            for line, entry in _numbered(cluster, table):
                if (table.name, entry.key) in wanted:
                    lines[table.name, entry.key] = line
                for problem in check_entry(table, entry) if entry.enabled else ():
                    yield Finding(table.name, entry.key, replace(problem, line=line))
        for finding in across:
            yield replace(finding, problem=replace(finding.problem, line=lines.get((finding.table, finding.key))))


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


def _numbered(cluster: Cluster, table: TableSpec) -> Iterator[tuple[int, Entry]]:
    """Each entry and the line on which it begins, below its comment."""
    line = 1
    for item in file_items(cluster=cluster, table=table, change_number=cluster.last_change):
        if isinstance(item, Entry):
            yield line + (item.above or comment_lines(item.comment)).count("\n"), item
        line += item_text(table, item).count("\n")
