"""How an open request ends without being applied or reviewed: taken back, or left undecided for too long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tables import applying, audit, contributors, notices, policy
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest, Cluster

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
    """Close requests that were not applied within as many days as the policy lets them wait; how many there were."""
    at, expired = now or timezone.now(), 0
    # Nothing expires within a day, whatever the policy says.
    old = ChangeRequest.objects.filter(state__in=ChangeRequest.WAITING, submitted_at__lt=at - timedelta(days=1))
    # One order of locks everywhere: the clusters first.
    list(Cluster.objects.select_for_update(no_key=True).filter(pk__in=old.values("cluster")).order_by("pk"))
    for pk in list(old.order_by("pk").values_list("pk", flat=True)):
        request = (
            ChangeRequest.objects.select_for_update(of=("self",), no_key=True).select_related("cluster").get(pk=pk)
        )
        days = policy.request_days(request)
        if request.state not in ChangeRequest.WAITING or request.submitted_at is None:
            continue
        if request.submitted_at >= at - timedelta(days=days):
            continue
        lacked = "Nobody decided it" if request.state == State.SUBMITTED else "It was approved, but not applied"
        outcome = f"{lacked} within {days} day{'s' if days > 1 else ''}."
        applying.close(request=request, state=State.EXPIRED, outcome=outcome)
        audit.record(
            actor=Actor("mailadmin"), action="request-expired", cluster=request.cluster, request=request, reason=outcome
        )
        notices.expired(request=request)
        expired += 1
    return expired
