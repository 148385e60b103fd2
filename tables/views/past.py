"""The time machine: a table as it was at a release, a time or a change, by pages and as a file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from mailadmin.accounts.roles import VIEW
from tables.context import cluster_of, scope_of
from tables.errors import ChangeError
from tables.forms import MomentForm
from tables.models import Cluster
from tables.past import files, moments
from tables.past.moments import Moment
from tables.past.then import Then, place_of
from tables.searching.finder import Place
from tables.sendmail.spec import Entry, TableSpec
from tables.snapshots import snapshot
from tables.views.access import actor_of, needs
from tables.views.looks import Look, parse_place, place_text, read_look


def moment_of(cluster: Cluster, text: str) -> tuple[Moment, str]:
    """The point that an address names; now, and what is wrong, where it names none."""
    try:
        return moments.read(cluster, text), ""
    except ChangeError as error:
        return moments.now(cluster), str(error)


@require_safe
@needs(VIEW)
def at(request: HttpRequest, table: TableSpec) -> HttpResponse:
    cluster, chosen = cluster_of(request), MomentForm(request.GET).chosen()
    with snapshot():
        cluster.refresh_from_db(fields=["last_change"])
        moment, wrong = moment_of(cluster, chosen["when"])
        then = Then(scope_of(request), cluster, table, moment.change_number, chosen["q"])
        keep = {"when": chosen["when"], "q": chosen["q"]}
        page = read_look(request, look_at(then), size=settings.PAGE_SIZE, keep=keep)
    context: dict[str, Any] = {
        "table": table,
        "moment": moment,
        "wrong": wrong,
        "chosen": chosen,
        "page": page,
        "rows": page.rows,
    }
    return render(request, "past/at.html", context, status=422 if wrong else 200)


def look_at(then: Then) -> Look[Entry, Place]:
    def read(*, start: Place | None, backwards: bool, most: int) -> tuple[list[Entry], Place | None]:
        found = then.read(start=start, backwards=backwards, most=most)
        return found.entries, found.stopped

    return Look(read=read, place=place_of, text=place_text, parse=parse_place)


@require_GET
@needs(VIEW)
@never_cache
def file(request: HttpRequest, table: TableSpec) -> HttpResponseBase:
    """The flat file as it was, as a stream."""
    cluster, chosen = cluster_of(request), MomentForm(request.GET).chosen()
    moment, wrong = moment_of(cluster, chosen["when"])
    if wrong:
        return at(request, table)
    chunks = files.take(actor=actor_of(request), cluster=cluster, table=table, moment=moment)
    return sent(chunks, f"{table.name}-{name_of(moment)}")


def name_of(moment: Moment) -> str:
    """As a part of a file's name."""
    if moment.release:
        return f"release-{moment.release.number}"
    return f"{moment.at:%Y%m%dT%H%M%SZ}" if moment.at else f"change-{moment.change_number}"


def sent(chunks: Any, name: str) -> StreamingHttpResponse:
    """As bytes to be saved, whatever is in them: no browser must take them for a page of ours."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(chunks, content_type="application/octet-stream", headers=headers)
