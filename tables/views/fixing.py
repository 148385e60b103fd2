"""The button that mends a problem, and the page that asks first where a second person must look."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailadmin.accounts.roles import EDIT
from tables import changes, entries, fixes, surveys
from tables.context import cluster_of, scope_of
from tables.converters import entry_url
from tables.differences import Line, difference_of
from tables.forms import ReasonField
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.spec import Problem, TableSpec
from tables.sendmail.text import visible
from tables.states import checksum, to_json
from tables.views.access import actor_of, key_of, needs
from tables.views.entries import back_to, tell


class FixForm(forms.Form):
    """What the button knows: which problem, what was shown, and after a second look why, and which warnings."""

    rule = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = ReasonField()


@require_POST
@needs(EDIT)
def fix(request: HttpRequest, table: TableSpec) -> HttpResponse:
    cluster, key, form = cluster_of(request), key_of(request, table), FixForm(request.POST)
    form.is_valid()
    rule, seen = form.cleaned_data.get("rule", ""), form.cleaned_data.get("seen", "")
    try:
        planned = fixes.plan(scope=scope_of(request), cluster=cluster, table=table, key=key, rule=rule, seen=seen)
        done = _apply(request, cluster, table, key, form, planned)
    except changes.Forbidden:
        raise
    except changes.ChangeError as error:
        messages.error(request, str(error))
        return _to_the_editor(request, table, key, error)
    if done is None:
        return _ask(request, table, key, form, planned)
    tell(request, done, f"Done: {visible(planned.fix.label)}.")
    if done.state != ChangeRequest.State.APPLIED:
        return redirect("request", pk=done.pk)
    surveys.refresh(cluster=cluster, by=actor_of(request).name)
    return redirect(_back(request, table))


def _apply(
    request: HttpRequest, cluster: Cluster, table: TableSpec, key: str, form: FixForm, planned: fixes.Planned
) -> ChangeRequest | None:
    """``None`` when the person must see first what it does."""
    typed, warned = form.cleaned_data, _checksum(planned.warnings)
    try:
        return fixes.apply(
            cluster=cluster,
            actor=actor_of(request),
            table=table,
            key=key,
            rule=typed["rule"],
            seen=typed["seen"],
            reason=typed["reason"],
            confirmed=bool(warned) and typed["confirmed"] == warned,
        )
    except (changes.ReasonMissing, changes.Unconfirmed):
        return None


def _checksum(warnings: list[Problem]) -> str:
    return checksum([[problem.rule, problem.message] for problem in warnings]) if warnings else ""


def _back(request: HttpRequest, table: TableSpec) -> str:
    """The page of problems or the table's list, as it was left."""
    if request.GET.get("from") != "problems":
        return back_to(request, table)
    query = request.GET.get("back", "")
    return reverse("problems") + (f"?{query}" if query else "")


def _to_the_editor(request: HttpRequest, table: TableSpec, key: str, error: changes.ChangeError) -> HttpResponse:
    """Where the entry can be mended by hand, if there is one and this is what stopped it."""
    there = entries.find(scope=scope_of(request), cluster=cluster_of(request), table=table, key=key)
    if there and isinstance(error, fixes.FixRefused):
        return redirect(entry_url("entry-edit", table, key))
    return redirect(_back(request, table))


def _ask(request: HttpRequest, table: TableSpec, key: str, form: FixForm, planned: fixes.Planned) -> HttpResponse:
    """Show what would change. The first click is no mistake; leaving out the reason afterwards is."""
    again = "reason" in request.POST
    warned = _checksum(planned.warnings)
    context: dict[str, Any] = {
        "table": table,
        "key": key,
        "form": FixForm(initial={**form.cleaned_data, "confirmed": warned}),
        "planned": planned,
        "steps": [(step.table, _lines(step)) for step in planned.steps],
        "risks": sorted(planned.risks),
        "reason_missing": again and bool(planned.risks) and not form.cleaned_data["reason"],
        "back": _back(request, table),
        "action": request.get_full_path(),
    }
    return render(request, "tables/fix.html", context, status=422 if again else 200)


def _lines(step: fixes.Step) -> list[Line]:
    entry = step.before or step.after
    key = entry.key if entry else ""
    return difference_of(Change(table=step.table.name, key=key, before=to_json(step.before), after=to_json(step.after)))
