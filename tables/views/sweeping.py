"""Every place where somebody or something stands, and the draft that puts another there, or nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from mailadmin.accounts.roles import EDIT
from tables.context import cluster_of, draft_of, scope_of
from tables.errors import ChangeError, Forbidden
from tables.jobs import running
from tables.many import doing, sweep
from tables.many.sweep import PLACES, Sweep
from tables.sendmail.mentions import Sought, What
from tables.sendmail.spec import Entry, TableSpec
from tables.views.access import actor_of, needs
from tables.views.jobs import started
from tables.views.many import made, places, shown_rows

#: Places that the page lists; it counts all.
LISTED = 100
#: What can be looked for, in words.
WHATS = {"": "As it looks", What.PERSON: "A person", What.ADDRESS: "An address", What.DOMAIN: "A domain"}


@dataclass(slots=True)
class Found:
    total: int = 0
    tables: Counter[str] = field(default_factory=Counter)
    rows: list[tuple[TableSpec, Entry, tuple[str, ...]]] = field(default_factory=list)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """By table; a template would ask the counter itself for an entry called “items”."""
        return list(self.tables.items())


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def page(request: HttpRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    text, what = given.get("q", "").replace("\0", "")[:500], given.get("what", "")
    context: dict[str, Any] = {"q": text, "what": what, "whats": WHATS, "listed": LISTED, "places": PLACES}
    if not text.strip():
        return render(request, "tables/sweep.html", context)
    try:
        sought = sweep.read(text, what)
        context |= {"sought": sought, "chosen": _chosen(request, sought), "put": given.get("put", "")}
        if request.method == "POST":
            return _post(request, sought, context)
        context["found"] = _found(request, sought)
    except Forbidden:
        raise
    except ChangeError as error:
        context["error"] = str(error)
        return render(request, "tables/sweep.html", context, status=422)
    return render(request, "tables/sweep.html", context)


def _chosen(request: HttpRequest, sought: Sought) -> list[str]:
    """Where it is looked for: of a person or address, keys stay what they are unless somebody says otherwise."""
    if request.method == "POST":
        return places(PLACES, request.POST)
    return [place for place in PLACES if place != "key" or sought.what is What.DOMAIN]


def _found(request: HttpRequest, sought: Sought) -> Found:
    found = Found()
    for row in sweep.found(scope=scope_of(request), cluster=cluster_of(request), sought=sought):
        found.total += 1
        found.tables[row[0].name] += 1
        found.rows += [row] if len(found.rows) < LISTED else []
    return found


def _post(request: HttpRequest, sought: Sought, context: dict[str, Any]) -> HttpResponse:
    remove = request.POST.get("act") == "remove" or "make-remove" in request.POST
    put = request.POST.get("put", "").replace("\0", "")[:500]
    wanted = sweep.sweep_of(sought=sought, put=put, remove=remove, places=context["chosen"])
    count = request.POST.get("make-remove") or request.POST.get("make-replace")
    if count:
        return _made(request, wanted, put, int(count) if count.isascii() and count.isdecimal() else 0)
    look = doing.look_at_sweep(scope=scope_of(request), cluster=cluster_of(request), wanted=wanted, shown=LISTED)
    context |= {"look": look, "remove": remove, "looked": doing.LOOKED, **shown_rows(look)}
    return render(request, "tables/sweep.html", context)


def _made(request: HttpRequest, wanted: Sweep, put: str, count: int) -> HttpResponse:
    """``count``: how many there were on the page; so many more than a request should wait for become a job."""
    into = draft_of(request)
    if count > running.MANY:
        given = {
            "cluster": cluster_of(request).pk,
            "text": wanted.sought.text,
            "what": wanted.sought.what,
            "put": put,
            "remove": wanted.other is None,
            "places": wanted.places,
            "into": into.pk if into else None,
        }
        return started(
            request, "sweep", f"Making a draft of all places of {wanted.sought.text}", given, reverse("sweep")
        )
    draft = doing.carry_out_sweep(cluster=cluster_of(request), actor=actor_of(request), wanted=wanted, into=into)
    return made(request, draft.pk)
