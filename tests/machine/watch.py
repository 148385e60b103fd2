"""Looks at the database after each act, and compares it with the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from tables.entries import rows
from tables.models import Change, ChangeRequest, Cluster, Release, Review
from tables.rules import to_json
from tables.sendmail.spec import Entry, Risk
from tables.sendmail.tables import TABLES
from tests.machine.book import Book, Dossier, Violation
from tests.machine.states import Delta, after_all, delta_of, only_tightens, risks_of

State = ChangeRequest.State

OPEN = {State.DRAFT, State.SUBMITTED, State.APPROVED}


def head(cluster: Cluster) -> dict[tuple[str, str], Entry]:
    """The tables as they stand, with every field."""
    return {(name, row.key): row.entry for name, table in TABLES.items() for row in rows(cluster=cluster, table=table)}


@dataclass(frozen=True)
class Sight:
    """What the database said at one moment about requests, their lines and the reviews of them."""

    requests: dict[int, tuple[Any, ...]]
    lines: dict[int, list[tuple[Any, ...]]]
    reviews: list[tuple[Any, ...]]

    @classmethod
    def of(cls, cluster: Cluster) -> Sight:
        fields = ("pk", "state", "kind", "checksum", "reason", "outcome", "author", "submitter")
        requests = ChangeRequest.objects.filter(cluster=cluster).order_by("pk")
        lines = Change.objects.filter(cluster=cluster).order_by("request", "id")
        values = lines.values_list("request", "table", "key", "action", "before", "after", "author", "number", "holds")
        return cls(
            requests={row[0]: row[1:] for row in requests.values_list(*fields)},
            lines={pk: list(group) for pk, group in groupby(values, key=lambda row: row[0])},
            reviews=list(Review.objects.order_by("pk").values_list("request", "reviewer", "decision", "checksum")),
        )

    def is_open(self, pk: int) -> bool:
        """A request that found a conflict can be brought up to date and is open again then."""
        return self.requests[pk][0] in {*OPEN, State.CONFLICTED}

    def version(self, pk: int) -> str:
        """All that a reviewer is asked to agree to: the reason, and of each line what it makes of what, and by whom."""
        lines = sorted(repr(line[1:7]) for line in self.lines.get(pk, []))
        return f"{self.requests[pk][3]!r} {' '.join(lines)}"


class Watch:
    def __init__(self, book: Book, cluster: Cluster) -> None:
        self.book = book
        self.cluster = cluster
        self.sight = Sight.of(cluster)

    # --- after an act -------------------------------------------------------------------------------------------------

    def refused(self, act: str) -> None:
        """What was refused has changed nothing."""
        if head(self.cluster) != self.book.state:
            raise Violation(f"{act} was refused and changed entries all the same: {self._differing()}")
        if Sight.of(self.cluster) != self.sight:
            raise Violation(f"{act} was refused and changed a request or a review all the same.")
        self._no_new_release(act)

    def done(self, now: datetime) -> None:
        """Whatever was applied had to be, and nothing else was written."""
        sight = Sight.of(self.cluster)
        self._note_terms(sight)
        self._accept_applied(sight, now)
        self._accept_policies(sight, now)
        self.nothing_else_was_written()
        self._closed_stay_closed(sight)
        for wrong in one_holder_each(sight):
            raise Violation(wrong)
        self.sight = sight
        self._note_releases(now)

    def nothing_else_was_written(self) -> None:
        if head(self.cluster) != self.book.state:
            raise Violation(f"An entry was written without a change: {self._differing()}")

    def _differing(self) -> str:
        stands, meant = head(self.cluster), self.book.state
        places = sorted(place for place in stands.keys() | meant.keys() if stands.get(place) != meant.get(place))
        return "; ".join(f"{place} is {stands.get(place)} and ought to be {meant.get(place)}" for place in places)

    # --- what was applied ---------------------------------------------------------------------------------------------

    def _accept_applied(self, sight: Sight, now: datetime) -> None:
        fresh = Change.objects.filter(cluster=self.cluster, number__gt=self.book.number).order_by("number")
        for pk, changes in groupby(fresh, key=lambda change: change.request_id):
            self._accept(pk, list(changes), sight, now)

    def _accept(self, pk: int, changes: Sequence[Change], sight: Sight, now: datetime) -> None:
        dossier = self.book.dossiers.get(pk)
        if dossier is None:
            raise Violation(f"Request {pk} was applied, and nobody made it.")
        if sight.requests[pk][0] != State.APPLIED:
            raise Violation(f"Changes of request {pk} are numbered, but it is {sight.requests[pk][0]}.")
        if len(changes) != len(sight.lines[pk]):
            raise Violation(f"{len(changes)} of {len(sight.lines[pk])} changes of request {pk} were applied.")
        deltas = [delta_of(change) for change in changes]
        self._starts_from_what_stood(pk, deltas)
        self._says_what_was_wanted(pk, dossier, deltas)
        self._is_theirs_to_change(pk, changes)
        self._is_approved(pk, dossier, deltas, sight.version(pk), now)
        for change in changes:
            self._number(change)

    def _starts_from_what_stood(self, pk: int, deltas: Sequence[Delta]) -> None:
        for table, key, before, _after in deltas:
            stood = self.book.state.get((table, key))
            if stood != before:
                raise Violation(f"Request {pk} overwrote {key} in {table}: it starts from {before}, {stood} stood.")

    def _says_what_was_wanted(self, pk: int, dossier: Dossier, deltas: Sequence[Delta]) -> None:
        if dossier.wishes is None:
            return
        made = {
            (table, key): None if after is None else (after.value, after.comment, after.enabled)
            for table, key, _before, after in deltas
        }
        if made != dossier.wishes:
            raise Violation(f"Request {pk} made {made}, but {dossier.wishes} was wanted.")

    def _is_theirs_to_change(self, pk: int, changes: Sequence[Change]) -> None:
        for change in changes:
            place = (change.table, change.key)
            person = self.book.people.get(change.author_name)
            if person and person.limit and not person.limit.covers(place):
                raise Violation(f"Request {pk} changed {place}, which is not delegated to {change.author_name}.")

    def _is_approved(self, pk: int, dossier: Dossier, deltas: Sequence[Delta], version: str, now: datetime) -> None:
        if dossier.rejected:
            raise Violation(f"Request {pk} was rejected and applied all the same.")
        if dossier.threads and not dossier.glass_by:
            raise Violation(f"Request {pk} was applied while {len(dossier.threads)} of its threads were open.")
        dossier.risks, dossier.version = risks_of(self.book.state, deltas), version
        places = [(table, key) for table, key, _before, _after in deltas]
        if dossier.glass_by:
            return
        lacks = self.book.lacks(dossier, self.book.valid_approvers(dossier, version, places, now), dossier.risks)
        if lacks:
            raise Violation(
                f"Request {pk} loosens ({', '.join(sorted(dossier.risks))}) and was applied without a valid approval "
                f"by other persons ({lacks}): its authors are {sorted(dossier.authors)}, it was approved by "
                f"{sorted(dossier.approved)}."
            )
        if self.book.in_force.is_frozen(now) and not only_tightens(self.book.state, deltas):
            raise Violation(f"Request {pk} was applied during a freeze, and does not only tighten.")

    def _number(self, change: Change) -> None:
        book = self.book
        if change.number != book.number + 1:
            raise Violation(f"Change {change.number} comes after change {book.number}.")
        book.number += 1
        book.state = after_all(book.state, [delta_of(change)])
        book.states[book.number] = book.state
        book.origins[book.number] = change.request_id, (change.table, change.key)

    # --- policies -----------------------------------------------------------------------------------------------------

    def _note_terms(self, sight: Sight) -> None:
        """A request is judged by the policy under which it was last handed in, too."""
        for pk, said in sight.requests.items():
            handed_in = pk not in self.sight.requests or self.sight.version(pk) != sight.version(pk)
            handed_in |= self.sight.requests.get(pk, said)[0] in {State.DRAFT, State.CONFLICTED}
            if said[0] in {State.SUBMITTED, State.APPROVED, State.APPLIED} and handed_in and pk in self.book.dossiers:
                self.book.dossiers[pk].under = self.book.in_force

    def _accept_policies(self, sight: Sight, now: datetime) -> None:
        """Nobody changes the policy alone, whatever it says."""
        fresh = self.cluster.policies.filter(number__gt=len(self.book.policies)).order_by("number")
        for made in fresh:
            dossier = self.book.dossiers.get(made.request_id or 0)
            if dossier is None or dossier.policy is None:
                raise Violation(f"Policy {made.number} came into force, and nobody proposed it.")
            if made.content != to_json(dossier.policy.rules):
                raise Violation(f"Policy {made.number} is not what was proposed.")
            given = self.book.valid_approvers(dossier, sight.version(made.request_id or 0), [], now)
            if dossier.rejected or dossier.threads or not [who for who in given if not self.book.people[who].limit]:
                raise Violation(f"Policy {made.number} came into force without another person's approval.")
            self.book.policies.append(dossier.policy)

    # --- requests -----------------------------------------------------------------------------------------------------

    def _closed_stay_closed(self, sight: Sight) -> None:
        for pk, said in self.sight.requests.items():
            if self.sight.is_open(pk):
                continue
            if said != sight.requests.get(pk) or self.sight.lines.get(pk) != sight.lines.get(pk):
                raise Violation(f"Request {pk} was {said[0]} and changed afterwards: {sight.requests.get(pk)}.")

    # --- releases -----------------------------------------------------------------------------------------------------

    def _no_new_release(self, act: str) -> None:
        if Release.objects.filter(cluster=self.cluster).count() != len(self.book.releases):
            raise Violation(f"{act} was refused and cut a release all the same.")

    def _note_releases(self, now: datetime) -> None:
        releases = Release.objects.filter(cluster=self.cluster).order_by("number")
        found = dict(releases.values_list("number", "change_number"))
        for number, said in self.book.releases.items():
            if found.get(number) != said:
                raise Violation(f"Release {number} ended with change {said}, and now with {found.get(number)}.")
        for number in sorted(found.keys() - self.book.releases.keys()):
            self._accept_release(number, found[number], now)

    def _accept_release(self, number: int, change: int, now: datetime) -> None:
        """It holds all that is applied, and whoever let it through may still do so."""
        book = self.book
        before = book.releases.get(number - 1, 0)
        if change != book.number:
            raise Violation(f"Release {number} ends with change {change}, but change {book.number} was the last.")
        for pk in book.standing(before):
            dossier = book.dossiers[pk]
            if not dossier.glass_by and book.lacks(
                dossier, book.approvers(dossier, dossier.version, now), dossier.risks
            ):
                raise Violation(
                    f"Release {number} holds request {pk} ({', '.join(sorted(dossier.risks))}), and of those who "
                    f"approved it, {sorted(dossier.approved)}, too few are approvers still and did so lately."
                )
            self._is_published_by_a_third(number, dossier)
        self._is_not_frozen(number, before, now)
        book.releases[number] = change

    def _is_published_by_a_third(self, number: int, dossier: Dossier) -> None:
        terms = self.book.terms(dossier)
        who = Release.objects.get(cluster=self.cluster, number=number).author_name
        asked = any(term.three_people for term in terms) and Risk.RELAY in dossier.risks and not dossier.glass_by
        if asked and (who in dossier.authors | set(dossier.approved) or who not in self.book.people):
            raise Violation(f"Release {number} was cut by {who}, who is no third person to what it opens.")

    def _is_not_frozen(self, number: int, before: int, now: datetime) -> None:
        if not self.book.in_force.is_frozen(now) or self._is_emergency():
            return
        then, state = self.book.states[before], self.book.state
        places = [place for place in then.keys() | state.keys() if then.get(place) != state.get(place)]
        deltas = [(*place, then.get(place), state.get(place)) for place in places]
        if deltas and not only_tightens(then, deltas):
            raise Violation(f"Release {number} was cut during a freeze, and does not only tighten.")

    def _is_emergency(self) -> bool:
        """Whether the last thing that was applied went by broken glass."""
        origin = self.book.origins.get(self.book.number)
        return origin is not None and bool(self.book.dossiers[origin[0]].glass_by)


def one_holder_each(sight: Sight) -> Iterator[str]:
    """A key is in one request that waits, and in no more; what breaks that."""
    holders: dict[tuple[str, str], int] = {}
    for pk, lines in sight.lines.items():
        state = sight.requests[pk][0]
        waits = state in {State.SUBMITTED, State.APPROVED}
        for line in lines:
            table, key, holds = line[1], line[2], line[-1]
            if holds != waits:
                yield f"Request {pk} is {state}, and {'holds' if holds else 'does not hold'} {key} in {table}."
            if waits and holders.setdefault((table, key), pk) != pk:
                yield f"Requests {holders[table, key]} and {pk} both hold {key} in {table}."
