"""Approvals that grow too old before what they approve is live: told of before, and asked for anew afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tables import notices, policy, releases, reviewers
from tables.models import ChangeRequest, Cluster, Notice, Review

State = ChangeRequest.State

#: How long before it lapses an approval is told of, unless its whole time is short, and for how long afterwards.
BEFORE, AFTER = timedelta(days=1), timedelta(days=2)


def remind(*, now: datetime | None = None) -> int:
    """Tell of the approvals that lapse before they were of use; how many there were."""
    now = now or timezone.now()
    _settle_what_is_released()
    return sum(_tell(review, now) for cluster in Cluster.objects.all() for review in _old(cluster, now))


def _life(cluster: Cluster) -> timedelta:
    return timedelta(hours=policy.in_force(cluster).rules.approval_hours)


def _old(cluster: Cluster, now: datetime) -> Iterator[Review]:
    life = _life(cluster)
    window = (now - life - AFTER, now - life + min(BEFORE, life / 2))
    given = Review.objects.filter(request__cluster=cluster, decision=Review.Decision.APPROVE, at__range=window)
    unpublished = [State.SUBMITTED, State.APPROVED, State.APPLIED]
    found = given.filter(request__state__in=unpublished).select_related("request__cluster", "reviewer")
    yield from (review for review in found.order_by("pk") if _is_needed(review))


def _is_needed(review: Review) -> bool:
    """Whether it is its giver's last word on this version, and the request hangs on it still."""
    request = review.request
    last = reviewers.decisions(request).get(review.reviewer_id)
    if last is None or last.pk != review.pk or not policy.demand(request=request, risks=request.risks).reviews:
        return False
    return request.state != State.APPLIED or _is_pending(request)


def _is_pending(request: ChangeRequest) -> bool:
    return releases.pending(cluster=request.cluster).filter(request=request).exists()


@transaction.atomic
def _tell(review: Review, now: datetime) -> bool:
    """Once before it lapses and once after, however many publishers there are."""
    ends_at = review.at + _life(review.request.cluster)
    lapsed = now >= ends_at
    if Notice.objects.filter(key=f"{'lapsed' if lapsed else 'lapsing'}:{review.pk}").exists():
        return False
    if lapsed:
        notices.approval_lapsed(request=review.request, review=review)
    else:
        notices.approval_ending(request=review.request, review=review, ends_at=ends_at)
    return True


def _settle_what_is_released() -> None:
    """Nobody need renew what went into a release."""
    about = Q(key__startswith="lapsed:") | Q(key__startswith="lapsing:")
    asked = Notice.objects.filter(about, settled_at__isnull=True).values("request")
    for request in ChangeRequest.objects.filter(pk__in=asked, state=State.APPLIED).select_related("cluster"):
        if not _is_pending(request):
            notices.settle(request=request)
