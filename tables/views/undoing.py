"""Taking back one change, one request, or all since a release or a change: what it would change, then the button."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mailadmin.accounts.roles import EDIT
from tables import changes, passages, seeing, undoing
from tables.context import cluster_of, scope_of
from tables.differences import Line, difference, of_text
from tables.errors import ChangeError, Forbidden, ReasonMissing
from tables.forms import ReasonForm
from tables.models import Change, ChangeRequest, Cluster, Release
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.views.access import actor_of, needs
from tables.views.paging import Page
from tables.views.requests import find_request, tell

#: Entries on one page of a preview.
SHOWN = 100
#: Entries up to which a preview says what they put at risk.
JUDGED = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of the preview."""

    table: TableSpec
    key: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Preview:
    page: Page[Any]
    risks: list[Risk]
    #: Whether the risks were looked for; of too many that is done once they are proposed.
    judged: bool = True
    trouble: str = ""
    #: Of the text between entries: the table and its difference.
    texts: Sequence[tuple[str, list[Line]]] = ()

    @property
    def needs_reason(self) -> bool:
        return bool(self.risks) or not self.judged


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
    preview = _preview(request, wanted.cluster, lambda: _steps(request, wanted), lambda: passages.steps_of_undo(wanted))
    context = {"wanted": wanted, "preview": preview, "form": form, "missing": form.is_bound}
    return render(request, "requests/undo.html", context, status=422 if form.is_bound else 200)


def _steps(request: HttpRequest, wanted: ChangeRequest) -> Iterator[undoing.Step]:
    """Before anything is said of what stands there: a request of one's own may be about what is no longer delegated."""
    undoing.refuse_unseen(request=wanted, actor=actor_of(request))
    return undoing.steps_of_undo(wanted)


@needs(EDIT)
def undo_change(request: HttpRequest, pk: int) -> HttpResponse:
    change = seeing.change(scope_of(request), pk)
    if request.method == "POST":
        return _post(
            request,
            lambda reason: undoing.undo_change(change=change, actor=actor_of(request), reason=reason),
            again=lambda form: _page_of_change(request, change, form),
        )
    return _page_of_change(request, change, ReasonForm())


def _page_of_change(request: HttpRequest, change: Change, form: ReasonForm) -> HttpResponse:
    preview = _preview(request, change.cluster, lambda: iter([undoing.step_of_undo(change)]), lambda: iter(()))
    context = {
        "change": change,
        "table": TABLES[change.table],
        "preview": preview,
        "form": form,
        "missing": form.is_bound,
    }
    return render(request, "past/undo.html", context, status=422 if form.is_bound else 200)


@needs(EDIT)
def back_to_change(request: HttpRequest, number: int) -> HttpResponse:
    """Back to a point that is no release."""
    if scope_of(request).limited:
        raise PermissionDenied("A point in time is about all tables, and not all of them are delegated to you.")
    cluster = cluster_of(request)
    if not 1 <= number <= cluster.last_change:
        raise Http404(f"There is no change {number}. The last one is {cluster.last_change}.")
    if request.method == "POST":
        return _post(
            request,
            lambda reason: undoing.back_to_change(
                cluster=cluster, change_number=number, actor=actor_of(request), reason=reason
            ),
            again=lambda form: _page_of_point(request, cluster, number, form),
        )
    return _page_of_point(request, cluster, number, ReasonForm())


def _page_of_point(request: HttpRequest, cluster: Cluster, number: int, form: ReasonForm) -> HttpResponse:
    preview = _preview(
        request,
        cluster,
        lambda: undoing.steps_back_to(cluster=cluster, change_number=number),
        lambda: passages.steps_back_to(cluster=cluster, change_number=number),
    )
    context = {"number": number, "preview": preview, "form": form, "missing": form.is_bound}
    return render(request, "past/back.html", context, status=422 if form.is_bound else 200)


@needs(EDIT)
def back_to(request: HttpRequest, number: int) -> HttpResponse:
    if scope_of(request).limited:
        raise PermissionDenied("A release holds all tables, and not all of them are delegated to you.")
    release = seeing.release(scope_of(request), cluster_of(request), number)
    if request.method == "POST":
        return _post(
            request,
            lambda reason: undoing.back_to(release=release, actor=actor_of(request), reason=reason),
            again=lambda form: _page_of_release(request, release, form),
        )
    return _page_of_release(request, release, ReasonForm())


def _page_of_release(request: HttpRequest, release: Release, form: ReasonForm) -> HttpResponse:
    preview = _preview(
        request,
        release.cluster,
        lambda: undoing.steps_back_to(cluster=release.cluster, change_number=release.change_number),
        lambda: passages.steps_back_to(cluster=release.cluster, change_number=release.change_number),
    )
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


def _preview(
    request: HttpRequest,
    cluster: Cluster,
    steps: Callable[[], Iterator[undoing.Step]],
    texts: Callable[[], Iterator[passages.Step]],
) -> Preview:
    """One page of the entries, how many there are, and what taking them back puts at risk; keeps no more of them."""
    first, count = _first(request), 0
    shown: list[Shown] = []
    judged: list[undoing.Step] = []
    try:
        for count, step in enumerate(steps(), start=1):
            if first <= count < first + SHOWN:
                shown.append(_shown(step))
            if count <= JUDGED + 1:
                judged.append(step)
        between = [(text.table, of_text(text.table, text.before, text.after)) for text in islice(texts(), SHOWN)]
    except ChangeError as error:
        return Preview(_page([], 1, 0), [], trouble=str(error))
    if count > JUDGED:
        return Preview(_page(shown, first, count), [], judged=False, texts=between)
    return Preview(_page(shown, first, count), sorted(undoing.risks_of(cluster, judged)), texts=between)


def _first(request: HttpRequest) -> int:
    at = request.GET.get("at", "")
    return max(int(at), 1) if at.isascii() and at.isdecimal() and len(at) < 10 else 1


def _page(rows: list[Shown], first: int, count: int) -> Page[Any]:
    last_page = (count - 1) // SHOWN * SHOWN + 1
    more = first + SHOWN <= count
    return Page(
        rows=rows,
        first=first,
        total=count,
        start_link="?at=1" if first > 1 else "",
        previous_link=f"?at={max(first - SHOWN, 1)}" if first > 1 else "",
        next_link=f"?at={first + SHOWN}" if more else "",
        end_link=f"?at={last_page}" if more else "",
    )


def _shown(step: undoing.Step) -> Shown:
    key = (step.before or step.after or Entry("")).key
    before, after = (changes.file_lines(step.table, entry) for entry in (step.before, step.after))
    return Shown(step.table, key, difference(before, after, clear=step.table.shown))
