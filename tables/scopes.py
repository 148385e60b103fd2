"""What a person may see and edit: everything, or for a limited one what is delegated to them and to their teams.

Closed when in doubt: a limited person without a delegation, switched off or without the role for it has nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from mailadmin.accounts.models import Delegation, User
from mailadmin.accounts.roles import EDIT
from tables.actors import Actor
from tables.errors import NotDelegated
from tables.inside import within
from tables.models import ENTRY_MODELS, Change, Cluster, EntryModel
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import OUTSIDE, covers, turned
from tables.sendmail.text import visible
from tables.states import from_json

#: Domains that a message names.
NAMED = 8


@dataclass(frozen=True, slots=True)
class Part:
    """One delegation, as it is judged by."""

    pk: int
    tables: frozenset[str]
    domains: tuple[str, ...]
    catch_alls: bool = False
    outside_targets: bool = False
    quota: int | None = None

    @property
    def names(self) -> list[str]:
        """Its tables in the order in which they are shown."""
        return [name for name in TABLES if name in self.tables]

    def covers(self, domain: str) -> bool:
        return any(covers(mine, domain) for mine in self.domains)

    def reaches(self, table: TableSpec, key: str) -> bool:
        domain = table.lies_in(key)
        return table.name in self.tables and domain != OUTSIDE and self.covers(domain)

    def allows(self, table: TableSpec, entry: Entry) -> bool:
        """Whether an entry may stand there, or be touched where it does. A disabled one counts like an enabled one."""
        return not self.objection(table, entry)

    def objection(self, table: TableSpec, entry: Entry) -> str:
        """Which of an entry's parts is too much for this delegation: ``key``, ``catch-all``, ``value`` or none."""
        if not self.reaches(table, entry.key):
            return "key"
        if table.is_catch_all(entry.key) and not self.catch_alls:
            return "catch-all"
        targets = () if self.outside_targets else table.leads_to(entry.key, entry.value)
        return "" if all(target != OUTSIDE and self.covers(target) for target in targets) else "value"


#: How far an entry came: what is said of it is said of the delegation that comes nearest to allowing it.
_NEAREST = ("value", "catch-all", "key")


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may see and edit. ``limited`` without parts is nothing at all."""

    limited: bool
    parts: tuple[Part, ...] = ()
    person: User | None = field(default=None, compare=False)

    def sees(self, table: TableSpec, key: str) -> bool:
        return not self.limited or any(part.reaches(table, key) for part in self.parts)

    def allows(self, table: TableSpec, entry: Entry | None) -> bool:
        return not self.limited or entry is None or any(part.allows(table, entry) for part in self.parts)

    @property
    def tables(self) -> list[str]:
        """The tables in which anything may be seen, in the order in which they are shown."""
        return [name for name in TABLES if not self.limited or any(name in part.tables for part in self.parts)]

    def domains(self, table: str) -> list[str]:
        """The domains of a limited person in one table, without those that another one covers."""
        found = {turned(domain): domain for part in self.parts if table in part.tables for domain in part.domains}
        kept: list[str] = []
        for name in sorted(found):  # turned round, what a domain covers follows it at once
            if not kept or not name.startswith(kept[-1]):
                kept.append(name)
        return sorted(found[name] for name in kept)

    def lines(self, *, also: tuple[str, int] | None = None) -> Q:
        """Which changes, events or findings may be seen: rows that name their table and have a zone.

        ``also``: a column and its value, by which they may be seen as well.
        """
        if not self.limited:
            return Q()
        domains = ((name, domain) for name in self.tables for domain in self.domains(name))
        return within(by="table", domains=domains, also=also)

    @property
    def mark(self) -> str:
        """What two persons who see the same have in common: for what is kept for a while."""
        return "|".join(f"{name}={','.join(self.domains(name))}" for name in self.tables) if self.limited else "all"

    # --- what is said of what may not be ------------------------------------------------------------------------------

    def objection(self, table: TableSpec, entry: Entry | None, *, other: str = "") -> Problem | None:
        """Why an entry is not this person's to write; ``other`` is their name where somebody else is told."""
        if self.allows(table, entry) or entry is None:
            return None
        found = {part.objection(table, entry) for part in self.parts} or {"key"}
        what = next(part for part in _NEAREST if part in found)
        say = {"key": self._about_key, "catch-all": self._about_catch_all, "value": self._about_value}[what]
        message, remedy = say(table, entry, other or "you")
        return Problem(f"rights.{what}", Grade.ERROR, message, remedy, "value" if what == "value" else "key")

    def _about_key(self, table: TableSpec, entry: Entry, who: str) -> tuple[str, str]:
        if table.name not in self.tables:
            mine = ", ".join(self.tables)
            return f"{table.name} is not delegated to {who}.", self._yours(who, mine)
        domain = table.lies_in(entry.key) or f"“{visible(entry.key)}” lies in no domain that is, so it"
        return f"{domain} is not delegated to {who}.", self._yours_in(table, who)

    def _about_catch_all(self, _table: TableSpec, entry: Entry, who: str) -> tuple[str, str]:
        message = f"{visible(entry.key)} stands for everybody in the domain, and catch-alls are not delegated to {who}."
        return message, "Write user@domain, or ask an administrator."

    def _about_value(self, table: TableSpec, entry: Entry, who: str) -> tuple[str, str]:
        message = f"“{table.shown(entry.value)}” leads outside the domains that are delegated to {who}."
        return message, self._yours_in(table, who)

    def _yours_in(self, table: TableSpec, who: str) -> str:
        found = self.domains(table.name)
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        return self._yours(who, ", ".join(found[:NAMED]) + more)

    def _yours(self, who: str, mine: str) -> str:
        if who != "you":
            return "An administrator can delegate it, or the line must go."
        return f"Yours are {mine}." if mine else "Nothing is yet: ask an administrator."


EVERYTHING = Scope(limited=False)


def rows(*, cluster: Cluster, table: str, domains: Iterable[str]) -> QuerySet[EntryModel]:
    """The entries of a table that lie in one of these domains. They are of the cluster without a condition that says
    so: it would lead SQLite to read them all."""
    inside = within(by="cluster_id", domains=((cluster.pk, domain) for domain in domains))
    return ENTRY_MODELS[table]._default_manager.filter(inside)


# --- whose ------------------------------------------------------------------------------------------------------------


def of_person(person: User) -> Scope:
    """What a person may see, as it is now."""
    if not person.limited:
        return Scope(limited=False, person=person)
    if not person.is_active:
        return Scope(limited=True, person=person)
    mine = Q(person=person) | Q(team__members=person)
    found = Delegation.objects.filter(mine).distinct().order_by("pk")
    return Scope(limited=True, parts=tuple(map(part_of, found)), person=person)


def part_of(delegation: Delegation) -> Part:
    """Only tables whose keys lie in domains can be delegated, whatever stands in the database."""
    names = [name for name in delegation.tables if name in TABLES and TABLES[name].can_be_delegated]
    return Part(
        pk=delegation.pk,
        tables=frozenset(names),
        domains=tuple(delegation.domains),
        catch_alls=delegation.catch_alls,
        outside_targets=delegation.outside_targets,
        quota=delegation.quota,
    )


def of_actor(actor: Actor) -> Scope:
    """Commands and publishers act for the system itself and are not limited."""
    return EVERYTHING if actor.person is None else of_person(actor.person)


# --- changes ----------------------------------------------------------------------------------------------------------


#: An entry before and after a change.
Pair = tuple[Entry | None, Entry | None]


def own(*, scope: Scope, table: TableSpec, pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The same pairs, as long as each entry is this person's before and after. Raises :class:`NotDelegated`."""
    for pair in pairs:
        for entry in pair:
            refuse(scope=scope, table=table, entry=entry)
        yield pair


def refuse(*, scope: Scope, table: TableSpec, entry: Entry | None, other: str = "") -> None:
    """Refuse an entry that is not this person's to write. Raises :class:`NotDelegated`."""
    if problem := scope.objection(table, entry, other=other):
        raise NotDelegated([problem])


def refuse_lost(*, cluster: Cluster, changes: Sequence[Change], actor: Actor) -> None:
    """Refuse changes that are not their authors', by the rights as they are now, or that go over a quota.

    ``actor`` is who is told. Called where a request is submitted and again where it is applied, under its locks.
    """
    authors = {change.author_id for change in changes if change.author_id is not None}
    for author in User.objects.filter(pk__in=authors, limited=True).order_by("pk"):
        scope = of_person(author) if author.has_perm(EDIT) else Scope(limited=True, person=author)
        mine = [change for change in changes if change.author_id == author.pk]
        other = "" if actor.person is not None and actor.person.pk == author.pk else author.get_username()
        for change in mine:
            _refuse_change(scope, change, other)
        _refuse_over_quota(cluster, scope, mine, changes, other)


def _states(change: Change) -> Iterator[Entry]:
    yield from (entry for state in (change.before, change.after) if (entry := from_json(change.key, state)))


def _refuse_change(scope: Scope, change: Change, other: str) -> None:
    for entry in _states(change):
        refuse(scope=scope, table=TABLES[change.table], entry=entry, other=other)


def _refuse_over_quota(
    cluster: Cluster, scope: Scope, mine: Sequence[Change], changes: Sequence[Change], other: str
) -> None:
    """Each new entry needs a delegation that allows it and has room once all of the request is done."""
    room = {part.pk: _has_room(cluster, part, changes) for part in scope.parts if part.quota is not None}
    for change in mine:
        entry = from_json(change.key, change.after)
        if change.action != Change.Action.CREATE or entry is None:
            continue
        table = TABLES[change.table]
        parts = [part for part in scope.parts if part.allows(table, entry)]
        if not any(room.get(part.pk, True) for part in parts):
            raise NotDelegated([_over_quota(cluster, parts, other)])


def _has_room(cluster: Cluster, part: Part, changes: Iterable[Change]) -> bool:
    inside = [change for change in changes if part.reaches(TABLES[change.table], change.key)]
    come = sum(change.action == Change.Action.CREATE for change in inside)
    gone = sum(change.action == Change.Action.DELETE for change in inside)
    return come <= gone or used(cluster, part) + come - gone <= (part.quota or 0)


def used(cluster: Cluster, part: Part) -> int:
    """How many entries stand inside a delegation, whoever made them."""
    return sum(rows(cluster=cluster, table=name, domains=part.domains).count() for name in part.names)


def _over_quota(cluster: Cluster, parts: Sequence[Part], other: str) -> Problem:
    part = max(parts, key=lambda one: one.quota or 0)
    return Problem(
        "rights.quota",
        Grade.ERROR,
        f"{', '.join(part.domains[:NAMED])} would hold more entries than the {part.quota} that are delegated to "
        f"{other or 'you'}; {used(cluster, part)} stand there.",
        "Delete one first, or ask an administrator for more.",
        "key",
    )


def refuse_amending(*, actor: Actor, changes: Callable[[], Iterable[Change]]) -> None:
    """Refuse to let a limited person edit or rebase a request with a line that they could not have written."""
    scope = of_actor(actor)
    if scope.limited:
        for change in changes():
            _refuse_change(scope, change, "")


# --- reviews ----------------------------------------------------------------------------------------------------------


def why_not_review(*, person: User, changes: Callable[[], Iterable[Change]]) -> str:
    """Why a limited person may not review these changes; empty when they could have written each of them.

    A request without any, such as one that changes the policy, is about everything.
    """
    if not person.limited:
        return ""
    scope, theirs = of_person(person), False
    for change in changes():
        theirs = all(scope.allows(TABLES[change.table], entry) for entry in _states(change))
        if not theirs:
            break
    return (
        "" if theirs else "Not all of this request is delegated to you. An approver who sees all of it must review it."
    )
