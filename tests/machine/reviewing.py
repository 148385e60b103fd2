"""Rules: people look at what others propose, approve and reject it, take it back, and try what is not theirs to do."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mailadmin.accounts.roles import Role
from tables import applying, breaking, closing, reviews
from tables.models import ChangeRequest, Release, Review
from tests.machine.base import PEOPLE, Base
from tests.machine.book import COMMAND, EDITORS, REVIEWERS
from tests.machine.editing import editors, mostly, rarely, which

State = ChangeRequest.State

reviewers = st.sampled_from(["bob", "ben", "dora", "dan", "pat", "bob", "ben", "sue", *PEOPLE])


class Reviewing(Base):
    def waits(self) -> bool:
        return self.count(State.SUBMITTED, State.APPROVED) > 0

    def waiting(self, number: int) -> ChangeRequest:
        waiting = self.requests(State.SUBMITTED, State.APPROVED)
        return waiting[number % len(waiting)]

    # --- looking and approving ----------------------------------------------------------------------------------------

    @precondition(waits)
    @rule(who=reviewers, number=which)
    def look(self, who: str, number: int) -> None:
        self.looks(who, self.waiting(number))

    def looks(self, who: str, request: ChangeRequest) -> None:
        dossier, version = self.book.dossiers[request.pk], self.watch.sight.version(request.pk)
        self.act(
            f"{who} opens request {request.pk}",
            lambda: reviews.note_viewing(request=request, person=self.person(who)),
            then=lambda _nothing: dossier.seen.add((who, version)),
        )

    @precondition(waits)
    @rule(who=reviewers, number=which, looks=mostly)
    def approve(self, who: str, number: int, *, looks: bool) -> None:
        request = self.waiting(number)
        if looks:
            self.looks(who, request)
        self.approves(who, request)

    @precondition(waits)
    @rule(number=which, other=which)
    def approve_properly(self, number: int, other: int) -> None:
        """By somebody who may, if there is one."""
        request = self.waiting(number)
        may = self.book.possible_reviewers(self.book.dossiers[request.pk], self.clock.now())
        if may:
            who = may[other % len(may)]
            self.looks(who, request)
            self.approves(who, request)

    def approves(self, who: str, request: ChangeRequest) -> None:
        dossier, version = self.book.dossiers[request.pk], self.watch.sight.version(request.pk)

        def note(_request: ChangeRequest) -> None:
            dossier.approved[who] = version, self.clock.now()

        self.act(
            f"{who} approves request {request.pk}",
            lambda: reviews.approve(request=request, reviewer=self.person(who), checksum=request.checksum),
            allowed=self.book.may(who, REVIEWERS) and who not in dossier.authors and not dossier.rejected,
            then=note,
        )

    @precondition(lambda self: self.book.number > max(self.book.releases.values(), default=0))
    @rule(who=reviewers, number=which)
    def renew(self, who: str, number: int) -> None:
        """What was approved too long ago to be published is approved once more."""
        requests = [request for request in self.requests(State.APPLIED) if reviews.needs_renewal(request)]
        if requests:
            request = requests[number % len(requests)]
            self.looks(who, request)
            self.approves(who, request)

    # --- emergencies --------------------------------------------------------------------------------------------------

    @precondition(waits)
    @rule(
        who=st.sampled_from(["dora", "dan", "dora", "sue", "bob", "alice"]),
        number=which,
        proved=st.sampled_from([1, 1, 1, 30]),
        reason=st.sampled_from(["all mail is lost since noon", "asap"]),
    )
    def break_glass(self, who: str, number: int, proved: int, reason: str) -> None:
        """``proved``: minutes since the second factor."""
        request = self.waiting(number)
        dossier, person = self.book.dossiers[request.pk], self.book.people[who]

        def do() -> Release:
            proved_at = self.clock.now() - timedelta(minutes=proved)
            dossier.glass_by = who
            return breaking.break_glass(request=request, person=self.person(who), reason=reason, proved_at=proved_at)

        def note(_release: Release) -> None:
            dossier.authors.add(who)
            dossier.glass_open = True

        was = dossier.glass_by
        self.act(
            f"{who} breaks glass for request {request.pk}, {reason!r}, proved {proved} minutes ago",
            do,
            allowed=person.active
            and Role.ADMINISTRATOR in person.roles
            and proved < 5
            and len(reason) > 14
            and dossier.policy is None,
            then=note,
        )
        if self.refusal is not None:
            dossier.glass_by = was

    @precondition(lambda self: any(dossier.glass_open for dossier in self.book.dossiers.values()))
    @rule(who=reviewers, number=which, agrees=st.booleans())
    def look_afterwards(self, who: str, number: int, *, agrees: bool) -> None:
        """At what went live in an emergency: that ends by another person only."""
        pks = [pk for pk, dossier in self.book.dossiers.items() if dossier.glass_open]
        request = ChangeRequest.objects.get(pk=pks[number % len(pks)])
        self.looks(who, request)
        if agrees:
            self.approves(who, request)
        else:
            self.rejects(who, request, "it was none")
        dossier = self.book.dossiers[request.pk]
        marked = breaking.standing().filter(request=request).exists()
        if not marked:
            version, now = self.watch.sight.version(request.pk), self.clock.now()
            places = [(line[1], line[2]) for line in self.watch.sight.lines[request.pk]]
            lacks = self.book.lacks(dossier, self.book.valid_approvers(dossier, version, places, now), dossier.risks)
            ended = self.refusal is None and (not agrees or not lacks)
            self.expect(ended, f"The emergency of request {request.pk} ended without {lacks or 'anybody'}.")
        dossier.glass_open = marked

    # --- other decisions ----------------------------------------------------------------------------------------------

    @precondition(waits)
    @rule(who=reviewers, number=which, looks=mostly, comment=st.sampled_from(["no contract", "no contract", ""]))
    def reject(self, who: str, number: int, comment: str, *, looks: bool) -> None:
        request = self.waiting(number)
        if looks:
            self.looks(who, request)
        self.rejects(who, request, comment)

    def rejects(self, who: str, request: ChangeRequest, comment: str) -> None:
        dossier = self.book.dossiers[request.pk]

        def note(_request: ChangeRequest) -> None:
            dossier.rejected = True

        self.act(
            f"{who} rejects request {request.pk}",
            lambda: reviews.reject(
                request=request, reviewer=self.person(who), checksum=request.checksum, comment=comment
            ),
            allowed=self.book.may(who, REVIEWERS) and who not in dossier.authors and bool(comment),
            then=note,
        )

    @precondition(waits)
    @rule(who=reviewers, number=which, other=which)
    def take_back(self, who: str, number: int, other: int) -> None:
        """An approval, by whoever gave it, if anybody did."""
        request = self.waiting(number)
        given = Review.objects.filter(request=request).order_by("pk").values_list("reviewer_name", flat=True)
        who = given[other % len(given)] if given else who
        dossier = self.book.dossiers[request.pk]
        self.act(
            f"{who} takes back their approval of request {request.pk}",
            lambda: reviews.take_back(request=request, reviewer=self.person(who)),
            allowed=who in dossier.approved,
            then=lambda _request: dossier.approved.pop(who),
        )

    @precondition(lambda self: self.count(State.APPROVED))
    @rule(who=editors, number=which)
    def carry_out(self, who: str, number: int) -> None:
        waiting = self.requests(State.APPROVED)
        request = waiting[number % len(waiting)]
        self.act(
            f"{who} carries out request {request.pk}",
            lambda: reviews.carry_out(request=request, actor=self.actor(who)),
            allowed=who == COMMAND or self.book.may(who, EDITORS | REVIEWERS),
        )

    @precondition(lambda self: self.count(State.DRAFT, State.SUBMITTED, State.APPROVED))
    @rule(who=editors, number=which, closed=rarely)
    def withdraw(self, who: str, number: int, *, closed: bool) -> None:
        requests = self.requests(*(State.values if closed else (State.DRAFT, State.SUBMITTED, State.APPROVED)))
        request = requests[number % len(requests)]
        dossier = self.book.dossiers[request.pk]
        self.act(
            f"{who} withdraws request {request.pk}",
            lambda: closing.withdraw(request=request, actor=self.actor(who)),
            allowed=request.is_open and (who == COMMAND or who in dossier.authors),
        )

    # --- what is no approval ------------------------------------------------------------------------------------------

    @precondition(lambda self: self.watch.sight.requests)
    @rule(who=reviewers, number=which, kind=st.sampled_from(["closed", "version", "gate", "gate"]))
    def slip_through(self, who: str, number: int, kind: str) -> None:
        """A draft, what is closed, what is not what was looked at, or no approval at all."""
        closed = kind == "closed"
        requests = [
            request
            for request in self.requests(*State.values)
            if (request.state in {State.SUBMITTED, State.APPROVED}) != closed
            and not reviews.needs_renewal(request)
            and not breaking.is_open(request)
        ]
        if not requests:
            return
        request = requests[number % len(requests)]
        if kind == "gate":
            said = f"{who} applies request {request.pk} past its review"
            self.act(said, lambda: applying.apply(request=request, actor=self.actor(who)))
            return
        checksum = request.checksum if closed else "0" * 64
        said = f"{who} approves request {request.pk}, {request.state}, as {checksum[:6]}"
        self.act(said, lambda: reviews.approve(request=request, reviewer=self.person(who), checksum=checksum))
        self.expect(self.refusal is not None, f"{said}: that is no approval.")
