"""Rules: administrators propose other policies, which two persons make good."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tables import policies
from tables.models import ChangeRequest
from tests.machine.base import Base
from tests.machine.book import COMMAND, MANAGERS, Dossier
from tests.machine.terms import KINDS, terms


class Governing(Base):
    @rule(
        who=st.sampled_from(["dora", "dan", "dora", "sue", COMMAND, "bob", "alice"]),
        kind=st.sampled_from(KINDS),
        reason=st.sampled_from(["agreed", "agreed", ""]),
        fresh=st.sampled_from([True, True, True, False]),
    )
    def propose_policy(self, who: str, kind: str, reason: str, *, fresh: bool) -> None:
        wanted = terms(kind, self.clock.time)
        version = len(self.book.policies)

        def note(request: ChangeRequest) -> None:
            self.book.dossiers[request.pk] = Dossier({who}, None, policy=wanted)

        self.act(
            f"{who} proposes the policy “{kind}”",
            lambda: policies.propose(
                cluster=self.cluster,
                actor=self.actor(who),
                rules=wanted.rules,
                based_on=version if fresh else version + 1,
                reason=reason,
            ),
            allowed=who != COMMAND and self.book.may(who, MANAGERS) and fresh and bool(reason),
            then=note,
        )
