"""Files that somebody changed by hand on a mail host: what is different, and what shall become of it."""

from __future__ import annotations

import stat

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailadmin.accounts import roles
from tables import changes, drifts, inbox, seeing
from tables.context import about, scope_of
from tables.differences import Line, difference, of_text
from tables.errors import ChangeError, Forbidden
from tables.forms import ReasonForm
from tables.models import Drift
from tables.sendmail.looking import likely
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.takeover import taking
from tables.views.access import actor_of, needs, person_of
from tables.views.jobs import started
from tables.views.requests import tell

#: Entries, texts and conflicts of a take-over that its page shows.
SHOWN = 100


@require_safe
@needs(roles.VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    drift = _find(request, pk)
    inbox.seen(person=person_of(request), drift=drift)
    context = {
        "drift": drift,
        "why_not_taken": taking.why_not(drift),
        "likely": likely(drift.owner, drift.mode),
        "rights": stat.filemode(drift.mode)[1:] if drift.mode is not None else "",
    }
    return render(request, "drifts/detail.html", context)


@needs(roles.EDIT)
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    drift = _find(request, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        form.is_valid()
        reason = form.cleaned_data.get("reason", "")
        if taking.is_large(drift):
            return _by_job(request, drift, reason)
        try:
            done = taking.take_over(drift=drift, actor=actor_of(request), reason=reason)
        except Forbidden:
            raise
        except ChangeError as error:
            messages.error(request, str(error))
            return redirect("drift-take-over", pk=pk)
        if done is None:
            messages.success(request, f"{drift} is taken over: the tables said all of it already.")
            return redirect("drift", pk=pk)
        tell(request, done)
        return redirect("request", pk=done.pk)
    return render(request, "drifts/take_over.html", {"drift": drift, "form": form, **_previewed(drift)})


def _by_job(request: HttpRequest, drift: Drift, reason: str) -> HttpResponse:
    if trouble := taking.why_not(drift):
        messages.error(request, trouble)
        return redirect("drift", pk=drift.pk)
    given, back = {"drift": drift.pk, "reason": reason}, reverse("drift", args=[drift.pk])
    return started(request, "take-over", f"Comparing {drift}", given, back)


def _previewed(drift: Drift) -> dict[str, object]:
    if taking.is_large(drift):
        return {"trouble": trouble} if (trouble := taking.why_not(drift)) else {"large": True}
    try:
        preview = taking.preview(drift)
    except ChangeError as error:
        return {"trouble": str(error)}
    table, merged = TABLES[drift.table], preview.merged

    def lines(entry: Entry | None) -> list[str]:
        return [table.shown(line) for line in changes.file_lines(table, entry)]

    return {
        "preview": preview,
        "rows": [
            ((after or before or Entry("")).key, _lines(table, before, after)) for before, after in merged.pairs[:SHOWN]
        ],
        "more": max(len(merged.pairs) - SHOWN, 0),
        "texts": [(text.table, of_text(text.table, text.before, text.after)) for text in merged.texts[:SHOWN]],
        "conflicts": [
            (conflict.key, lines(conflict.theirs), lines(conflict.ours)) for conflict in merged.conflicts[:SHOWN]
        ],
    }


def _lines(table: TableSpec, before: Entry | None, after: Entry | None) -> list[Line]:
    """Nothing where an entry only moves."""
    old, new = changes.file_lines(table, before), changes.file_lines(table, after)
    return [] if old == new else difference(old, new, clear=table.shown)


@require_POST
@needs(roles.PUBLISH)
def overwrite(request: HttpRequest, pk: int) -> HttpResponse:
    drift = _find(request, pk)
    try:
        publication = drifts.overwrite(
            drift=drift, actor=actor_of(request), reason=request.POST.get("reason", "")[:1000]
        )
    except Forbidden:
        raise
    except ChangeError as error:
        messages.error(request, str(error))
        return redirect("drift", pk=pk)
    return redirect("publication", pk=publication.pk)


def _find(request: HttpRequest, pk: int) -> Drift:
    found = seeing.drift(scope_of(request), pk)
    about(request, found.host.cluster)
    return found
