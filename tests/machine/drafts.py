"""Rules: several people write one draft, and one of them hands it in."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tables import changes
from tables.entries import get_entry
from tables.models import ChangeRequest
from tables.placing import position_for
from tables.sendmail.render import changed, switched
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.base import Base
from tests.machine.book import COMMAND, EDITORS
from tests.machine.editing import editors, mostly, reasons, which
from tests.machine.material import VALUES, wishes

State = ChangeRequest.State


class Drafts(Base):
    def draft(self, number: int) -> ChangeRequest:
        drafts = self.requests(State.DRAFT)
        return drafts[number % len(drafts)]

    def has_draft(self) -> bool:
        return self.count(State.DRAFT) > 0

    @precondition(lambda self: self.count(State.DRAFT) < 2)
    @rule(who=editors, reason=reasons)
    def begin(self, who: str, reason: str) -> None:
        self.act(
            f"{who} begins a draft",
            lambda: changes.draft(cluster=self.cluster, actor=self.actor(who), reason=reason),
            allowed=self.book.may(who, EDITORS),
            then=self.open_dossier(who, {}),
        )

    @precondition(has_draft)
    @rule(who=editors, number=which, wish=wishes, over=st.booleans(), stays=mostly, enabled=mostly)
    def add(self, who: str, number: int, wish: tuple[str, str, str], *, over: bool, stays: bool, enabled: bool) -> None:
        """A line more, or another one in its place: whoever wrote either is an author from then on."""
        request = self.draft(number)
        table, key, value = wish
        if over and (lines := self.book.dossiers[request.pk].wishes):
            table, key = sorted(lines)[number % len(lines)]
            value = VALUES[table][number % len(VALUES[table])]
        after = self.made(table, key, value, enabled=enabled) if stays else None

        def note(_change: object) -> None:
            dossier = self.book.dossiers[request.pk]
            dossier.authors |= {who} - {COMMAND}
            assert dossier.wishes is not None
            if after != self.book.state.get((table, key)):
                dossier.wishes[table, key] = (after.value, after.comment, after.enabled) if after else None

        self.act(
            f"{who} adds {key} in {table} = {value!r} to draft {request.pk}"
            if stays
            else f"{who} adds the end of {key} in {table} to draft {request.pk}",
            lambda: changes.propose(request=request, actor=self.actor(who), table=TABLES[table], key=key, after=after),
            allowed=self.book.may(who, EDITORS),
            then=note,
        )

    def made(self, name: str, key: str, value: str, *, enabled: bool) -> Entry:
        table = TABLES[name]
        stands = get_entry(cluster=self.cluster, table=table, key=key)
        if stands is None:
            return Entry(key, value, "", enabled, position_for(cluster=self.cluster, table=table, key=key))
        return switched(table, changed(table, stands, value=value, comment=stands.comment), enabled)

    @precondition(has_draft)
    @rule(who=editors, number=which, reason=reasons)
    def hand_in(self, who: str, number: int, reason: str) -> None:
        request = self.draft(number)

        def note(_request: ChangeRequest) -> None:
            dossier = self.book.dossiers[request.pk]
            dossier.authors |= {who} - {COMMAND}

        self.act(
            f"{who} submits draft {request.pk}",
            lambda: changes.submit(request=request, actor=self.actor(who), reason=reason),
            allowed=self.book.may(who, EDITORS),
            then=note,
        )
