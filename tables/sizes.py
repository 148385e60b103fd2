"""How much one person changes of a table without anybody else, so that splitting does not slip under a threshold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from tables.entries import rows
from tables.judging import tightens, tightens_by_parts
from tables.models import Change, ChangeRequest, Cluster
from tables.rules import Size
from tables.sendmail.tables import TABLES

#: A person, or the name of a command.
Author = tuple[int | None, str]


def large(*, request: ChangeRequest, changes: Sequence[Change], limits: Collection[Size]) -> list[str]:
    """The tables of which too much would be changed: by this request and, within the window, by its authors alone.

    Entries that are changed or deleted count, each once; those that are new or whose change only tightens do not.
    """
    if request.kind == ChangeRequest.Kind.SCHEDULE:
        return []  # who set so many dates was asked then
    counted = [change for change in changes if change.action != Change.Action.CREATE]
    if not counted or not _too_many(request, counted, limits):
        return []
    most, harmful = _too_many(request, counted, limits), []
    found: list[str] = []
    # A part after the other: of a hundred thousand, the first thousands mostly say already that they are too many.
    for part, closing in tightens_by_parts(request.cluster, changes):
        closed = zip(part, closing, strict=True)
        harmful += [change for change, closes in closed if not closes and change.action != Change.Action.CREATE]
        found = _too_many(request, harmful, limits)
        if found == most:
            break
    return found


def mark(*, cluster: Cluster, changes: Sequence[Change], approved: bool) -> None:
    """Note in changes that are about to be applied whether they count later. Saving them is the caller's."""
    closing = [True] * len(changes) if approved else tightens(cluster, changes)
    for change, closes in zip(changes, closing, strict=True):
        change.alone = not closes


def _too_many(request: ChangeRequest, counted: Sequence[Change], limits: Collection[Size]) -> list[str]:
    tables = sorted({change.table for change in counted})
    return [name for name in tables if any(_is_large(request, name, counted, limit) for limit in limits)]


def _is_large(request: ChangeRequest, table: str, counted: Sequence[Change], limit: Size) -> bool:
    here = [change for change in counted if change.table == table]
    own = {change.key for change in here}
    return any(_exceeds(request.cluster, table, author, own, limit) for author in _authors(request, here))


def _authors(request: ChangeRequest, changes: Sequence[Change]) -> set[Author]:
    """Whoever wrote one of the lines, made the request or submitted it."""
    named = {(change.author_id, change.author_name) for change in changes}
    named.add((request.author_id, request.author_name))
    return {(pk, "" if pk else name) for pk, name in named} | (
        {(request.submitter_id, "")} if request.submitter_id else set()
    )


def _exceeds(cluster: Cluster, table: str, author: Author, own: set[str], limit: Size) -> bool:
    """Counts no further than it must: a table may hold a million entries, and every edit asks."""
    past = _alone(cluster, table, author, limit)
    old = past.exclude(action=Change.Action.CREATE)
    number = len(own | set(_keys(old, limit.rows + len(own) + 1)))
    if number > limit.rows:
        return True
    if number <= limit.least:
        return False
    # Over the percentage, unless so many entries stand or stood when the window began; adding some does not help.
    enough = -(-number * 100 // limit.percent)
    come = past.filter(action=Change.Action.CREATE).count() - past.filter(action=Change.Action.DELETE).count()
    return rows(cluster=cluster, table=TABLES[table])[: max(0, enough + come)].count() < enough + come


def _alone(cluster: Cluster, table: str, author: Author, limit: Size) -> QuerySet[Change]:
    pk, name = author
    since = timezone.now() - timedelta(hours=limit.hours)
    found = Change.objects.filter(cluster=cluster, table=table, alone=True, author=pk, applied_at__gt=since)
    return found if pk else found.filter(author_name=name)


def _keys(found: QuerySet[Change], most: int) -> QuerySet[Change, str]:
    return found.order_by().values_list("key", flat=True).distinct()[:most]
