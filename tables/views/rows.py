"""Entries as a list shows them: what they put at risk, what is wrong with them, and which open request holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tables import seeing
from tables.entries import look_around
from tables.models import ChangeRequest, Cluster
from tables.scopes import Scope
from tables.sendmail.risk.together import risks_apart
from tables.sendmail.spec import ABOUT, Entry, Risk, TableSpec
from tables.views.beside import Troubles, troubles_of


@dataclass(frozen=True, slots=True)
class Row:
    entry: Entry
    risks: list[Risk]
    held_by: ChangeRequest | None
    troubles: Troubles | None

    @property
    def marked(self) -> bool:
        """Whether there is anything to say about it but its text."""
        entry, notes = self.entry, self.troubles and self.troubles.notes
        return bool(not entry.enabled or self.risks or self.held_by or notes or any(getattr(entry, n) for n in ABOUT))

    @property
    def plain(self) -> bool:
        """Whether its row is nothing but its key, its value and what can be done with it."""
        return not (self.marked or self.troubles or self.entry.comment or not self.entry.key)


def rows_of(scope: Scope, cluster: Cluster, table: TableSpec, entries: Sequence[Entry]) -> list[Row]:
    held = seeing.holders(scope, cluster, table, [entry.key for entry in entries])
    # By standing there: as if it were new.
    risks = risks_apart([(table, None, entry) for entry in entries], look_around(cluster))
    troubles = troubles_of(scope, cluster, table, entries)
    return [
        Row(entry, sorted(risk), held.get(entry.key), troubles.get(entry.key))
        for entry, risk in zip(entries, risks, strict=True)
    ]
