"""Taking back what was applied: one change, one request, or all since a release or any change.

Each is a new request that goes the one way.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from django.db import transaction
from django.db.models import Exists, OuterRef

from tables import applying, changes, passages, scopes
from tables.actors import Actor
from tables.entries import get_entries, get_entry, look_around
from tables.errors import ChangeError, Forbidden
from tables.models import Change, ChangeRequest, Cluster, Release
from tables.sendmail.risk.together import risks_together
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import visible
from tables.states import from_json

__all__ = [
    "Overtaken",
    "Step",
    "back_to",
    "back_to_change",
    "risks_of",
    "step_of_undo",
    "steps_back_to",
    "steps_of_undo",
    "undo",
    "undo_change",
    "why_not",
]

State = ChangeRequest.State
Kind = ChangeRequest.Kind

#: Keys that one query asks for.
CHUNK = 500


class Overtaken(ChangeError):
    """Something was changed again since: to undo the older change would take the newer one away unseen."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry as it stands and as it shall be again."""

    table: TableSpec
    before: Entry | None
    after: Entry | None


def why_not(request: ChangeRequest) -> str:
    """Why a request cannot be undone; empty when it can."""
    if request.state != State.APPLIED:
        return f"Change request {request.pk} is {request.state}: there is nothing to undo."
    if request.kind == Kind.BASELINE:
        return "The tables as they were taken over cannot be undone."
    return ""


def steps_of_undo(request: ChangeRequest) -> Generator[Step, None, None]:
    """The inverse of each change, the last one first. Raises :class:`Overtaken` at what was changed since."""
    if reason := why_not(request):
        raise ChangeError(reason)
    for change in request.changes.order_by("-id").iterator(chunk_size=CHUNK):
        table = TABLES[change.table]
        stands = get_entry(cluster=request.cluster, table=table, key=change.key)
        if stands != from_json(change.key, change.after):
            raise Overtaken(_overtaken(request, change))
        yield Step(table, stands, from_json(change.key, change.before))


def _overtaken(request: ChangeRequest, change: Change) -> str:
    of_key = Change.objects.filter(cluster=request.cluster, table=change.table, key=change.key)
    later = of_key.filter(number__gt=change.number or 0).order_by("-number").select_related("request").first()
    if later is None:
        return f"{visible(change.key)} in {change.table} is not what request {request.pk} made it. Edit it by hand."
    if later.request.undoes_id == request.pk:
        return f"Request {request.pk} is undone already, by request {later.request_id} of {later.author_name}."
    return (
        f"{visible(change.key)} in {change.table} was changed since request {request.pk} of {change.author_name}: "
        f"by request {later.request_id} of {later.author_name}. Undo that first, or edit the entry by hand."
    )


def refuse_unseen(*, request: ChangeRequest, actor: Actor) -> None:
    """Refuse a limited person what is not all theirs; text between entries is nobody's in particular."""
    scopes.refuse_amending(actor=actor, changes=request.changes.iterator)
    if scopes.of_actor(actor).limited and passages.any_in(request):
        raise Forbidden("Text between entries concerns all domains. Ask somebody who sees all of them.")


@transaction.atomic
def undo(*, request: ChangeRequest, actor: Actor, reason: str = "") -> ChangeRequest:
    """A new request that takes back what one did. Applied at once when that opens nothing."""
    request = applying.locked(request)
    refuse_unseen(request=request, actor=actor)
    texts = passages.steps_of_undo(request)
    return _propose(request.cluster, actor, Kind.REVERT, reason, steps_of_undo(request), texts, undoes=request)


def step_of_undo(change: Change) -> Step:
    """The inverse of one change. Raises :class:`Overtaken` when its entry was changed since."""
    if change.number is None:
        raise ChangeError("This change was not applied: there is nothing to undo.")
    table = TABLES[change.table]
    stands = get_entry(cluster=change.cluster, table=table, key=change.key)
    if stands != from_json(change.key, change.after):
        raise Overtaken(_overtaken_alone(change))
    return Step(table, stands, from_json(change.key, change.before))


def _overtaken_alone(change: Change) -> str:
    of_key = Change.objects.filter(cluster=change.cluster, table=change.table, key=change.key)
    later = of_key.filter(number__gt=change.number or 0).order_by("-number").select_related("request").first()
    what = f"{visible(change.key)} in {change.table}"
    if later is None:
        return f"{what} is not what change {change.number} made it. Edit it by hand."
    return (
        f"{what} was changed since, by request {later.request_id} of {later.author_name}. "
        "Undo that change first, or edit the entry by hand."
    )


@transaction.atomic
def undo_change(*, change: Change, actor: Actor, reason: str = "") -> ChangeRequest:
    """A new request that takes one change back and leaves the others of its request. Applied at once when that opens
    nothing."""
    request = applying.locked(change.request)
    scopes.refuse_amending(actor=actor, changes=lambda: [change])
    alone = not passages.any_in(request) and request.changes.count() == 1
    steps = (step for step in [step_of_undo(change)])
    return _propose(request.cluster, actor, Kind.REVERT, reason, steps, iter(()), undoes=request if alone else None)


def steps_back_to(*, cluster: Cluster, change_number: int) -> Generator[Step, None, None]:
    """What makes the tables say what they said after a change: each key that changed since, as it was before."""
    for table in TABLES.values():
        later = Change.objects.filter(cluster=cluster, table=table.name, number__gt=change_number)
        earlier = later.filter(key=OuterRef("key"), number__lt=OuterRef("number"))
        first = later.filter(~Exists(earlier)).order_by("key").values_list("key", "before")
        found = first.iterator(chunk_size=CHUNK)
        while chunk := list(islice(found, CHUNK)):
            current = get_entries(cluster=cluster, table=table, keys=[key for key, _before in chunk])
            for key, before in chunk:
                wanted, stands = from_json(key, before), current.get(key)
                if wanted != stands:
                    yield Step(table, stands, wanted)


def back_to(*, release: Release, actor: Actor, reason: str = "") -> ChangeRequest:
    """A new request that brings the tables back to what a release said. History keeps all that was in between."""
    return back_to_change(cluster=release.cluster, change_number=release.change_number, actor=actor, reason=reason)


@transaction.atomic
def back_to_change(*, cluster: Cluster, change_number: int, actor: Actor, reason: str = "") -> ChangeRequest:
    """The same of what they said after any change."""
    Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    texts = passages.steps_back_to(cluster=cluster, change_number=change_number)
    steps = steps_back_to(cluster=cluster, change_number=change_number)
    return _propose(cluster, actor, Kind.ROLLBACK, reason, steps, texts)


def risks_of(cluster: Cluster, steps: Iterable[Step]) -> frozenset[Risk]:
    """What all steps done at once put at risk."""
    found = risks_together([(step.table, step.before, step.after) for step in steps], look_around(cluster))
    return frozenset().union(*found)


def _propose(
    cluster: Cluster,
    actor: Actor,
    kind: str,
    reason: str,
    steps: Generator[Step, None, None],
    texts: Iterator[passages.Step],
    *,
    undoes: ChangeRequest | None = None,
) -> ChangeRequest:
    request = changes.draft(cluster=cluster, actor=actor, kind=kind, reason=reason)
    if undoes:
        request.undoes = undoes
        request.save(update_fields=["undoes"])
    any_steps = False
    # Closed here also when one is refused: they read by a cursor of the database, which ends with this transaction.
    with closing(steps):
        for table, pairs in _by_table(steps):
            any_steps = True
            changes.propose_many(request=request, actor=actor, table=table, pairs=pairs)
    if not passages.propose(request=request, steps=list(texts)) and not any_steps:
        raise ChangeError("The tables say that already: there is nothing to take back.")
    return changes.submit(request=request, actor=actor)


def _by_table(steps: Iterable[Step]) -> Iterator[tuple[TableSpec, list[tuple[Entry | None, Entry | None]]]]:
    """Steps in runs of one table, so many at a time."""
    waiting: dict[str, list[tuple[Entry | None, Entry | None]]] = {}
    for step in steps:
        run = waiting.setdefault(step.table.name, [])
        run.append((step.before, step.after))
        if len(run) >= CHUNK:
            yield step.table, waiting.pop(step.table.name)
    for name, run in waiting.items():
        yield TABLES[name], run
