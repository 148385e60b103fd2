"""Bulk work and sweeps as a page asks for them: what would become of it, and the draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from tables import scopes
from tables.actors import Actor
from tables.errors import ChangeError
from tables.many import making, select, sweep
from tables.many.acts import Act, act_of
from tables.many.keys import settled
from tables.many.making import Look
from tables.many.rows import Progress, Row, judged, made
from tables.many.select import Selection
from tables.many.sweep import Sweep
from tables.models import ChangeRequest, Cluster
from tables.scopes import Scope
from tables.sendmail.spec import Entry

#: Entries that a look goes through before a page shows it; the rest is judged when the draft is made.
LOOKED = 20_000


def look(*, scope: Scope, cluster: Cluster, selection: Selection, act: Act) -> Look:
    found = select.chosen(scope=scope, cluster=cluster, selection=selection)
    return making.look(_of_act(scope, cluster, selection, act, islice(found, LOOKED)))


def _of_act(scope: Scope, cluster: Cluster, selection: Selection, act: Act, found: Iterable[Entry]) -> Iterable[Row]:
    rows = judged(scope=scope, cluster=cluster, rows=made(selection.table, found, act.make))
    return settled(cluster=cluster, rows=rows) if act.renames else rows


def bulk(
    *,
    cluster: Cluster,
    actor: Actor,
    selection: Selection,
    act: str,
    typed: Mapping[str, str],
    into: ChangeRequest | None = None,
    progress: Progress | None = None,
) -> ChangeRequest:
    """A draft in which that is done with all that was chosen, judged anew. Raises :class:`ChangeError`."""
    scope, wanted = scopes.of_actor(actor), act_of(act, typed)
    total = select.count(scope=scope, cluster=cluster, selection=selection) if progress else 0
    found = select.chosen(scope=scope, cluster=cluster, selection=selection)
    rows = _of_act(scope, cluster, selection, wanted, found)
    return making.propose(
        cluster=cluster,
        actor=actor,
        kind=ChangeRequest.Kind.BULK,
        rows=rows,
        into=into,
        total=total,
        progress=progress,
    )


def look_at_sweep(*, scope: Scope, cluster: Cluster, wanted: Sweep, shown: int) -> Look:
    return making.look(_of_sweep(scope, cluster, wanted, islice(_swept(scope, cluster, wanted), LOOKED)), shown=shown)


def _swept(scope: Scope, cluster: Cluster, wanted: Sweep) -> Iterator[Row]:
    return sweep.rows(scope=scope, cluster=cluster, sweep=wanted)


def _of_sweep(scope: Scope, cluster: Cluster, wanted: Sweep, rows: Iterable[Row]) -> Iterable[Row]:
    every = judged(scope=scope, cluster=cluster, rows=rows)
    return settled(cluster=cluster, rows=every) if wanted.other and "key" in wanted.places else every


def carry_out_sweep(
    *,
    cluster: Cluster,
    actor: Actor,
    wanted: Sweep,
    into: ChangeRequest | None = None,
    progress: Progress | None = None,
) -> ChangeRequest:
    """A draft of every place that can be swept, judged anew."""
    scope = scopes.of_actor(actor)
    rows = _of_sweep(scope, cluster, wanted, _swept(scope, cluster, wanted))
    try:
        return making.propose(
            cluster=cluster, actor=actor, kind=ChangeRequest.Kind.SWEEP, rows=rows, into=into, progress=progress
        )
    except making.NothingError as error:
        if error.refused:
            raise
        raise ChangeError(f"“{wanted.sought.text}” stands nowhere where you look for it.") from error
