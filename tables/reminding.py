"""Reminders of what nobody decides: once after some days, and once more before it expires."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tables import breaking, notices, policy
from tables.models import ChangeRequest, Cluster, Notice

#: How long before its end a request is told of, unless its whole time is short.
BEFORE = timedelta(days=2)


def remind(*, now: datetime | None = None) -> int:
    """Tell those who may decide, and the authors, of what waits for too long; how many requests there were."""
    return sum(_remind_of(cluster, now or timezone.now()) for cluster in Cluster.objects.order_by("pk"))


def _remind_of(cluster: Cluster, now: datetime) -> int:
    rules = policy.in_force(cluster).rules
    lifetime = timedelta(days=rules.request_days)
    ending = now - lifetime + min(BEFORE, lifetime / 2)
    slow = now - timedelta(days=rules.remind_days)
    told = _remind(_untold(cluster, ending, "expiring:"), lifetime)
    return told + _remind(_untold(cluster, slow, "undecided:", "expiring:"))


def remind_of_glass(*, now: datetime | None = None) -> int:
    """Tell of broken glass that nobody has reviewed in time, once; how often there was any."""
    told = Notice.objects.filter(request=OuterRef("request"), key__startswith="glass-overdue:")
    untold = breaking.standing().filter(~Exists(told), due_at__lt=now or timezone.now())
    overdue = list(untold.select_related("request__cluster", "person"))
    for glass in overdue:
        notices.glass_overdue(glass=glass)
    return len(overdue)


def _untold(cluster: Cluster, moment: datetime, *keys: str) -> QuerySet[ChangeRequest]:
    """The requests submitted before a moment of which none of this was told since."""
    told = Notice.objects.filter(request=OuterRef("pk"), created_at__gte=OuterRef("submitted_at"))
    found = ChangeRequest.objects.filter(cluster=cluster, state=ChangeRequest.State.SUBMITTED, submitted_at__lt=moment)
    for key in keys:
        found = found.filter(~Exists(told.filter(key__startswith=key)))
    return found


def _remind(found: QuerySet[ChangeRequest], lifetime: timedelta | None = None) -> int:
    return sum(_tell(pk, found, lifetime) for pk in found.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _tell(pk: int, found: QuerySet[ChangeRequest], lifetime: timedelta | None) -> bool:
    """One request, unless it was decided meanwhile, or another publisher was quicker."""
    request = found.select_for_update(of=("self",)).filter(pk=pk).first()
    if request is None or request.submitted_at is None:
        return False
    if lifetime is None:
        notices.undecided(request=request)
    else:
        notices.expiring(request=request, ends_at=request.submitted_at + lifetime)
    return True
