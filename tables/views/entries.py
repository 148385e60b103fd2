"""One table: its entries, and switching or deleting one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mailadmin.accounts.roles import EDIT, VIEW
from tables import changes, due, entries, findings, seeing
from tables.context import check_of, cluster_of, draft_of, scope_of
from tables.differences import difference_of
from tables.forms import LISTING_STATES, ConfirmForm, ListingForm
from tables.frame import table_counts
from tables.models import Change, ChangeRequest, Cluster, EntryModel
from tables.scopes import Scope
from tables.sendmail.risk.dated import alone
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.text import visible
from tables.states import to_json
from tables.views.access import actor_of, key_of, needs
from tables.views.matches import read_matches
from tables.views.narrow import render_narrow
from tables.views.paging import BY_PLACE, Page, read_page
from tables.views.rows import rows_of

#: Matches of a filter that are counted; beyond, "more than" is as good.
COUNTED = 1000
#: Changes waiting for a review that the list names.
WAITING = 5


@require_safe
@needs(VIEW)
def listing(request: HttpRequest, table: TableSpec) -> HttpResponse:
    cluster, scope = cluster_of(request), scope_of(request)
    chosen = ListingForm(request.GET).chosen()
    page = _page(request, scope, cluster, table, chosen)
    filtered = bool(chosen["q"]) or chosen["state"] != "all"
    context = {
        "table": table,
        "page": page,
        "rows": rows_of(scope, cluster, table, [row.entry for row in page.rows]),
        "chosen": chosen,
        "states": LISTING_STATES,
        "filtered": filtered,
        "counted": COUNTED if filtered else None,
        "unmarked": findings.unmarked(scope, check_of(request), table),
        "waiting": seeing.waiting(scope, cluster, table, WAITING + 1),
        "most_waiting": WAITING,
        "back": request.GET.urlencode(),
        "listed": json.dumps([row.key for row in page.rows]) if request.user.has_perm(EDIT) else "",
    }
    return render_narrow(request, "tables/list.html", "tables/_list.html", context)


def _page(request: HttpRequest, scope: Scope, cluster: Cluster, table: TableSpec, chosen: dict[str, Any]) -> Page[Any]:
    keep = {"q": chosen["q"], "state": "" if chosen["state"] == "all" else chosen["state"]}
    if chosen["q"].split():
        finder = entries.finder(scope=scope, cluster=cluster, table=table, query=chosen["q"], state=chosen["state"])
        return read_matches(request, finder, size=settings.PAGE_SIZE, counted=COUNTED, keep=keep)
    found = entries.listing(scope=scope, cluster=cluster, table=table, state=chosen["state"])
    total = _counter(found) if any(keep.values()) else table_counts(scope, cluster).get(table.name, 0)
    return read_page(request, found, order=BY_PLACE, size=settings.PAGE_SIZE, total=total, keep=keep)


def _counter(found: QuerySet[EntryModel]) -> Callable[[], int]:
    return lambda: len(found.values_list("pk", flat=True)[: COUNTED + 1])


def back_to(request: HttpRequest, table: TableSpec) -> str:
    """The list as it was left: its filters and page travel in ``back``, a query string that only this list reads."""
    query = request.GET.get("back", "")
    return reverse("table", args=[table]) + (f"?{query}" if query else "")


def tell(request: HttpRequest, done: ChangeRequest, what: str) -> None:
    """What became of a change, in one sentence."""
    if done.state == ChangeRequest.State.APPLIED:
        messages.success(request, f"{what} Publish to make it live.")
    elif done.state == ChangeRequest.State.DRAFT:
        messages.success(request, f"Draft {done.pk} has it. Nothing changes before you submit the draft.")
    else:
        messages.info(request, f"Request {done.pk} waits for a second person. Nothing changes before they approve.")


def go_on(request: HttpRequest, table: TableSpec, done: ChangeRequest) -> HttpResponse:
    if done.state in {ChangeRequest.State.APPLIED, ChangeRequest.State.DRAFT}:
        return redirect(back_to(request, table))
    return redirect("request", pk=done.pk)


# --- switching and deleting -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to a whole entry after one look at it."""

    title: str
    to: str  # what its form says that it wants: gone, on, off
    done: str
    danger: bool = False

    def after(self, table: TableSpec, entry: Entry) -> Entry | None:
        if self.to == "gone":
            return None
        return due.switched_by_hand(table, entry, self.to == "on", due.stamp(timezone.now()))


DELETE = Act("Delete", "gone", "deleted", danger=True)
SWITCH_OFF = Act("Switch off", "off", "switched off")
SWITCH_ON = Act("Switch on", "on", "switched on")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def delete(request: HttpRequest, table: TableSpec) -> HttpResponse:
    return _confirm(request, table, DELETE)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def switch(request: HttpRequest, table: TableSpec) -> HttpResponse:
    """Off when it is on, on when it is off: a form says which it was, so that two people do not undo each other."""
    current = find_entry(request, table)
    on = request.POST.get("to") == "on" if request.method == "POST" else not current.enabled
    return _confirm(request, table, SWITCH_ON if on else SWITCH_OFF)


def find_entry(request: HttpRequest, table: TableSpec) -> Entry:
    """The entry that a page is about, for somebody who may see it."""
    key = key_of(request, table)
    entry = entries.find(scope=scope_of(request), cluster=cluster_of(request), table=table, key=key)
    if entry is None:
        raise Http404(f"There is no entry “{visible(key)}” in {table.name}. It may have been deleted or renamed.")
    return entry


def _confirm(request: HttpRequest, table: TableSpec, act: Act) -> HttpResponse:
    current = find_entry(request, table)
    form = ConfirmForm(request.POST or None, initial={"seen": changes.entry_checksum(current)})
    if request.method != "POST" or not form.is_valid():
        return render(request, "tables/confirm.html", _confirm_context(request, table, act, current, form))
    try:
        done = _carry_out(request, table, act, current.key, form.cleaned_data)
    except changes.Forbidden:
        raise
    except changes.ChangeError as error:
        return _confirm_again(request, table, act, current, form, error)
    tell(request, done, f"{visible(current.key)} is {act.done}.")
    return go_on(request, table, done)


def _carry_out(request: HttpRequest, table: TableSpec, act: Act, key: str, typed: dict[str, Any]) -> ChangeRequest:
    cluster, actor = cluster_of(request), actor_of(request)
    seen: str = typed["seen"]
    rest: dict[str, Any] = {"reason": typed["reason"], "into": draft_of(request)}
    if act is DELETE:
        return changes.delete_entry(cluster=cluster, actor=actor, table=table, key=key, seen=seen, **rest)
    return changes.switch_entry(
        cluster=cluster, actor=actor, table=table, key=key, enabled=act is SWITCH_ON, seen=seen, **rest
    )


def _confirm_context(
    request: HttpRequest, table: TableSpec, act: Act, current: Entry, form: ConfirmForm
) -> dict[str, Any]:
    cluster = cluster_of(request)
    after = act.after(table, current)
    change = Change(table=table.name, key=current.key, before=to_json(current), after=to_json(after))
    return {
        "table": table,
        "act": act,
        "entry": current,
        "form": form,
        "risks": sorted(alone((table, current, after), entries.look_around(cluster))),
        "lines": difference_of(change),
        "held_by": seeing.holders(scope_of(request), cluster, table, [current.key]).get(current.key),
        "back": back_to(request, table),
    }


def _confirm_again(
    request: HttpRequest, table: TableSpec, act: Act, current: Entry, form: ConfirmForm, error: changes.ChangeError
) -> HttpResponse:
    """The same page with what is wrong. Someone else's edit is shown, and its checksum is what is confirmed next."""
    again = form
    if isinstance(error, changes.Stale):
        again = ConfirmForm(initial={"reason": form.cleaned_data["reason"], "seen": changes.entry_checksum(current)})
    context = _confirm_context(request, table, act, current, again)
    context["error"] = error
    context["problems"] = getattr(error, "problems", [])
    context["reason_missing"] = isinstance(error, changes.ReasonMissing)
    return render(request, "tables/confirm.html", context, status=409 if isinstance(error, changes.Stale) else 422)
