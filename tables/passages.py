"""Text between the entries of a file: as it stood at any change, and the changes of it that a request carries.

It goes into the file as it is, so nothing but comments and blank lines may be in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from tables import audit
from tables.actors import Actor
from tables.errors import ChangeError
from tables.models import ChangeRequest, Cluster, FilePassage, PassageChange
from tables.sendmail.render import is_silent
from tables.sendmail.spec import Passage, TableSpec
from tables.sendmail.tables import TABLES

Kind = ChangeRequest.Kind

FETCH = 2000
CHUNK = 500
#: Kinds of requests that may carry such changes: of others it need not be asked.
CARRIERS = (Kind.TAKE_OVER, Kind.REVERT, Kind.ROLLBACK)


class Step(NamedTuple):
    """What stands at one place and what shall; empty for nothing."""

    table: str
    position: int
    before: str
    after: str


# --- as it stands and stood -------------------------------------------------------------------------------------------


def rows_at(*, cluster: Cluster, table: TableSpec, change_number: int | None = None) -> QuerySet[FilePassage]:
    """What stood after that change; without one, what stands."""
    found = FilePassage.objects.filter(cluster=cluster, table=table.name)
    if change_number is None:
        return found.filter(until__isnull=True)
    return found.filter(Q(until__isnull=True) | Q(until__gt=change_number), since__lte=change_number)


def stream(*, cluster: Cluster, table: TableSpec, change_number: int | None = None) -> Iterator[Passage]:
    """The same in the order of the file."""
    found = rows_at(cluster=cluster, table=table, change_number=change_number).order_by("position")
    for text, position in found.values_list("text", "position").iterator(chunk_size=FETCH):
        yield Passage(text=text, position=position)


def before(*, cluster: Cluster, table: TableSpec, change_number: int, position: int) -> Passage | None:
    """The last one at or before a position: it stands before an entry of the same one."""
    found = rows_at(cluster=cluster, table=table, change_number=change_number).filter(position__lte=position)
    row = found.order_by("-position").first()
    return Passage(text=row.text, position=row.position) if row else None


# --- in a request -----------------------------------------------------------------------------------------------------


def of(request: ChangeRequest) -> QuerySet[PassageChange]:
    found = PassageChange.objects.filter(request=request)
    return (found if request.kind in CARRIERS else found.none()).order_by("table", "position")


def any_in(request: ChangeRequest) -> bool:
    return of(request).exists()


def propose(*, request: ChangeRequest, steps: Iterable[Step]) -> int:
    """Put changes into a draft; how many. Raises :class:`ChangeError` at text that would be more than a comment."""
    if request.state != ChangeRequest.State.DRAFT or request.kind not in CARRIERS:
        raise ChangeError(f"Change request {request.pk} is {request.state} and takes no text between entries.")
    wanted = [step for step in steps if step.before != step.after]
    for step in wanted:
        if not is_silent(TABLES[step.table], step.after):
            raise ChangeError(f"Text between the entries of {step.table} would be read as entries. Add them as such.")
    PassageChange.objects.bulk_create(
        [PassageChange(request=request, cluster=request.cluster, **step._asdict()) for step in wanted], batch_size=CHUNK
    )
    return len(wanted)


def carried(request: ChangeRequest) -> list[list[Any]]:
    """What a request's checksum covers of them."""
    return [list(row) for row in of(request).values_list("table", "position", "before", "after")]


def conflict(request: ChangeRequest) -> str:
    """Why what they start from is no longer there; empty when it is."""
    for change in of(request).iterator(chunk_size=FETCH):
        if _stands(change) != change.before:
            return f"The text between the entries of {change.table} changed since. Make the request anew."
    return ""


def _stands(change: PassageChange) -> str:
    found = rows_at(cluster=change.cluster, table=TABLES[change.table]).filter(position=change.position).first()
    return found.text if found else ""


def carry_out(*, request: ChangeRequest, actor: Actor, about: dict[str, Any]) -> None:
    """Number them in the change log and make them stand. Called by the gate, under its locks."""
    cluster, changes = request.cluster, list(of(request))
    if not changes:
        return
    for number, change in enumerate(changes, start=cluster.last_change + 1):
        change.number = number
    PassageChange.objects.bulk_update(changes, ["number"], batch_size=CHUNK)
    cluster.last_change += len(changes)
    cluster.save(update_fields=["last_change"])
    for change in changes:
        _make_stand(change)
    author = Actor(request.author_name, request.author)
    audit.record_many(
        [
            audit.Act(
                actor=author,
                action="passage-changed",
                cluster=cluster,
                table=change.table,
                request=request,
                reason=request.reason,
                detail={**told(change), "applied_by": actor.name, **about},
            )
            for change in changes
        ]
    )


def _make_stand(change: PassageChange) -> None:
    standing = FilePassage.objects.filter(
        cluster=change.cluster, table=change.table, position=change.position, until__isnull=True
    )
    if change.before:
        standing.update(until=change.number)
    if change.after:
        FilePassage.objects.create(
            cluster=change.cluster,
            table=change.table,
            position=change.position,
            text=change.after,
            since=change.number or 0,
        )


def told(change: PassageChange) -> dict[str, Any]:
    """What the history says of one. Not the text itself, which is kept and may hold a password."""
    return {
        "change": change.number,
        "position": change.position,
        "sha256_before": _digest(change.before),
        "sha256_after": _digest(change.after),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


# --- taking back ------------------------------------------------------------------------------------------------------


def steps_of_undo(request: ChangeRequest) -> Iterator[Step]:
    """The inverse of each. Raises :class:`ChangeError` at what was changed since."""
    for change in of(request).filter(number__isnull=False):
        if _stands(change) != change.after:
            raise ChangeError(
                f"The text between the entries of {change.table} was changed since request {request.pk}. "
                "Take back the later request first."
            )
        yield Step(change.table, change.position, change.after, change.before)


def steps_back_to(*, cluster: Cluster, change_number: int) -> Iterator[Step]:
    """What makes the text between entries what it was after a change."""
    return steps_between(cluster=cluster, old=None, new=change_number)


def steps_between(
    *, cluster: Cluster, old: int | None, new: int, tables: Sequence[str] = tuple(TABLES)
) -> Iterator[Step]:
    """Each place where another text stood after one change than after another; ``None``: what stands now."""
    low, high = (new, old) if old is None or new <= old else (old, new)
    between = PassageChange.objects.filter(cluster=cluster, number__gt=low, table__in=tables)
    if high is not None:
        between = between.filter(number__lte=high)
    for name, position in between.values_list("table", "position").order_by("table", "position").distinct():
        was, becomes = (
            rows_at(cluster=cluster, table=TABLES[name], change_number=number).filter(position=position).first()
            for number in (old, new)
        )
        yield Step(name, position, was.text if was else "", becomes.text if becomes else "")
