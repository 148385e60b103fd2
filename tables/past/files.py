"""A table as it was, as a file to take away, and the unified difference of two such files: streams, recorded first."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from django.db import transaction

from mailadmin.accounts.roles import VIEW
from tables import audit, originals
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.exporting import content
from tables.models import Cluster
from tables.past.moments import Moment
from tables.releases import entries_at
from tables.sendmail.commands import CommandError, run
from tables.sendmail.masking import Mask
from tables.sendmail.spec import Entry, TableSpec
from tables.snapshots import snapshot

#: Seconds that ``diff`` may take for one table.
TIMEOUT = 120.0
PART = 1 << 16

#: How entries are written in another format than the flat file's; passwords are hidden in what it is given.
Writer = Callable[[TableSpec, Iterator[Entry]], Iterator[bytes]]


@transaction.atomic
def take(
    *, actor: Actor, cluster: Cluster, table: TableSpec, moment: Moment, write: Writer | None = None
) -> Iterator[bytes]:
    """The flat file as it was, or what ``write`` makes of the entries, its passwords hidden. Recorded before the first
    byte. To be exhausted or closed: until then it reads from one moment of the database."""
    _allow(actor)
    _record(actor, cluster, {"table": table.name, "at": moment.text, "change": moment.change_number})
    if write is None:
        return _flat(cluster, table, moment.change_number)
    return _written(cluster, table, moment.change_number, write)


def _flat(cluster: Cluster, table: TableSpec, change_number: int) -> Iterator[bytes]:
    with snapshot():
        yield from _hidden(table, content(cluster=cluster, table=table, change_number=change_number))


def _written(cluster: Cluster, table: TableSpec, change_number: int, write: Writer) -> Iterator[bytes]:
    with snapshot():
        found = entries_at(cluster=cluster, table=table, change_number=change_number)
        yield from write(table, map(table.masked, found))


@transaction.atomic
def take_difference(
    *, actor: Actor, cluster: Cluster, tables: Sequence[TableSpec], old: Moment, new: Moment
) -> Iterator[bytes]:
    """What ``diff -u`` says of the files at two points, one table after the other, with passwords hidden."""
    _allow(actor)
    names = ", ".join(table.name for table in tables)
    _record(actor, cluster, {"tables": names, "from": old.change_number, "to": new.change_number})
    return _differences(cluster, tables, old, new)


def _differences(cluster: Cluster, tables: Sequence[TableSpec], old: Moment, new: Moment) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="mailadmin-") as folder, snapshot():
        for table in tables:
            found = _difference(cluster, table, old, new, Path(folder))
            with found.open("rb") as stream:
                yield from _hidden(table, iter(partial(stream.read, PART), b""))


def _difference(cluster: Cluster, table: TableSpec, old: Moment, new: Moment, folder: Path) -> Path:
    """A file with the difference, in a folder that nobody else reads."""
    found, files = folder / "difference", [folder / "old", folder / "new"]
    for file, moment in zip(files, (old, new), strict=True):
        with file.open("wb") as stream:
            stream.writelines(content(cluster=cluster, table=table, change_number=moment.change_number))
    labels = [f"--label={table.name} at {moment.words}" for moment in (old, new)]
    argv = ["diff", "-u", "--text", "--speed-large-files", *labels, "--", *map(str, files)]
    try:
        result = run(argv, stdout=found, timeout=TIMEOUT)
    except CommandError as error:
        raise ChangeError(f"The files of {table.name} cannot be compared: {error}") from error
    if result.returncode > 1:
        raise ChangeError(f"The files of {table.name} cannot be compared: {result.stderr.strip()}.")
    return found


def _hidden(table: TableSpec, chunks: Iterator[bytes]) -> Iterator[bytes]:
    return Mask().over(chunks) if table.holds_passwords else chunks


def _allow(actor: Actor) -> None:
    if actor.person is not None and not actor.person.has_perm(VIEW):
        raise Forbidden("You may not see the tables. Ask an administrator for a role.")
    originals.refuse_limited(actor)


def _record(actor: Actor, cluster: Cluster, detail: dict[str, object]) -> None:
    audit.record(actor=actor, action="export", cluster=cluster, detail={**detail, "passwords": "hidden"})
