"""How an open request ends without being applied or reviewed: taken back, or left undecided for too long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tables import applying, audit, contributors, notices
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest

__all__ = ["expire", "withdraw"]

State = ChangeRequest.State


@transaction.atomic
def withdraw(*, request: ChangeRequest, actor: Actor, reason: str = "") -> ChangeRequest:
    """Take an open request back. Its author may, and so may the command line."""
    request = applying.locked(request)
    if actor.person is not None and actor.person.pk not in contributors.ids(request):
        raise Forbidden("Only an author of a request can withdraw it. An approver can reject it.")
    if not request.is_open:
        raise ChangeError(f"Change request {request.pk} is {request.state} already.")
    applying.close(request=request, state=State.WITHDRAWN, outcome=reason.strip())
    audit.record(
        actor=actor, action="request-withdrawn", cluster=request.cluster, request=request, reason=reason.strip()
    )
    notices.withdrawn(request=request, actor=actor)
    return request


@transaction.atomic
def expire(*, now: datetime | None = None) -> int:
    """Close requests that nobody decided for ``MAILADMIN_REQUEST_DAYS`` days; how many there were."""
    limit = (now or timezone.now()) - timedelta(days=settings.REQUEST_DAYS)
    stale = ChangeRequest.objects.select_for_update(no_key=True).filter(state=State.SUBMITTED, submitted_at__lt=limit)
    for request in stale:
        outcome = f"Nobody decided it within {settings.REQUEST_DAYS} days."
        applying.close(request=request, state=State.EXPIRED, outcome=outcome)
        audit.record(
            actor=Actor("mailadmin"), action="request-expired", cluster=request.cluster, request=request, reason=outcome
        )
        notices.expired(request=request)
    return len(stale)
