"""Search in the history of the tables: changes by person, table, key, value, reason, risk, date and state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailadmin.accounts.roles import VIEW
from tables import seeing
from tables.context import cluster_of, scope_of
from tables.differences import Line, difference_of
from tables.forms import REQUEST_STATES, FilterForm, QueryField
from tables.models import Change
from tables.past.finding import Search, Wanted
from tables.sendmail.spec import Risk
from tables.sendmail.tables import TABLES
from tables.snapshots import snapshot
from tables.views.access import needs
from tables.views.audit import DayField, midnight
from tables.views.looks import Look, parse_number, read_look


class ChangesForm(FilterForm):
    person = QueryField(label="Person", required=False, initial="", max_length=255)
    table = forms.ChoiceField(
        label="Table", required=False, initial="", choices=[("", "Any"), *((name, name) for name in TABLES)]
    )
    key = QueryField(label="Key", required=False, initial="", max_length=1000)
    value = QueryField(label="Words in value or comment", required=False, initial="", max_length=500)
    reason = QueryField(label="Words in the reason", required=False, initial="", max_length=500)
    risk = forms.ChoiceField(
        label="Risk", required=False, initial="", choices=[("", "Any"), *((str(risk), str(risk)) for risk in Risk)]
    )
    state = forms.ChoiceField(
        label="Request",
        required=False,
        initial="",
        choices=[
            (name, "applied" if not name else label) for name, label in REQUEST_STATES.items() if name != "applied"
        ],
    )
    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)


@dataclass(frozen=True, slots=True)
class Row:
    change: Change
    lines: list[Line]
    #: Whether its request has a page for this person; if not, its reason may tell of other domains.
    told: bool


@require_safe
@needs(VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    form = ChangesForm(request.GET)
    chosen = form.chosen()
    scope = scope_of(request)
    keep = {name: str(value) for name, value in chosen.items() if value}
    with snapshot():
        search = Search(scope, cluster_of(request), _wanted(chosen))
        page = read_look(request, _look(search), size=settings.PAGE_SIZE, keep=keep)
    told = seeing.shown_requests(scope, [change.request_id for change in page.rows])
    context = {
        "form": form,
        "page": page,
        "rows": [Row(change, difference_of(change), change.request_id in told) for change in page.rows],
        "filtered": bool(keep),
    }
    template = "past/_changes.html" if getattr(request, "htmx", False) else "past/changes.html"
    return render(request, template, context)


def _wanted(chosen: dict[str, Any]) -> Wanted:
    """Days are those of the panel's time zone; the last one counts whole."""
    since, until = chosen["since"], chosen["until"]
    return Wanted(
        **{name: chosen[name] for name in ("person", "table", "key", "value", "reason", "risk", "state")},
        since=midnight(since) if since else None,
        until=midnight(until + timedelta(days=1)) if until else None,
    )


def _look(search: Search) -> Look[Change, int]:
    def read(*, start: int | None, backwards: bool, most: int) -> tuple[list[Change], int | None]:
        found = search.read(start=start, backwards=backwards, most=most)
        return found.rows, found.stopped

    return Look(read=read, place=lambda change: int(getattr(change, search.column) or 0), text=str, parse=parse_number)
