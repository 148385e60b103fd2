"""Rules: requests that wait are edited, brought up to date and asked about."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tables import amending, threads
from tables.models import Change, ChangeRequest, Remark
from tables.sendmail.spec import Entry
from tables.states import from_json
from tests.machine.base import Base
from tests.machine.book import COMMAND, EDITORS, REVIEWERS
from tests.machine.editing import editors, mostly, rarely, reasons, which
from tests.machine.material import VALUES
from tests.machine.reviewing import reviewers

State = ChangeRequest.State
MENDABLE = (State.SUBMITTED, State.APPROVED, State.CONFLICTED)


class Mending(Base):
    def mendable(self, number: int) -> ChangeRequest:
        found = [request for request in self.requests(*MENDABLE) if request.kind != ChangeRequest.Kind.POLICY]
        return found[number % len(found)]

    def can_mend(self) -> bool:
        found = self.watch.sight.requests.values()
        return any(said[0] in MENDABLE and said[1] != ChangeRequest.Kind.POLICY for said in found)

    @precondition(can_mend)
    @rule(who=editors, number=which, line=which, value=which, drops=rarely, fresh=mostly, reason=reasons)
    def amend(self, who: str, number: int, line: int, value: int, reason: str, *, drops: bool, fresh: bool) -> None:
        """One line gets another value, or is left out; whoever does that is an author from then on."""
        request = self.mendable(number)
        lines = list(request.changes.order_by("id"))
        change = lines[line % len(lines)]
        wanted = None if drops else self.other_value(change, value)
        dossier = self.book.dossiers[request.pk]

        def note(_request: ChangeRequest) -> None:
            dossier.authors |= {who} - {COMMAND}
            if dossier.wishes is not None:
                place = change.table, change.key
                if wanted is None:
                    del dossier.wishes[place]
                else:
                    dossier.wishes[place] = wanted.value, wanted.comment, wanted.enabled

        said = f"{who} edits request {request.pk}: {change.key} in {change.table} "
        self.act(
            said + ("is left out" if wanted is None else f"becomes {wanted.value!r}"),
            lambda: amending.amend(
                request=request,
                actor=self.actor(who),
                seen=request.checksum if fresh else "0" * 64,
                lines={change.pk: wanted},
                reason=reason,
                confirmed=True,
            ),
            allowed=self.book.may(who, EDITORS) and fresh,
            then=note,
        )

    def other_value(self, change: Change, number: int) -> Entry:
        values = VALUES[change.table]
        was = from_json(change.key, change.after)
        return Entry(change.key, values[number % len(values)], was.comment if was else "", was.enabled if was else True)

    @precondition(can_mend)
    @rule(who=editors, number=which)
    def bring_up_to_date(self, who: str, number: int) -> None:
        request = self.mendable(number)
        dossier = self.book.dossiers[request.pk]

        def note(_request: ChangeRequest) -> None:
            dossier.authors |= {who} - {COMMAND}
            dossier.wishes = None  # of each entry only what it changes

        self.act(
            f"{who} updates request {request.pk}",
            lambda: amending.bring_up_to_date(request=request, actor=self.actor(who)),
            allowed=self.book.may(who, EDITORS),
            then=note,
        )

    # --- threads ------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.count(State.SUBMITTED, State.APPROVED))
    @rule(who=reviewers, number=which)
    def ask(self, who: str, number: int) -> None:
        waiting = self.requests(State.SUBMITTED, State.APPROVED)
        request = waiting[number % len(waiting)]
        self.act(
            f"{who} asks about request {request.pk}",
            lambda: threads.ask(request=request, person=self.person(who), text="Why?"),
            allowed=self.book.may(who, EDITORS | REVIEWERS),
            then=lambda thread: self.book.dossiers[request.pk].threads.add(thread.pk),
        )

    @precondition(lambda self: any(dossier.threads for dossier in self.book.dossiers.values()))
    @rule(who=reviewers, number=which, itself=st.booleans())
    def resolve(self, who: str, number: int, *, itself: bool) -> None:
        """``itself``: whoever asked does."""
        found = sorted((pk, thread) for pk, dossier in self.book.dossiers.items() for thread in dossier.threads)
        pk, number = found[number % len(found)]
        thread, dossier = Remark.objects.get(pk=number), self.book.dossiers[pk]
        who = thread.author_name if itself else who
        self.act(
            f"{who} resolves a thread of request {pk}",
            lambda: threads.resolve(thread=thread, person=self.person(who)),
            allowed=self.book.may(who, EDITORS | REVIEWERS)
            and (who == thread.author_name or who not in dossier.authors),
            then=lambda _request: dossier.threads.discard(thread.pk),
        )
