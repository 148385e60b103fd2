"""Rules: releases are cut and published into a real directory by the real publisher, rolled back; and time passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tables import closing, publishing, releases, undoing
from tables.models import ChangeRequest, Host, Publication, Release
from tables.sendmail.parse import read_table
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.base import PEOPLE, Base
from tests.machine.book import COMMAND, EDITORS, PUBLISHERS, Wish
from tests.machine.editing import editors, rarely, which
from tests.places import place

State = ChangeRequest.State
publishers = st.sampled_from(["alice", "bob", "dora", COMMAND, *PEOPLE])


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
        release = Release.objects.get(number=sorted(self.book.releases)[number % len(self.book.releases)])
        target = self.book.states[release.change_number]
        self.takes_back(
            f"{who} returns to {release}",
            who,
            target,
            lambda: undoing.back_to(release=release, actor=self.actor(who), reason=reason),
        )

    @precondition(lambda self: self.book.origins)
    @rule(who=editors, number=which, reason=st.sampled_from(["wrong", ""]))
    def undo(self, who: str, number: int, reason: str) -> None:
        """What one request did, the other way round; not over what somebody changed since."""
        pks = sorted(self.book.standing(0))
        request = ChangeRequest.objects.get(pk=pks[number % len(pks)])
        target = dict(self.book.state)
        for change, (origin, touched) in self.book.origins.items():
            if origin == request.pk:
                target.pop(touched, None)
                if touched in self.book.states[change - 1]:
                    target[touched] = self.book.states[change - 1][touched]
        self.takes_back(
            f"{who} undoes {request}",
            who,
            target,
            lambda: undoing.undo(request=request, actor=self.actor(who), reason=reason),
        )

    def takes_back(
        self, said: str, who: str, target: dict[tuple[str, str], Entry], do: Callable[[], ChangeRequest]
    ) -> None:
        now = self.book.state
        places = {place for place in now.keys() | target.keys() if now.get(place) != target.get(place)}
        wishes = {place: _wish(target.get(place)) for place in places}
        allowed = self.book.may(who, EDITORS) and self.book.covers(who, places)
        self.act(said, do, allowed=allowed, then=self.open_dossier(who, wishes))

    @precondition(lambda self: self.count(State.SUBMITTED, State.APPROVED) or self.book.number)
    @rule(hours=st.sampled_from([1, 1, 30, 30, 80, 24 * 8, 24 * 15]), tidies=st.booleans())
    def wait(self, hours: int, *, tidies: bool) -> None:
        self.act(f"time passes, {hours} hours", lambda: self.clock.forward(timedelta(hours=hours)))
        if tidies:
            self.act("mailadmin closes what nobody decided", closing.expire)


def _wish(entry: Entry | None) -> Wish:
    return None if entry is None else (entry.value, entry.comment, entry.enabled)


def _items(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    parsed = read_table(TABLES[path.name], lambda: path.open("rb"), local_names=frozenset())
    return [found.item for found in parsed if isinstance(found.item, Entry)]
