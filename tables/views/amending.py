"""Editing a request that waits, and bringing one up to date with what stands now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from mailadmin.accounts.roles import EDIT
from tables import amending
from tables.errors import ChangeError, Forbidden, Invalid, Unconfirmed
from tables.forms import AmendForm, AmendLineForm
from tables.models import Change, ChangeRequest
from tables.sendmail.spec import Entry, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import from_json
from tables.views.access import actor_of, needs
from tables.views.refusals import told
from tables.views.requests import find_request, tell


@dataclass(frozen=True, slots=True)
class Line:
    """One change with the form that edits it; a deletion can only be left out."""

    change: Change
    table: TableSpec
    after: Entry | None
    form: AmendLineForm


@needs(EDIT)
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    if reason := _why_not(wanted):
        messages.error(request, reason)
        return redirect("request", pk=pk)
    form = AmendForm(request.POST or None, initial={"reason": wanted.reason, "seen": wanted.checksum})
    lines = [_line(request, change) for change in wanted.changes.order_by("id")]
    if request.method != "POST":
        return _page(request, wanted, form, lines)
    form.is_valid()
    try:
        done = amending.amend(
            request=wanted,
            actor=actor_of(request),
            seen=form.cleaned_data["seen"],
            lines=_edits(lines),
            reason=form.cleaned_data["reason"],
            confirmed=form.cleaned_data["confirmed"],
        )
    except Forbidden:
        raise
    except Unconfirmed as error:
        return _page(request, wanted, form, lines, problems=error.problems, unconfirmed=True)
    except Invalid as error:
        return _page(request, wanted, form, lines, problems=error.problems)
    except ChangeError as error:
        return _page(request, wanted, form, lines, error=str(error))
    tell(request, done)
    return redirect("request", pk=pk)


def _why_not(wanted: ChangeRequest) -> str:
    if reason := amending.why_not(wanted):
        return reason
    if wanted.changes.count() > amending.MOST:
        return f"It has more than {amending.MOST} changes. Withdraw it and make it anew, or import what is right."
    return ""


def _line(request: HttpRequest, change: Change) -> Line:
    table, after = TABLES[change.table], from_json(change.key, change.after)
    initial = {}
    if after:
        shown = table.masked(after)
        initial = {"value": shown.value, "comment": shown.comment, "enabled": shown.enabled}
    form = AmendLineForm(request.POST or None, prefix=f"line{change.pk}", initial=initial)
    if not table.has_value or after is None:
        del form.fields["value"]
    if after is None:
        del form.fields["comment"], form.fields["enabled"]
    return Line(change, table, after, form)


def _edits(lines: list[Line]) -> dict[int, Entry | None]:
    """What is wanted of each line now; a deletion is kept or left out."""
    edits: dict[int, Entry | None] = {}
    for line in lines:
        line.form.is_valid()
        data, after = line.form.cleaned_data, line.after
        if data["drop"]:
            edits[line.change.pk] = None
        elif after is not None:
            value = data.get("value", after.value)
            edits[line.change.pk] = replace(after, value=value, comment=data["comment"], enabled=data["enabled"])
    return edits


def _page(
    request: HttpRequest,
    wanted: ChangeRequest,
    form: AmendForm,
    lines: list[Line],
    *,
    problems: list[Problem] | None = None,
    unconfirmed: bool = False,
    error: str = "",
) -> HttpResponse:
    context = {
        "wanted": wanted,
        "form": form,
        "lines": lines,
        "problems": problems or [],
        "unconfirmed": unconfirmed,
        "error": error,
    }
    return render(request, "requests/amend.html", context, status=422 if problems or error else 200)


@require_POST
@needs(EDIT)
def bring_up_to_date(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    with told(request):
        tell(request, amending.bring_up_to_date(request=wanted, actor=actor_of(request)))
    return redirect("request", pk=pk)
