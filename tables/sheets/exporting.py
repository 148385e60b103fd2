"""Tables as spreadsheets: of one table what somebody sees of it, of all of them as they are or were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from tables import audit, disclosing, entries, exporting
from tables.actors import Actor
from tables.errors import ChangeError
from tables.exporting import Written, was_ever_used, write_whole
from tables.models import Cluster
from tables.releases import WHOLE, entries_at, snapshot
from tables.scopes import Scope
from tables.sendmail.masking import Mask
from tables.sendmail.render import entry_of
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.sheets.writing import FORMATS, write
from tables.streams import stream


def found(*, scope: Scope, cluster: Cluster, table: TableSpec, query: str = "", state: str = "all") -> Iterator[Entry]:
    """What the list of a table shows with that search and filter, in the order of the file."""
    listed = entries.listing(scope=scope, cluster=cluster, table=table, query=query, state=state)
    return map(entry_of, stream(listed.values_list(*WHOLE)))


@transaction.atomic
def note(*, cluster: Cluster, actor: Actor, table: TableSpec, detail: dict[str, object], secrets: bool) -> None:
    """Say in the history who takes what away. Raises :class:`Forbidden` for passwords without the right."""
    if secrets:
        disclosing.check_right(actor)
    about = {name: text for name, text in detail.items() if text} | ({"secrets": True} if secrets else {})
    audit.record(actor=actor, action="export", cluster=cluster, table=table.name, detail=about)


def whole_file(*, cluster: Cluster, table: TableSpec, secrets: bool) -> Iterator[bytes]:
    """The flat file with the text between its entries, as it stands now."""
    with snapshot():
        number = Cluster.objects.get(pk=cluster.pk).last_change
        text = exporting.content(cluster=cluster, table=table, change_number=number)
        yield from text if secrets or not table.holds_passwords else Mask().over(text)


def export(
    *, cluster: Cluster, directory: Path, kind: str, change_number: int | None = None, secrets: bool = False
) -> Iterator[Written]:
    """Write a sheet of each table into ``directory``, one at a time, whole or not at all."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChangeError(f"{directory} cannot be made: {error.strerror}. Name another directory.") from error
    with snapshot():
        number = Cluster.objects.get(pk=cluster.pk).last_change if change_number is None else change_number
        for table in TABLES.values():
            if was_ever_used(cluster=cluster, table=table, change_number=number):
                path, counter = directory / f"{table.name}{FORMATS[kind].ending}", _Counter()
                found = entries_at(cluster=cluster, table=table, change_number=number)
                chunks = write(kind, table, counter.over(table, found, secrets=secrets), secrets=True)
                write_whole(path, chunks, private=table.holds_passwords and secrets)
                yield Written(table, path, counter.hidden)


class _Counter:
    """Hides passwords and counts the entries that have any."""

    def __init__(self) -> None:
        self.hidden = 0

    def over(self, table: TableSpec, found: Iterator[Entry], *, secrets: bool) -> Iterator[Entry]:
        for entry in found:
            shown = entry if secrets else table.masked(entry)
            self.hidden += shown != entry
            yield shown
