"""Work on many entries of a table: which, what is to be done with them, a look at it, and then a draft."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mailadmin.accounts.roles import EDIT
from tables import changes, dates
from tables.context import cluster_of, draft_of, scope_of
from tables.differences import Line, difference
from tables.errors import ChangeError, Forbidden
from tables.forms import LISTING_STATES, ListingForm
from tables.jobs import running
from tables.many import doing, select
from tables.many.acts import act_of
from tables.many.making import Look
from tables.many.rows import Row
from tables.many.select import Selection
from tables.sendmail.spec import ABOUT, Entry, Problem, TableSpec
from tables.views.access import actor_of, needs
from tables.views.entries import back_to
from tables.views.jobs import started

#: What somebody may type beside choosing what is to be done.
TYPED = ("owner", "ticket", "starts", "ends", "comment", "find", "put", "whole", "in-value", "in-comment", "in-key")
#: Entries that may be named one by one.
TICKED = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry before and after, or why it stays."""

    table: TableSpec
    key: str
    lines: list[Line]
    about: list[tuple[str, str, str]]
    problem: Problem | None
    note: str
    gone: bool


def shown(row: Row) -> Shown:
    before, after = row.before, row.before if row.problem else row.after
    lines = difference(
        changes.file_lines(row.table, before), changes.file_lines(row.table, after), clear=row.table.shown
    )
    return Shown(row.table, before.key, lines, _about(before, after), row.problem, row.note, after is None)


def _about(before: Entry, after: Entry | None) -> list[tuple[str, str, str]]:
    """What no file holds, where it is another afterwards."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in ABOUT if after)
    return [(dates.NAMES[name], _read(name, was), _read(name, will)) for name, was, will in pairs if was != will]


def _read(name: str, text: str) -> str:
    return dates.shown(text).replace("T", " ") if name in {"starts", "ends"} else text


def shown_rows(look: Look) -> dict[str, list[Shown]]:
    return {"changing": [shown(row) for row in look.shown], "refused": [shown(row) for row in look.bad]}


# --- the page ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def many(request: HttpRequest, table: TableSpec) -> HttpResponse:
    selection = _selection(request, table)
    count = select.count(scope=scope_of(request), cluster=cluster_of(request), selection=selection)
    if not count:
        messages.warning(request, "No entry is chosen. Tick some in the list, or choose all that match.")
        return redirect(back_to(request, table))
    act = request.POST.get("act", "")
    if not act:
        return _page(request, selection, count)
    typed = {name: text.replace("\0", "") for name in TYPED if (text := request.POST.get(name, ""))}
    try:
        if "make" in request.POST:
            return _made(request, selection, count, act, typed)
        wanted = act_of(act, typed)
        look = doing.look(scope=scope_of(request), cluster=cluster_of(request), selection=selection, act=wanted)
    except Forbidden:
        raise
    except ChangeError as error:
        return _page(request, selection, count, typed=typed, error=str(error))
    more: dict[str, Any] = {
        "typed": typed,
        "typed_pairs": list(typed.items()),
        "look": look,
        "words": wanted.words,
        "act": act,
        "looked": doing.LOOKED,
        **shown_rows(look),
    }
    return _page(request, selection, count, **more)


def _selection(request: HttpRequest, table: TableSpec) -> Selection:
    given = request.POST if request.method == "POST" else request.GET
    chosen = ListingForm(given).chosen()
    if request.method != "POST" or given.get("which") == "all":
        return Selection(table, chosen["q"], chosen["state"])
    if "keys" in given:
        keys = _listed(given["keys"])
    else:
        keys = _listed(given.get("shown", "")) if given.get("which") == "page" else given.getlist("key")
    return Selection(table, chosen["q"], chosen["state"], tuple(key for key in keys[:TICKED] if "\0" not in key))


def _listed(text: str) -> list[str]:
    """Keys as a page handed them on; nothing of what is no list of texts."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []


def listed(keys: Iterable[str]) -> str:
    return json.dumps(list(keys))


def _page(request: HttpRequest, selection: Selection, count: int, error: str = "", **more: Any) -> HttpResponse:
    context = {
        "table": selection.table,
        "selection": selection,
        "count": count,
        "keys": None if selection.keys is None else listed(selection.keys),
        "state": LISTING_STATES[selection.state],
        "error": error,
        "about": [(name, word, f"clear-{name}") for name, word in dates.NAMES.items()],
        "typed": {name.replace("-", "_"): text for name, text in more.pop("typed", {"in-value": "on"}).items()},
        "back": back_to(request, selection.table),
        **more,
    }
    return render(request, "tables/many.html", context, status=422 if error else 200)


def _made(request: HttpRequest, selection: Selection, count: int, act: str, typed: dict[str, str]) -> HttpResponse:
    into = draft_of(request)
    if count > running.MANY:
        given = {
            "cluster": cluster_of(request).pk,
            "table": selection.table.name,
            "query": selection.query,
            "state": selection.state,
            "keys": selection.keys,
            "act": act,
            "typed": typed,
            "into": into.pk if into else None,
        }
        title = f"Making a draft of {count} entries of {selection.table.name}"
        return started(request, "bulk", title, given, back_to(request, selection.table))
    draft = doing.bulk(
        cluster=cluster_of(request), actor=actor_of(request), selection=selection, act=act, typed=typed, into=into
    )
    return made(request, draft.pk)


def made(request: HttpRequest, pk: int) -> HttpResponse:
    messages.success(request, f"Draft {pk} has it. Look at it, leave out what shall stay, then submit it.")
    return redirect("request", pk=pk)


def places(names: Sequence[str], given: Any) -> list[str]:
    return [name for name in names if given.get(f"in-{name}")]
