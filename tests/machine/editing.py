"""Rules: people edit the seven tables, entry by entry, several at once and by files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tables import changes, importing
from tables.errors import Forbidden, KeyHeld, NotDelegated, ReasonMissing
from tables.models import ChangeRequest
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.base import PEOPLE, Base
from tests.machine.book import COMMAND, EDITORS, Wish
from tests.machine.material import KEYS, VALUES, comments, file_text, lines, wishes
from tests.machine.states import only_tightens

State = ChangeRequest.State
Place = tuple[str, str]

#: Mostly those who may.
editors = st.sampled_from(["alice", "amy", "dora", "pat", "alice", "amy", COMMAND, *PEOPLE])
reasons = st.sampled_from(["wanted", "wanted", "wanted", ""])
rarely = st.sampled_from([False, False, False, False, True])
mostly = st.sampled_from([True, True, True, True, False])
which = st.integers(0, 40)


class Editing(Base):
    """One act is one request, made and submitted in the same breath."""

    def stands(self, place: Place) -> str:
        return changes.entry_checksum(self.book.state.get(place))

    def seen(self, place: Place, *, stale: bool) -> str:
        """What a form remembers of the entry; ``stale``: it was opened before the entry's last change."""
        numbers = [number for number, (_pk, touched) in self.book.origins.items() if touched == place]
        if stale and numbers:
            return changes.entry_checksum(self.book.states[max(numbers) - 1].get(place))
        return self.stands(place)

    def edits(
        self, said: str, who: str, place: Place, wish: Wish, seen: str, do: Callable[[], ChangeRequest]
    ) -> ChangeRequest | None:
        """An act about one entry: nobody overwrites what they did not see, and what tightens never waits."""
        allowed = self.book.may(who, EDITORS) and self.book.covers(who, [place])
        fresh = seen == self.stands(place)
        tightens = self.tightens(place, wish)
        made = self.act(said, do, allowed=allowed, then=self.open_dossier(who, {place: wish}))
        self.expect(made is None or fresh, f"{said} went through, though it was made from what no longer stood.")
        limited = isinstance(self.refusal, NotDelegated)  # by where it leads
        if tightens and allowed and fresh and not limited:
            waits = made is not None and made.state != State.APPLIED
            held = made is None and isinstance(self.refusal, (KeyHeld, ReasonMissing, Forbidden))
            self.expect(not waits and not held, f"{said} only tightens, and has to wait: {self.refusal}")
        return made

    def tightens(self, place: Place, wish: Wish) -> bool:
        table, key = place
        after = None if wish is None else Entry(key, *wish)
        return only_tightens(self.book.state, [(table, key, self.book.state.get(place), after)])

    def contested(self) -> list[Place]:
        """What the open requests are about."""
        sight = self.watch.sight
        return sorted({(line[1], line[2]) for pk, lines in sight.lines.items() if sight.is_open(pk) for line in lines})

    @rule(
        who=editors,
        wish=wishes,
        comment=comments,
        enabled=mostly,
        stale=rarely,
        reason=reasons,
        number=which,
        contests=st.booleans(),
    )
    def edit(
        self,
        who: str,
        wish: tuple[str, str, str],
        comment: str,
        reason: str,
        number: int,
        *,
        enabled: bool,
        stale: bool,
        contests: bool,
    ) -> None:
        """Adds the entry where there is none. Now and then it is one that an open request is about."""
        table, key, value = wish
        if contests and (places := self.contested()):
            table, key = places[number % len(places)]
            value = VALUES[table][number % len(VALUES[table])]
        place, seen = (table, key), self.seen((table, key), stale=stale)
        there = place in self.book.state
        self.edits(
            f"{who} edits {key} in {table} to {value!r}{'' if enabled else ', off'}",
            who,
            place,
            (value, comment, enabled),
            seen if there else "",
            lambda: changes.save_entry(
                cluster=self.cluster,
                actor=self.actor(who),
                table=TABLES[table],
                original_key=key if there else None,
                typed=Entry(key, value, comment, enabled),
                seen=seen,
                reason=reason,
                confirmed=True,
            ),
        )

    @precondition(lambda self: self.book.state)
    @rule(who=editors, number=which, stale=rarely, reason=reasons, contests=st.booleans())
    def remove(self, who: str, number: int, reason: str, *, stale: bool, contests: bool) -> None:
        place = self.standing(number, contests=contests)
        table, key = place
        seen = self.seen(place, stale=stale)
        self.edits(
            f"{who} removes {key} from {table}",
            who,
            place,
            None,
            seen,
            lambda: changes.delete_entry(
                cluster=self.cluster, actor=self.actor(who), table=TABLES[table], key=key, seen=seen, reason=reason
            ),
        )

    @precondition(lambda self: self.book.state)
    @rule(who=editors, number=which, enabled=st.booleans(), stale=rarely, reason=reasons)
    def switch(self, who: str, number: int, *, enabled: bool, stale: bool, reason: str) -> None:
        place = self.standing(number)
        table, key = place
        stood, seen = self.book.state[place], self.seen(place, stale=stale)
        self.edits(
            f"{who} switches {key} in {table} {'on' if enabled else 'off'}",
            who,
            place,
            (stood.value, stood.comment, enabled),
            seen,
            lambda: changes.switch_entry(
                cluster=self.cluster,
                actor=self.actor(who),
                table=TABLES[table],
                key=key,
                enabled=enabled,
                seen=seen,
                reason=reason,
            ),
        )

    def standing(self, number: int, *, contests: bool = False) -> Place:
        places = [place for place in self.contested() if place in self.book.state] if contests else []
        places = places or sorted(self.book.state)
        return places[number % len(places)]

    @precondition(lambda self: self.book.state)
    @rule(who=editors, number=which, new=which, reason=reasons)
    def rename(self, who: str, number: int, new: int, reason: str) -> None:
        place = table, key = self.standing(number)
        stood = self.book.state[place]
        other = KEYS[table][new % len(KEYS[table])]
        if other == key:
            return
        self.act(
            f"{who} renames {key} in {table} to {other}",
            lambda: changes.save_entry(
                cluster=self.cluster,
                actor=self.actor(who),
                table=TABLES[table],
                original_key=key,
                typed=Entry(other, stood.value, stood.comment, stood.enabled),
                seen=self.stands(place),
                reason=reason,
                confirmed=True,
            ),
            allowed=self.book.may(who, EDITORS),
            then=self.open_dossier(who, {place: None, (table, other): (stood.value, stood.comment, stood.enabled)}),
        )

    @precondition(lambda self: self.book.state)
    @rule(who=editors, number=which, keys=st.sets(which, min_size=2, max_size=3), reason=reasons)
    def part(self, who: str, number: int, keys: set[int], reason: str) -> None:
        """Several entries with its value come into the place of one."""
        place = table, key = self.standing(number)
        stood = self.book.state[place]
        names = sorted({KEYS[table][number % len(KEYS[table])] for number in keys})
        self.act(
            f"{who} parts {key} in {table} into {', '.join(names)}",
            lambda: changes.save_entries(
                cluster=self.cluster,
                actor=self.actor(who),
                table=TABLES[table],
                original_key=key,
                typed=[Entry(name, stood.value, enabled=stood.enabled) for name in names],
                seen=self.stands(place),
                reason=reason,
                confirmed=True,
            ),
            allowed=self.book.may(who, EDITORS),
            then=self.open_dossier(who, None),
        )

    @rule(who=editors, lines=lines, mode=st.sampled_from([importing.MERGE, importing.REPLACE]), reason=reasons)
    def take_file(self, who: str, lines: list[tuple[str, str, str]], mode: str, reason: str) -> None:
        """One small file for each table of the lines."""
        wanted = {(table, key): value for table, key, value in lines}
        tables = {table for table, _key in wanted}
        with TemporaryDirectory(prefix="machine-") as directory:
            for table in tables:
                pairs = [(key, value) for (name, key), value in wanted.items() if name == table]
                (Path(directory) / table).write_text(file_text(table, pairs))
            made = self.act(
                f"{who} imports {lines} ({mode})",
                lambda: (
                    importing.request_import(
                        cluster=self.cluster,
                        actor=self.actor(who),
                        files=importing.find_files(Path(directory)),
                        mode=mode,
                        reason=reason,
                        force=tables,
                    ).request
                ),
                allowed=self.book.may(who, EDITORS),
                then=lambda request: request and self.open_dossier(who, None)(request),
            )
        if made is not None and made.state == State.APPLIED:
            self.says_what_the_files_said(wanted, tables, mode)

    def says_what_the_files_said(self, wanted: dict[Place, str], tables: set[str], mode: str) -> None:
        stands = {
            place: entry.value for place, entry in self.book.state.items() if place[0] in tables and entry.enabled
        }
        if mode == importing.MERGE:
            stands = {place: value for place, value in stands.items() if place in wanted}
        self.expect(stands == wanted, f"The files said {wanted}, the tables say {stands}.")
