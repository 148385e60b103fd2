"""Two points in the change log, of one table or of all: what was added, changed and removed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from mailadmin.accounts.roles import VIEW
from tables import passages, releases
from tables.changes import file_lines
from tables.context import cluster_of, scope_of
from tables.differences import Line, difference, of_text
from tables.errors import ChangeError, Forbidden
from tables.forms import CompareForm
from tables.models import Cluster
from tables.past import files
from tables.past.compare import Comparison, Difference, Found, Place
from tables.past.moments import Moment
from tables.scopes import Scope
from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import TABLES
from tables.snapshots import snapshot
from tables.views.access import actor_of, needs
from tables.views.looks import Look, key_text, parse_key, read_look
from tables.views.past import moment_of, name_of, sent

#: Places of text between entries that a page shows.
TEXTS = 50


@dataclass(frozen=True, slots=True)
class Row:
    difference: Difference
    lines: list[Line]

    @property
    def is_beside(self) -> bool:
        """Whether no line of the file differs."""
        return all(line.kind == "same" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Points:
    """What the address asks to be compared; ``wrong``: what it names that is no point."""

    old: Moment
    new: Moment
    tables: list[TableSpec]
    chosen: dict[str, Any]
    wrong: list[str]


def _points(request: HttpRequest, scope: Scope, cluster: Cluster) -> Points:
    chosen = CompareForm(request.GET).chosen()
    chosen["old"] = chosen["old"] or _newest(cluster)
    old, wrong_old = moment_of(cluster, chosen["old"])
    new, wrong_new = moment_of(cluster, chosen["new"])
    names = [name for name in scope.tables if chosen["table"] in {"", name}]
    return Points(old, new, [TABLES[name] for name in names], chosen, [text for text in (wrong_old, wrong_new) if text])


def _newest(cluster: Cluster) -> str:
    """Without a point to start from, what the newest release says is compared."""
    release = releases.newest(cluster)
    return str(release.number) if release else ""


@require_safe
@needs(VIEW)
def compare(request: HttpRequest) -> HttpResponse:
    cluster, scope = cluster_of(request), scope_of(request)
    counts: dict[str, int] = {}
    with snapshot():
        cluster.refresh_from_db(fields=["last_change"])
        points = _points(request, scope, cluster)
        between = Comparison(scope, cluster, points.tables, points.old.change_number, points.new.change_number)
        keep = {name: points.chosen[name] for name in ("old", "new", "table")}
        page = read_look(request, _look(between, counts), size=settings.PAGE_SIZE, keep=keep)
        texts = [] if scope.limited or page.start_link else _texts(cluster, points)
    context = {
        "old": points.old,
        "new": points.new,
        "chosen": points.chosen,
        "names": scope.tables,
        "wrong": points.wrong,
        "page": page,
        "rows": [_row(one) for one in page.rows],
        "counts": counts,
        "texts": texts,
        "unified": f"{reverse('compare-file')}?{urlencode(keep)}",
        "back_url": _back_url(points.old) if not scope.limited else "",
    }
    return render(request, "past/compare.html", context, status=422 if points.wrong else 200)


def _look(between: Comparison, counts: dict[str, int]) -> Look[Difference, Place]:
    def read(*, start: Place | None, backwards: bool, most: int) -> tuple[list[Difference], Place | None]:
        found: Found = between.read(start=start, backwards=backwards, most=most)
        counts.update(found.counts or {})
        return found.rows, found.stopped

    return Look(read=read, place=_place, text=key_text, parse=parse_key)


def _place(difference: Difference) -> Place:
    return difference.place


def _row(one: Difference) -> Row:
    before, after = (file_lines(one.table, entry) for entry in (one.before, one.after))
    return Row(one, difference(before, after, clear=one.table.shown))


def _texts(cluster: Cluster, points: Points) -> list[tuple[str, list[Line]]]:
    """Of the text between entries: the table and its difference."""
    names = [table.name for table in points.tables]
    old, new = points.old.change_number, points.new.change_number
    steps = passages.steps_between(cluster=cluster, old=old, new=new, tables=names)
    return [(step.table, of_text(step.table, step.before, step.after)) for step in islice(steps, TEXTS)]


def _back_url(moment: Moment) -> str:
    """Where everything can be brought back to a point; of now there is nothing to bring back."""
    if moment.is_now:
        return ""
    if moment.release:
        return reverse("release-back", args=[moment.release.number])
    return reverse("change-back", args=[moment.change_number])


@require_GET
@needs(VIEW)
@never_cache
def file(request: HttpRequest) -> HttpResponseBase:
    """The same as a unified difference of the files."""
    cluster = cluster_of(request)
    points = _points(request, scope_of(request), cluster)
    if points.wrong:
        return compare(request)
    try:
        chunks = files.take_difference(
            actor=actor_of(request), cluster=cluster, tables=points.tables, old=points.old, new=points.new
        )
    except Forbidden:
        raise
    except ChangeError as error:
        messages.error(request, str(error))
        return redirect("compare")
    return sent(chunks, f"{points.chosen['table'] or 'tables'}-{name_of(points.old)}-{name_of(points.new)}.diff")
