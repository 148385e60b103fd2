"""How a run begins, and what is checked once more at its end."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from hypothesis.strategies._internal.featureflags import FeatureFlags

from tables import breaking, importing
from tables.audit import Finding
from tables.models import Change, Release
from tables.releases import entries_at, release_checksum
from tables.sendmail.tables import TABLES
from tables.verifying import verify
from tests.machine.base import COUNTED, Base
from tests.machine.book import COMMAND, Dossier
from tests.machine.material import file_text, lines
from tests.machine.people import people_now
from tests.machine.states import replay
from tests.machine.watch import head

#: What is always said of one person of the cast.
SUPERUSER = Finding("person sue", "They are a superuser, which the panel makes nobody.")


class Whole(Base):
    """A run from the first entries to the last check; which rules come between is for its subclasses to say."""

    def __init__(self) -> None:
        super().__init__()
        # Hypothesis turns a random part of the rules off in each run, so that few requests get to their end. There is
        # no public way to have all of them.
        assert hasattr(self._rules_strategy, "enabled_rules_strategy")
        self._rules_strategy.enabled_rules_strategy = st.just(FeatureFlags())

    @initialize(lines=st.none() | lines)
    def begin_with(self, lines: list[tuple[str, str, str]] | None) -> None:
        """With empty tables, or with what was live before."""
        if lines is None:
            return
        with TemporaryDirectory(prefix="machine-") as directory:
            for table in {table for table, _key, _value in lines}:
                pairs = [(key, value) for name, key, value in lines if name == table]
                (Path(directory) / table).write_text(file_text(table, pairs))
            files = importing.find_files(Path(directory))
            importing.baseline(cluster=self.cluster, actor=self.actor(COMMAND), files=files, force=set(files))
        self._note(f"{COMMAND} takes over {lines}")
        self.book.state = head(self.cluster)
        self.book.states = {0: self.book.state, 1: self.book.state}
        self.book.number = 1
        stands = {(table, key): entry.value for (table, key), entry in self.book.state.items()}
        self.expect(
            stands == {(table, key): value for table, key, value in lines}, f"The baseline of {lines} is {stands}."
        )
        baseline = self.requests("applied")[0]
        self.book.dossiers[baseline.pk] = Dossier(set(), None)
        self.watch.done(self.clock.now())

    # --- once, at the end of a run ------------------------------------------------------------------------------------

    def finish(self) -> None:
        self.watch.nothing_else_was_written()
        findings = [found for found in verify() if found != SUPERUSER]
        self.expect(not findings, f"The history does not hold: {findings}")
        COUNTED.update(f"requests {said[0]}" for said in self.watch.sight.requests.values())
        self.log_gives_the_tables()
        self.releases_are_what_they_were()
        known = {name: (person.roles, person.active, person.superuser) for name, person in self.book.people.items()}
        self.expect(people_now() == known, "Somebody's rights changed by no act of an administrator.")
        open_ones = {pk for pk, dossier in self.book.dossiers.items() if dossier.glass_open}
        marked = set(breaking.standing().values_list("request", flat=True))
        self.expect(marked == open_ones, f"Emergencies {open_ones} wait for a review, and {marked} are marked.")
        connection.check_constraints()

    def log_gives_the_tables(self) -> None:
        changes = Change.objects.filter(cluster=self.cluster, number__isnull=False).order_by("number")
        start = self.book.states[0]
        self.expect(replay(start, changes) == self.book.state, "The change log does not give the tables.")
        COUNTED["changes replayed"] += len(changes)

    def releases_are_what_they_were(self) -> None:
        after = 0
        for release in Release.objects.filter(cluster=self.cluster).order_by("number"):
            number = release.change_number
            for name, table in TABLES.items():
                found = {
                    (name, entry.key): entry
                    for entry in entries_at(cluster=self.cluster, table=table, change_number=number)
                }
                meant = {place: entry for place, entry in self.book.states[number].items() if place[0] == name}
                self.expect(found == meant, f"{release} holds {found} in {name}, and was cut with {meant}.")
            self.expect(
                release_checksum(self.cluster, after, number) == release.checksum,
                f"The changes of {release} are not those that it was cut with.",
            )
            after = number
            COUNTED["releases looked at"] += 1
