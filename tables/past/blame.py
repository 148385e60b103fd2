"""Beside every line of a file: who last changed it, when, and by which request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q

from tables import passages
from tables.changes import file_lines
from tables.models import Change, ChangeRequest, Cluster, PassageChange
from tables.past.then import Found, Then, place_of
from tables.searching.finder import Place
from tables.sendmail.spec import Entry, Passage

#: Passages on one page, and lines of one: a file may begin with a whole book.
PASSAGES, LINES = 100, 200


@dataclass(frozen=True, slots=True)
class Blamed:
    """Lines of a file that came by one change. Without a request they are as they were taken over."""

    lines: list[str]
    #: Lines that are not among them.
    more: int
    key: str | None
    change: int | None = None
    author: str = ""
    at: datetime | None = None
    request: ChangeRequest | None = None


def page(*, then: Then, found: Found, start: Place | None, last: bool) -> list[Blamed]:
    """The lines of ``found``, which was read forwards from ``start`` on, and of the text between; ``last``: no entry
    follows. Four questions at most, whatever they are about. To be asked in the snapshot in which ``found`` was."""
    rows = found.entries
    between = [] if then.scope.limited else _between(then, rows, start, last=last)
    changes = _last_changes(then, [entry.key for entry in rows])
    texts = _passage_changes(then.cluster, [since for _passage, since in between if since])
    items: list[tuple[int, int, str, Blamed]] = [
        (passage.position, 0, "", _blamed_text(then, passage, texts.get(since))) for passage, since in between
    ]
    items += [(*_order(entry), _blamed(then, entry, changes.get(entry.key))) for entry in rows]
    return [blamed for _position, _kind, _key, blamed in sorted(items, key=lambda item: item[:3])]


def _order(entry: Entry) -> tuple[int, int, str]:
    position, key = place_of(entry)
    return position, 1, key


def _last_changes(then: Then, keys: Sequence[str]) -> dict[str, Change]:
    of_keys = Change.objects.filter(
        cluster=then.cluster, table=then.table.name, key__in=keys, number__lte=then.change_number
    )
    numbers = of_keys.order_by().values("key").annotate(last=Max("number")).values_list("last", flat=True)
    found = Change.objects.filter(cluster=then.cluster, number__in=list(numbers)).select_related("request")
    return {change.key: change for change in found.defer("before", "after")}


def _between(then: Then, rows: Sequence[Entry], start: Place | None, *, last: bool) -> list[tuple[Passage, int]]:
    inside = Q()
    if start is not None:
        inside &= Q(position__gt=start[0])
    if not last and rows:
        inside &= Q(position__lte=rows[-1].position)
    found = passages.rows_at(cluster=then.cluster, table=then.table, change_number=then.change_number)
    places = found.filter(inside).order_by("position").values_list("text", "position", "since")[:PASSAGES]
    return [(Passage(text=text, position=position), since) for text, position, since in places]


def _passage_changes(cluster: Cluster, numbers: Iterable[int]) -> dict[int, PassageChange]:
    wanted = list(numbers)
    if not wanted:
        return {}
    found = PassageChange.objects.filter(cluster=cluster, number__in=wanted).select_related("request")
    return {change.number or 0: change for change in found.defer("before", "after")}


def _blamed(then: Then, entry: Entry, change: Change | None) -> Blamed:
    lines = [then.table.shown(line) for line in file_lines(then.table, entry)]
    if change is None:
        return Blamed(lines[:LINES], len(lines[LINES:]), entry.key)
    return Blamed(
        lines[:LINES],
        len(lines[LINES:]),
        entry.key,
        change=change.number,
        author=change.author_name,
        at=change.applied_at,
        request=change.request,
    )


def _blamed_text(then: Then, passage: Passage, change: PassageChange | None) -> Blamed:
    lines = [then.table.shown(line) for line in passage.text.removesuffix("\n").split("\n")]
    if change is None:
        return Blamed(lines[:LINES], len(lines[LINES:]), None)
    return Blamed(
        lines[:LINES],
        len(lines[LINES:]),
        None,
        change=change.number,
        author=change.request.author_name,
        at=change.request.closed_at,
        request=change.request,
    )
