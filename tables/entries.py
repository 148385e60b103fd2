"""What the tables hold: looking up, listing, searching. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Value

from tables import scopes
from tables.models import ENTRY_MODELS, Change, Cluster, EntryModel
from tables.scopes import Scope
from tables.searching import gaps
from tables.searching.finder import Finder
from tables.searching.index import Asked
from tables.searching.trigrams import patterns, wanted
from tables.sendmail.international import word_to_ascii
from tables.sendmail.secret import AUTH_PREFIX, MARKS
from tables.sendmail.spec import Entry, Lookup, TableSpec, Under
from tables.sendmail.tables import TABLES

STATES = ("all", "on", "off", "dated")


def get_cluster() -> Cluster:
    """The one cluster of a fresh installation, made when first asked for."""
    cluster, _created = Cluster.objects.get_or_create(name=Cluster.DEFAULT)
    return cluster


def rows(*, cluster: Cluster, table: TableSpec) -> QuerySet[EntryModel]:
    return ENTRY_MODELS[table.name]._default_manager.filter(cluster=cluster)


def get_entry(*, cluster: Cluster, table: TableSpec, key: str) -> Entry | None:
    row = rows(cluster=cluster, table=table).filter(key=key).first()
    return row.entry if row else None


def get_entries(*, cluster: Cluster, table: TableSpec, keys: Collection[str]) -> dict[str, Entry]:
    """Those that are there, by key. Ask for no more keys than one query takes."""
    return {row.key: row.entry for row in rows(cluster=cluster, table=table).filter(key__in=keys)}


def seen_rows(*, scope: Scope, cluster: Cluster, table: TableSpec) -> QuerySet[EntryModel]:
    """Those that a person may see."""
    if scope.limited:
        return scopes.rows(cluster=cluster, table=table.name, domains=scope.domains(table.name))
    return rows(cluster=cluster, table=table)


def find(*, scope: Scope, cluster: Cluster, table: TableSpec, key: str) -> Entry | None:
    """The entry as a person may see it: what lies outside is not there."""
    return get_entry(cluster=cluster, table=table, key=key) if scope.sees(table, key) else None


def look_around(cluster: Cluster) -> Lookup:
    """How the risk of a change sees the rest of the tables: enabled entries only."""

    def look(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        wanted = list(keys)
        live = rows(cluster=cluster, table=TABLES[table]).filter(enabled=True)
        found = dict(live.filter(key__in=wanted).values_list("key", "value"))
        under = [key for key in wanted if isinstance(key, Under)]
        return found | dict.fromkeys(_answered(live, under), "") if under else found

    return look


#: A database takes so many conditions in one question.
_CONDITIONS = 100


def _answered(live: QuerySet[EntryModel], under: Sequence[Under]) -> Iterator[Under]:
    """Those questions for anything under an item that some entry answers."""
    for start in range(0, len(under), _CONDITIONS):
        some = under[start : start + _CONDITIONS]
        names = list(live.filter(reduce(or_, map(_condition, some))).values_list("key", flat=True))
        yield from (key for key in some if any(key.covers(name) for name in names))


def _condition(under: Under) -> Q:
    return Q(key__endswith=under[1:]) if under.startswith("*") else Q(key__startswith=under[:-1])


def _matches(table: TableSpec, query: str) -> Q:
    """Every word of the query stands in the key, the value or the comment; an international name as A-label, too.

    Where a password may stand nothing matches, or it could be found out letter by letter.
    """
    conditions = Q()
    for word in query.split():
        places = [(name, word) for name in ("key", "value", "comment")]
        if (label := word_to_ascii(word)) != word:
            places += [("key", label), ("value", label)]
        conditions &= reduce(or_, (_has(table, name, text) for name, text in places))
    return conditions


def _has(table: TableSpec, name: str, word: str) -> Q:
    found = Q(**{f"{name}__icontains": word})
    if not table.holds_passwords or name == "key":
        return found
    hiding = reduce(or_, (Q(**{f"{name}__icontains": mark}) for mark in MARKS))
    return found & ~hiding & ~Q(key__startswith=AUTH_PREFIX) if name == "value" else found & ~hiding


def listing(
    *, scope: Scope, cluster: Cluster, table: TableSpec, query: str = "", state: str = "all"
) -> QuerySet[EntryModel]:
    """Entries in the order of the file. ``state`` is one of :data:`STATES`.

    With a query this says what matches, and reads the table for it: pages of matches come from :func:`finder`.
    """
    mine = seen_rows(scope=scope, cluster=cluster, table=table)
    found = mine.filter(_matches(table, query)).order_by("position", "key")
    if state == "dated":
        return found.filter(DATED)
    return found if state == "all" else found.filter(enabled=state == "on")


#: What begins later or has an end.
DATED = Q(starts__isnull=False) | Q(ends__isnull=False)


@dataclass(frozen=True, slots=True)
class Coming:
    """An entry that begins or ends by itself, and when."""

    table: TableSpec
    key: str
    at: str
    begins: bool


def coming(*, scope: Scope, cluster: Cluster, until: str, most: int) -> list[Coming]:
    """What begins or ends next in all tables until then, the soonest first, by one question."""
    parts = []
    for name in scope.tables:
        mine = seen_rows(scope=scope, cluster=cluster, table=TABLES[name]).order_by()
        begin = mine.filter(starts__isnull=False, starts__lte=until)
        end = mine.filter(ends__isnull=False, ends__lte=until, enabled=True)
        parts += [_dates(begin, name, "starts"), _dates(end, name, "ends")]
    if not parts:
        return []
    found = parts[0].union(*parts[1:], all=True).order_by("at", "of", "key")[:most]
    return [Coming(TABLES[of], key, at, what == "starts") for of, key, at, what in found]


def _dates(found: QuerySet[EntryModel], table: str, what: str) -> QuerySet[EntryModel, tuple[str, str, str, str]]:
    named = found.annotate(of=Value(table), at=F(what), what=Value(what))
    return named.values_list("of", "key", "at", "what")


def finder(*, scope: Scope, cluster: Cluster, table: TableSpec, query: str, state: str = "all") -> Finder:
    """The same for a query, in bounded time."""
    words = [(word, word_to_ascii(word)) for word in query.split()]
    if words and gaps.is_open(cluster=cluster, table=table):
        words = []  # then the index is asked nothing, and the table is read
    return Finder(
        cluster=cluster,
        everything=seen_rows(scope=scope, cluster=cluster, table=table),
        matching=listing(scope=scope, cluster=cluster, table=table, query=query, state=state),
        asked=Asked(wanted(connection.vendor, words), patterns(connection.vendor, words)),
        bounded=not scope.limited,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """What a search found in one table. ``unfinished``: the table was not looked through to its end."""

    table: TableSpec
    entries: list[Entry]
    more: bool
    unfinished: bool


def search(*, scope: Scope, cluster: Cluster, query: str, limit: int = 20) -> list[Group]:
    """Matches in all tables: per table that has any, or may have, up to ``limit`` entries."""
    if not query.strip():
        return []
    results = []
    for name in scope.tables:
        table = TABLES[name]
        found = finder(scope=scope, cluster=cluster, table=table, query=query).read(most=limit + 1)
        if found.rows or found.stopped:
            shown = [row.entry for row in found.rows[:limit]]
            results.append(Group(table, shown, len(found.rows) > limit, found.stopped is not None))
    return results


def history(*, scope: Scope, cluster: Cluster, table: TableSpec, key: str) -> QuerySet[Change]:
    """Every applied change of a key, newest first; a deleted key keeps its history."""
    found = Change.objects.all() if scope.sees(table, key) else Change.objects.none()
    return (
        found.filter(cluster=cluster, table=table.name, key=key, number__isnull=False)
        .select_related("request")
        .prefetch_related("request__reviews")
        .order_by("-number")
    )


def counts(*, scope: Scope, cluster: Cluster) -> dict[str, int]:
    """Enabled and disabled entries together, of each table in which a person may see any."""
    return {name: seen_rows(scope=scope, cluster=cluster, table=TABLES[name]).count() for name in scope.tables}


def counts_since(*, cluster: Cluster, counted: Mapping[str, int], then: int) -> dict[str, int]:
    """The same for somebody who sees everything, from what was counted at change number ``then``."""
    found = dict(counted)
    numbers = Change.objects.filter(cluster=cluster, number__gt=then, number__lte=cluster.last_change)
    some = numbers.exclude(action=Change.Action.UPDATE).order_by()
    for table, action, count in some.values_list("table", "action").annotate(count=Count("pk")):
        found[table] = found.get(table, 0) + (count if action == Change.Action.CREATE else -count)
    return found


def is_empty(cluster: Cluster) -> bool:
    """Whether the cluster holds nothing and never did, so that an import may be a baseline."""
    return (
        cluster.last_change == 0
        and not Change.objects.filter(cluster=cluster).exists()
        and not any(rows(cluster=cluster, table=table).exists() for table in TABLES.values())
    )
