"""Taking back one request, or all since a release: what it would change, then the button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mailadmin.accounts.roles import EDIT
from tables import changes, seeing, undoing
from tables.differences import Line, difference
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden, ReasonMissing
from tables.forms import ReasonForm
from tables.models import ChangeRequest, Cluster, Release
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.views.access import actor_of, needs, scope_of
from tables.views.requests import find_request, tell

#: Entries that a preview shows; the request that is made of it has all of them by pages.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of the preview."""

    table: TableSpec
    key: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Preview:
    shown: list[Shown]
    count: int
    risks: list[Risk]
    trouble: str = ""


@needs(EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    if request.method == "POST":
        return _post(
            request,
            lambda reason: undoing.undo(request=wanted, actor=actor_of(request), reason=reason),
            again=lambda form: _page_of_undo(request, wanted, form),
        )
    return _page_of_undo(request, wanted, ReasonForm())


def _page_of_undo(request: HttpRequest, wanted: ChangeRequest, form: ReasonForm) -> HttpResponse:
    preview = _preview(wanted.cluster, lambda: undoing.steps_of_undo(wanted))
    context = {"wanted": wanted, "preview": preview, "form": form, "missing": form.is_bound}
    return render(request, "requests/undo.html", context, status=422 if form.is_bound else 200)


@needs(EDIT)
def back_to(request: HttpRequest, number: int) -> HttpResponse:
    if scope_of(request).limited:
        raise PermissionDenied("A release holds all tables, and not all of them are delegated to you.")
    release = seeing.release(scope_of(request), get_cluster(), number)
    if request.method == "POST":
        return _post(
            request,
            lambda reason: undoing.back_to(release=release, actor=actor_of(request), reason=reason),
            again=lambda form: _page_of_release(request, release, form),
        )
    return _page_of_release(request, release, ReasonForm())


def _page_of_release(request: HttpRequest, release: Release, form: ReasonForm) -> HttpResponse:
    preview = _preview(release.cluster, lambda: undoing.steps_back_to(release))
    context = {"release": release, "preview": preview, "form": form, "missing": form.is_bound}
    return render(request, "releases/back.html", context, status=422 if form.is_bound else 200)


def _post(
    request: HttpRequest, act: Callable[[str], ChangeRequest], *, again: Callable[[ReasonForm], HttpResponse]
) -> HttpResponse:
    form = ReasonForm(request.POST)
    form.is_valid()
    try:
        done = act(form.cleaned_data["reason"])
    except Forbidden:
        raise
    except ReasonMissing:
        return again(form)
    except ChangeError as error:
        messages.error(request, str(error))
        return redirect(request.path)
    tell(request, done)
    return redirect("request", pk=done.pk)


def _preview(cluster: Cluster, steps: Callable[[], Iterator[undoing.Step]]) -> Preview:
    """The first entries, how many there are, and what taking them back puts at risk."""
    try:
        found = list(steps())
    except ChangeError as error:
        return Preview([], 0, [], str(error))
    shown = [_shown(step) for step in islice(found, SHOWN)]
    return Preview(shown, len(found), sorted(undoing.risks_of(cluster, found)))


def _shown(step: undoing.Step) -> Shown:
    key = (step.before or step.after or Entry("")).key
    before, after = (changes.file_lines(step.table, entry) for entry in (step.before, step.after))
    return Shown(step.table, key, difference(before, after, clear=step.table.shown))
