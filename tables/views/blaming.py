"""Beside every line of a table's file the person, the date and the request that it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailadmin.accounts.roles import VIEW
from tables import seeing
from tables.context import cluster_of, scope_of
from tables.forms import MomentForm
from tables.past import blame
from tables.past.blame import Blamed
from tables.past.then import Found, Then, place_of
from tables.searching.finder import Place
from tables.sendmail.spec import Entry, TableSpec
from tables.snapshots import snapshot
from tables.views.access import needs
from tables.views.looks import asked, parse_place, read_look
from tables.views.past import look_at, moment_of


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that follow each other and came by the same change, or none."""

    first: Blamed
    items: list[Blamed]
    #: Whether its request has a page for this person.
    told: bool


@require_safe
@needs(VIEW)
def lines(request: HttpRequest, table: TableSpec) -> HttpResponse:
    cluster, scope, chosen = cluster_of(request), scope_of(request), MomentForm(request.GET).chosen()
    with snapshot():
        cluster.refresh_from_db(fields=["last_change"])
        moment, wrong = moment_of(cluster, chosen["when"])
        then = Then(scope, cluster, table, moment.change_number)
        page = read_look(request, look_at(then), size=settings.PAGE_SIZE, keep={"when": chosen["when"]})
        where = asked(request.GET, parse_place)
        start = _start(then, page.rows, where.start if not where.backwards else None, backwards=where.backwards)
        found = blame.page(then=then, found=Found(page.rows), start=start, last=not page.next_link)
    told = seeing.shown_requests(scope, [one.request.pk for one in found if one.request])
    context = {
        "table": table,
        "moment": moment,
        "wrong": wrong,
        "chosen": chosen,
        "page": page,
        "groups": list(_grouped(found, told)),
    }
    return render(request, "past/blame.html", context, status=422 if wrong else 200)


def _start(then: Then, rows: list[Entry], start: Place | None, *, backwards: bool) -> Place | None:
    """After which place the text between begins: of a page that was read backwards, the entry before its first."""
    if not backwards or not rows:
        return start
    before = then.read(start=place_of(rows[0]), backwards=True, most=1).entries
    return place_of(before[0]) if before else None


def _grouped(found: Iterable[Blamed], told: set[int]) -> Iterable[Group]:
    group: Group | None = None
    for one in found:
        if group is not None and _origin(group.first) == _origin(one):
            group.items.append(one)
            continue
        if group is not None:
            yield group
        group = Group(one, [one], one.request is not None and one.request.pk in told)
    if group is not None:
        yield group


def _origin(one: Blamed) -> tuple[object, ...]:
    return (one.request.pk if one.request else None, one.author, one.at)
