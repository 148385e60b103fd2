"""What became of a file that was changed by hand: in its row, the history and the notices at once."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from tables import audit, notices
from tables.actors import Actor
from tables.models import ChangeRequest, Drift

State = Drift.State

ACTIONS = {
    State.TAKEN_OVER: "drift-taken-over",
    State.OVERWRITTEN: "drift-overwritten",
    State.GONE: "drift-gone",
}


def told(drift: Drift) -> dict[str, Any]:
    """What each event about it says."""
    about = {"drift": drift.pk, "host": drift.host.name, "path": drift.path, "kind": drift.kind}
    return about | {"sha256": drift.sha256, "recorded": drift.recorded_sha256}


@transaction.atomic
def end(drift: Drift, *, state: str, actor: Actor, request: ChangeRequest | None = None, **detail: Any) -> bool:
    """Say what became of a drift. False: somebody else did already."""
    still_open = Drift.objects.filter(pk=drift.pk, state=State.OPEN)
    if not still_open.update(state=state, ended_at=timezone.now(), ended_by_name=actor.name):
        return False
    if state == State.GONE:
        drift.parts.all().delete()
    audit.record(
        actor=actor,
        action=ACTIONS[State(state)],
        cluster=drift.host.cluster,
        table=drift.table,
        request=request,
        detail={**told(drift), **detail},
    )
    notices.drift_ended(drift=drift)
    return True


def taken_over(*, request: ChangeRequest, actor: Actor) -> None:
    """A request is applied: the file that it takes over, if it is still as it was, may be written over."""
    if request.kind == ChangeRequest.Kind.TAKE_OVER:
        for drift in Drift.objects.filter(request=request, state=State.OPEN).select_related("host__cluster"):
            end(drift, state=State.TAKEN_OVER, actor=actor, request=request)
