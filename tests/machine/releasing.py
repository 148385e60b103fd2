"""Rules: releases are cut and published into a real directory by the real publisher, rolled back; and time passes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tables import changes, closing, publishing, releases
from tables.models import ChangeRequest, Host, Publication
from tables.sendmail.parse import read_table
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.base import CAST, Base
from tests.machine.book import COMMAND, EDITORS, PUBLISHERS, Dossier
from tests.machine.editing import editors, rarely, which
from tests.places import place

State = ChangeRequest.State
publishers = st.sampled_from(["alice", "bob", "dora", COMMAND, *CAST])


class Releasing(Base):
    def __init__(self) -> None:
        super().__init__()
        directory = self.stack.enter_context(place()) / "mail"
        directory.mkdir()
        self.stack.enter_context(
            override_settings(
                MAIL_DIR=directory,
                SENDMAIL_CF=directory.parent / "none.cf",
                SENDMAIL_DAEMON="no",
                HOST_NAME="mx.test.example",
            )
        )
        self.host = publishing.register_host()

    @precondition(lambda self: self.book.number > max(self.book.releases.values(), default=0))
    @rule(who=publishers, override=rarely)
    def cut(self, who: str, *, override: bool) -> None:
        release = self.act(
            f"{who} publishes",
            lambda: releases.cut(cluster=self.cluster, actor=self.actor(who), reason="due", override=override),
            allowed=self.book.may(who, PUBLISHERS),
        )
        if release is not None:
            self.expect(release.change_number == self.book.number, f"{release} lacks what was applied before it.")

    @precondition(lambda self: Publication.objects.filter(state=Publication.State.QUEUED).exists())
    @rule()
    def converge(self) -> None:
        publication = self.act(
            "publisher converges", lambda: publishing.converge(host=Host.objects.get(pk=self.host.pk))
        )
        if publication is not None and publication.state == Publication.State.SUCCEEDED:
            self.is_live(publication.release.number)

    def is_live(self, release: int) -> None:
        """What sendmail would read is what the tables said at that release, and nothing that came later."""
        state = self.book.states[self.book.releases[release]]
        meant = {place: entry.value for place, entry in state.items() if entry.enabled}
        found = {
            (name, item.key): item.value for name in TABLES for item in _items(settings.MAIL_DIR / name) if item.enabled
        }
        self.expect(found == meant, f"Live is {found}, but release {release} is {meant}.")

    @precondition(lambda self: self.book.releases)
    @rule(who=editors, number=which, reason=st.sampled_from(["too early", ""]))
    def go_back(self, who: str, number: int, reason: str) -> None:
        """A request of everything that differs from an older release: it passes the same gate."""
        release = sorted(self.book.releases)[number % len(self.book.releases)]
        target = self.book.states[self.book.releases[release]]
        self.inverse(f"{who} goes back to release {release}", who, target, reason, ChangeRequest.Kind.ROLLBACK)

    @precondition(lambda self: self.book.origins)
    @rule(who=editors, number=which, reason=st.sampled_from(["wrong", ""]))
    def undo(self, who: str, number: int, reason: str) -> None:
        """What one request did, the other way round."""
        pks = sorted(self.book.standing(0))
        pk = pks[number % len(pks)]
        target = dict(self.book.state)
        for change, (origin, touched) in self.book.origins.items():
            if origin == pk:
                target.pop(touched, None)
                if touched in self.book.states[change - 1]:
                    target[touched] = self.book.states[change - 1][touched]
        self.inverse(f"{who} undoes request {pk}", who, target, reason, ChangeRequest.Kind.REVERT)

    def inverse(self, said: str, who: str, target: dict[tuple[str, str], Entry], reason: str, kind: str) -> None:
        now = self.book.state
        places = sorted(place for place in now.keys() | target.keys() if now.get(place) != target.get(place))

        def do() -> ChangeRequest:
            request = changes.draft(cluster=self.cluster, actor=self.actor(who), kind=kind, reason=reason)
            for name, key in places:
                pair = (now.get((name, key)), target.get((name, key)))
                changes.propose_many(request=request, actor=self.actor(who), table=TABLES[name], pairs=[pair])
            self.book.dossiers[request.pk] = Dossier({who} - {COMMAND}, None)
            return changes.submit(request=request, actor=self.actor(who))

        self.act(said, transaction.atomic(do), allowed=self.book.may(who, EDITORS))

    @rule(hours=st.sampled_from([1, 30, 80, 24 * 8, 24 * 15]), tidies=st.booleans())
    def wait(self, hours: int, *, tidies: bool) -> None:
        self.act(f"time passes, {hours} hours", lambda: self.clock.forward(timedelta(hours=hours)))
        if tidies:
            self.act("mailadmin closes what nobody decided", closing.expire)


def _items(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    parsed = read_table(TABLES[path.name], lambda: path.open("rb"), local_names=frozenset())
    return [found.item for found in parsed if isinstance(found.item, Entry)]
