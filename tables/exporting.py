"""The tables as flat files, of now or of any earlier moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tables import archives, dates
from tables.errors import ChangeError
from tables.models import Change, Cluster, PassageChange, Release
from tables.releases import file_rows, snapshot
from tables.sendmail.masking import Mask
from tables.sendmail.render import render_rows
from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import TABLES


def change_number_at(cluster: Cluster, at: str) -> int:
    """The last change before a point named as a release's number or a time (ISO 8601)."""
    if at.isdecimal() and at.isascii():
        release = Release.objects.filter(cluster=cluster, number=int(at)).first()
        if release is None:
            raise ChangeError(f"There is no release {at}. Name an existing one or a time like 2026-01-31T12:00.")
        return release.change_number
    moment = moment_of(at, otherwise="Or name a release by its number.")
    before = Change.objects.filter(cluster=cluster, number__isnull=False, applied_at__lte=moment)
    texts = PassageChange.objects.filter(cluster=cluster, number__isnull=False, request__closed_at__lte=moment)
    # The log is in the order of time: by that the index knows the last one.
    last = [before.order_by("-applied_at", "-number").values_list("number", flat=True).first() or 0]
    last += [texts.order_by("-number").values_list("number", flat=True).first() or 0]
    if any(last):
        return max(last)
    start = archives.baseline(cluster)
    if start is None or start.at > moment:
        raise ChangeError(f"The tables held nothing at {at}. Name a later time.")
    return 1


def moment_of(at: str, *, otherwise: str = "") -> datetime:
    """A time as somebody wrote it, who may write ``otherwise`` as well. Raises :class:`ChangeError`."""
    try:
        return dates.read_moment(at)
    except dates.BadMomentError as error:
        raise ChangeError(f"{error.message} {error.remedy} {otherwise}".strip()) from None


def content(*, cluster: Cluster, table: TableSpec, change_number: int) -> Iterator[bytes]:
    """The bytes of one table's file, in chunks."""
    return render_rows(table, file_rows(cluster=cluster, table=table, change_number=change_number))


def was_ever_used(*, cluster: Cluster, table: TableSpec, change_number: int) -> bool:
    """Whether a table has text, entries or a history: one without has no file."""
    if next(file_rows(cluster=cluster, table=table, change_number=change_number), None) is not None:
        return True
    start = archives.baseline(cluster)
    applied = Change.objects.filter(cluster=cluster, table=table.name, number__isnull=False)
    return (start is not None and table.name in start.tables) or applied.exists()


class Written(NamedTuple):
    """One file of an export, and in how many of its lines passwords are hidden."""

    table: TableSpec
    path: Path
    hidden: int


def export(
    *, cluster: Cluster, directory: Path, change_number: int | None = None, secrets: bool = False
) -> Iterator[Written]:
    """Write each table's file into ``directory``, one at a time, whole or not at all.

    Passwords are dots unless ``secrets`` are wanted, and then their file is for its owner alone.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChangeError(f"{directory} cannot be made: {error.strerror}. Name another directory.") from error
    with snapshot():
        cluster = Cluster.objects.get(pk=cluster.pk)
        number = cluster.last_change if change_number is None else change_number
        for table in TABLES.values():
            if was_ever_used(cluster=cluster, table=table, change_number=number):
                path, mask = directory / table.name, Mask()
                text = content(cluster=cluster, table=table, change_number=number)
                private = table.holds_passwords and secrets
                write_whole(path, mask.over(text) if table.holds_passwords and not secrets else text, private=private)
                yield Written(table, path, mask.lines)


def write_whole(path: Path, chunks: Iterator[bytes], *, private: bool) -> None:
    """A file that is there whole or not at all; what stood there before stays until then."""
    with replacing(path) as unfinished, unfinished.open("wb") as stream:
        if private:
            unfinished.chmod(0o600)
        stream.writelines(chunks)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to be written inside; it takes the place of ``path`` at the end, or is gone if that comes to nothing."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise ChangeError(f"{path} cannot be written: {error.strerror}. What stood there is untouched.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
