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
from tables.sendmail.lint import Context, Finding, holds_here, lint
from tables.sendmail.render import comment_lines, item_text
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES, check_entry
from tables.sendmail.whereabouts import everywhere


def context() -> Context:
    """What this host knows: its users (unless MAILADMIN_LOCAL_USERS says that others count) and its sendmail.cf."""
    known = Context(users=_users(), local_domains=own_names(), today=timezone.localdate())
    try:
        cf = mailcf.read(settings.SENDMAIL_CF)
    except mailcf.CfUnreadable:
        return known
    places = everywhere(settings.MAIL_DIR, cf, overrides=settings.FILES)
    ours = {place.text for place in places.values() if not place.unused}
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
    """Every problem, table by table in the order of the file, what an entry shows among others with its own.

    What is missing comes before the entries of its table. Only what shows across entries is held, which is bounded.
    """
    known = context()
    with snapshot():
        across = _by_entry(check_across(cluster))
        for table in TABLES.values():
            yield from across.pop((table.name, ""), [])
            for line, entry in _lines(cluster, table):
                yield from check_alone(table, line, entry, known)
                for finding in across.pop((table.name, entry.key), []):
                    yield replace(finding, problem=replace(finding.problem, line=line))


def _by_entry(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.table, finding.key), []).append(finding)
    return found


def check_across(cluster: Cluster) -> Iterator[Finding]:
    """What shows across the entries of all tables, without lines. Read it within :func:`snapshot`."""
    return _across(lambda name: _head(cluster, TABLES[name]))


def check_alone(table: TableSpec, line: int, entry: Entry, known: Context) -> Iterator[Finding]:
    """What an entry by itself shows on a host of which this is known, at its line; nothing while it is off."""
    for problem in check_entry(table, entry) if entry.enabled else ():
        if holds_here(problem, entry.value, known):
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
        for line, entry in _lines(cluster, table):
            yield table, line, entry


def _lines(cluster: Cluster, table: TableSpec) -> Iterator[tuple[int, Entry]]:
    line = 1
    for item in file_items(cluster=cluster, table=table, change_number=cluster.last_change):
        if isinstance(item, Entry):
            yield line + (item.above or comment_lines(item.comment)).count("\n"), item
        line += item_text(table, item).count("\n")
