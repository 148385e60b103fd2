"""What ought to be the case, in plain Python: kept by the machine from what was asked for and what came back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailadmin.accounts.roles import Role
from tables.sendmail.spec import Entry, Risk
from tests.machine.terms import Terms

#: Which roles let somebody do what: said here a second time, on purpose.
EDITORS = {Role.POSTMASTER, Role.ADMINISTRATOR}
REVIEWERS = {Role.APPROVER, Role.ADMINISTRATOR}
PUBLISHERS = {Role.POSTMASTER, Role.APPROVER, Role.PUBLISHER, Role.ADMINISTRATOR}
MANAGERS = {Role.ADMINISTRATOR}

#: For how long the one who could have entered an account does not count as another person.
TOO_NEAR = timedelta(days=7)
COMMAND = "the command line"

#: What somebody wants of an entry: value, comment, whether it is on. None: it shall go.
Wish = tuple[str, str, bool] | None


class Violation(AssertionError):
    """A rule that does not hold."""


@dataclass(frozen=True)
class Limit:
    """What is delegated to somebody who may touch nothing else; no catch-alls."""

    tables: frozenset[str]
    domain: str

    def covers(self, place: tuple[str, str]) -> bool:
        table, key = place
        name = key.rpartition("@")[2].rpartition(":")[2].removeprefix(".")
        inside = name == self.domain or name.endswith(f".{self.domain}")
        return table in self.tables and inside and not key.startswith("@")


@dataclass
class Person:
    roles: set[Role]
    limit: Limit | None = None
    active: bool = True
    superuser: bool = False
    #: Who last made it possible to enter this account, and when.
    entered_by: str = ""
    entered_at: datetime | None = None
    #: When this person last put another administrator out.
    put_out_at: datetime | None = None

    def may(self, roles: set[Role]) -> bool:
        return self.active and (self.superuser or bool(self.roles & roles))


@dataclass
class Dossier:
    """A change request as its people know it."""

    authors: set[str]
    #: What each line is meant to make of its entry; None when only the service knows.
    wishes: dict[tuple[str, str], Wish] | None
    #: Who looked at which version. A version is all that is written in the request.
    seen: set[tuple[str, str]] = field(default_factory=set)
    #: Who approved which version, and when.
    approved: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    rejected: bool = False
    #: Who applied it in an emergency, and whether somebody else has still to look at that.
    glass_by: str = ""
    glass_open: bool = False
    #: The policy that it would put into force, and the one that it was submitted under.
    policy: Terms | None = None
    under: Terms | None = None
    #: Threads of its review that nobody has resolved.
    threads: set[int] = field(default_factory=set)
    #: Found when it was applied.
    risks: frozenset[Risk] = frozenset()
    version: str = ""


@dataclass
class Book:
    people: dict[str, Person]
    state: dict[tuple[str, str], Entry] = field(default_factory=dict)
    #: The state as it was after each change.
    states: dict[int, dict[tuple[str, str], Entry]] = field(default_factory=lambda: {0: {}})
    number: int = 0
    dossiers: dict[int, Dossier] = field(default_factory=dict)
    #: Per change the request that it was in, and the entry that it touched.
    origins: dict[int, tuple[int, tuple[str, str]]] = field(default_factory=dict)
    #: Per release the last change that is in it.
    releases: dict[int, int] = field(default_factory=dict)
    #: Policies that came into force, after the built-in one.
    policies: list[Terms] = field(default_factory=list)

    @property
    def in_force(self) -> Terms:
        return self.policies[-1] if self.policies else Terms()

    def terms(self, dossier: Dossier) -> list[Terms]:
        """The policy in force and that under which a request was submitted: what is stricter counts."""
        return [self.in_force, dossier.under or self.in_force]

    def may(self, who: str, roles: set[Role]) -> bool:
        """The command line may do everything but review."""
        if who == COMMAND:
            return roles != REVIEWERS
        return self.people[who].may(roles)

    def covers(self, who: str, places: Iterable[tuple[str, str]]) -> bool:
        """Whether all of it is somebody's to touch."""
        limit = None if who == COMMAND else self.people[who].limit
        return limit is None or all(map(limit.covers, places))

    def too_near(self, one: str, other: str, now: datetime) -> bool:
        """Whether ``other`` could lately have entered the account of ``one``."""
        person = self.people.get(one)
        if person is None or person.entered_at is None or person.entered_by != other:
            return False
        return now - person.entered_at < TOO_NEAR

    def approvers(self, dossier: Dossier, version: str, now: datetime) -> set[str]:
        """Who has seen and approved exactly this version, not too long ago, is no author and may review now."""
        return {
            who
            for who, (approved, at) in dossier.approved.items()
            if approved == version
            and now - at <= timedelta(hours=min(terms.hours for terms in self.terms(dossier)))
            and (who, version) in dossier.seen
            and who not in dossier.authors
            and self.may(who, REVIEWERS)
        }

    def valid_approvers(
        self, dossier: Dossier, version: str, places: Iterable[tuple[str, str]], now: datetime
    ) -> set[str]:
        """Those who count as other persons than the authors when the request is applied, and may touch all of it."""
        return {
            who
            for who in self.approvers(dossier, version, now)
            if not self.is_near(who, dossier, now) and self.covers(who, places)
        }

    def lacks(self, dossier: Dossier, approvers: Collection[str], risks: Collection[Risk]) -> str:
        """Whose approval is missing, in words; empty when nobody's is."""
        for terms in self.terms(dossier):
            for count, role in terms.needs(risks):
                given = sum(not role or Role(role) in self.people[who].roles for who in approvers)
                if given < count:
                    return f"{count} persons {role}".rstrip()
        return ""

    def is_near(self, who: str, dossier: Dossier, now: datetime) -> bool:
        return any(self.too_near(author, who, now) or self.too_near(who, author, now) for author in dossier.authors)

    def possible_reviewers(self, dossier: Dossier, now: datetime) -> list[str]:
        """Who would count as another person now."""
        others = sorted(set(self.people) - dossier.authors)
        return [who for who in others if self.may(who, REVIEWERS) and not self.is_near(who, dossier, now)]

    def standing(self, after: int) -> set[int]:
        """The requests of which something, done after that change, has not been changed again since."""
        last = {place: pk for number, (pk, place) in sorted(self.origins.items()) if number > after}
        return set(last.values())

    def administrators(self) -> set[str]:
        return {name for name, person in self.people.items() if person.active and Role.ADMINISTRATOR in person.roles}
