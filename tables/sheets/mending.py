"""Broken rows of an import: mended they join the draft, or they are left out of it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Count, QuerySet

from tables import applying, changes, drafting, scopes, seeing
from tables.actors import Actor
from tables.entries import look_around, seen_rows
from tables.errors import ChangeError, Invalid
from tables.judging import is_tightening
from tables.models import BrokenRow, ChangeRequest
from tables.placing import position_for
from tables.scopes import Scope
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sheets.candidates import candidate_of
from tables.sheets.columns import columns_of
from tables.sheets.importing import as_kept, held_by
from tables.sheets.meaning import MOST_TEXT, storable
from tables.sheets.rows import SheetRow, problem

State = BrokenRow.State


def rows_of(request: ChangeRequest) -> QuerySet[BrokenRow]:
    """Those that are still broken, in the order of the sheet."""
    return BrokenRow.objects.filter(request=request, state=State.BROKEN).order_by("number", "id")


def counts(request: ChangeRequest) -> dict[str, int]:
    found = BrokenRow.objects.filter(request=request).order_by().values_list("state").annotate(Count("pk"))
    return dict(found)


def find(*, scope: Scope, pk: int) -> BrokenRow | None:
    """The row of that number, for whoever may see its request."""
    row = BrokenRow.objects.select_related("request__cluster").filter(pk=pk).first()
    if row is None or not seeing.requests(scope, row.request.cluster).filter(pk=row.request_id).exists():
        return None
    return row


def problems_of(row: BrokenRow) -> list[Problem]:
    return [
        Problem(one["rule"], Grade(one["grade"]), one["message"], one["remedy"], one["field"]) for one in row.problems
    ]


def shown_texts(row: BrokenRow) -> dict[str, str]:
    """The cells for a form, passwords hidden."""
    table = TABLES[row.table]
    entry = table.masked(_as_entry(row))
    texts = {name: str(row.texts.get(name, "")) for name in columns_of(table)}
    return texts | ({"value": entry.value} if "value" in texts else {}) | {"comment": entry.comment}


def shown_line(row: BrokenRow) -> str:
    """The line of a flat file that could not be taken apart, passwords hidden."""
    table = TABLES[row.table]
    return table.masked(Entry("", raw=row.texts.get("line", ""))).raw.rstrip("\n")


def _as_entry(row: BrokenRow) -> Entry:
    key = str(row.texts.get("key", "")).strip().lower()
    return Entry(key, str(row.texts.get("value", "")), str(row.texts.get("comment", "")))


@transaction.atomic
def mend(*, row: BrokenRow, actor: Actor, texts: Mapping[str, str]) -> list[Problem]:
    """Put a row as it is typed now into the draft; what is still wrong with it is the answer, and kept with it."""
    row = _locked(row, actor)
    request, table, scope = row.request, TABLES[row.table], scopes.of_actor(actor)
    known = columns_of(table)
    typed = {name: text for name, text in texts.items() if name in known}
    typed = _with_passwords(row, typed)
    try:
        errors = _proposed(request, actor, table, scope, SheetRow(row.number, typed))
    except Invalid as error:
        errors = error.problems
    row.texts, row.problems = _kept_texts(typed), list(map(as_kept, errors))
    row.state = State.BROKEN if errors else State.MENDED
    row.save(update_fields=["texts", "problems", "state"])
    return errors


def _kept_texts(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: storable(text)[:MOST_TEXT] for name, text in typed.items()}


def _with_passwords(row: BrokenRow, typed: dict[str, str]) -> dict[str, str]:
    """What was shown as dots and not touched is what stood in the sheet, under the same key."""
    shown = shown_texts(row)
    if typed.get("key", "").strip() != str(row.texts.get("key", "")).strip():
        return typed
    return {name: str(row.texts.get(name, "")) if text == shown.get(name) else text for name, text in typed.items()}


def _proposed(request: ChangeRequest, actor: Actor, table: TableSpec, scope: Scope, row: SheetRow) -> list[Problem]:
    candidate = candidate_of(table, row, scope=scope, position=0)
    if candidate.errors:
        return candidate.errors
    cluster = request.cluster
    found = seen_rows(scope=scope, cluster=cluster, table=table).filter(key__in=candidate.keys)
    current = {one.key: one.entry for one in found}
    stands = next((current[key] for key in reversed(candidate.keys) if key in current), None)
    key = stands.key if stands else candidate.keys[0]
    if request.changes.filter(table=table.name, key=key).exists():
        remedy = "Write another key, or leave the row out."
        return [problem("double-key", "The draft changes this key already.", remedy, "key")]
    position = position_for(cluster=cluster, table=table, key=key)
    meant = candidate_of(table, row, scope=scope, position=position).make(stands)
    if meant.errors:
        return meant.errors
    held = seeing.holders(scope, cluster, table, [key])
    if key in held and not is_tightening(table, stands, meant.wanted, look_around(cluster)):
        return [held_by(held[key])]
    changes.propose_many(request=request, actor=actor, table=table, pairs=[(stands, meant.wanted)])
    return []


@transaction.atomic
def leave_out(*, row: BrokenRow, actor: Actor) -> None:
    row = _locked(row, actor)
    row.state = State.LEFT_OUT
    row.save(update_fields=["state"])


@transaction.atomic
def leave_all_out(*, request: ChangeRequest, actor: Actor) -> int:
    """All that are still broken; how many there were."""
    request = applying.locked(request)
    drafting.refuse_foreign(request=request, actor=actor)
    return rows_of(request).update(state=State.LEFT_OUT)


def _locked(row: BrokenRow, actor: Actor) -> BrokenRow:
    request = applying.locked(row.request)
    drafting.refuse_foreign(request=request, actor=actor)
    row = BrokenRow.objects.get(pk=row.pk)
    row.request = request
    if row.state != State.BROKEN:
        raise ChangeError(f"Row {row.number} is {row.state} already.")
    return row
