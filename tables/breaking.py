"""Break glass: in an emergency an administrator applies one request at once, and a second person reviews it afterwards.

The power ends with that request. What it did is marked on every page until somebody else has reviewed it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import applying, audit, contributors, glass_gate, notices, policy, releases, reviewers
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import BrokenGlass, Change, ChangeRequest, Release, Review

__all__ = [
    "FRESH_MINUTES",
    "WAITS",
    "break_glass",
    "close",
    "glass_of",
    "goes_with",
    "is_fresh",
    "is_open",
    "lacking",
    "marked",
    "precedes",
    "standing",
    "why_not",
]

State = ChangeRequest.State

#: Minutes for which a second factor counts as fresh.
FRESH_MINUTES = 5
#: Requests that wait for a review: before they are applied, or after an emergency.
WAITS = Q(state=State.SUBMITTED) | Q(state=State.APPLIED, glass__isnull=False, glass__closed_at__isnull=True)
#: Letters that a reason has at least: "asap" says nothing to who reviews it afterwards.
LEAST_REASON = 15


def why_not(*, request: ChangeRequest, user: User) -> str:
    """Why this person cannot break glass for this request; empty when they can."""
    if request.kind == ChangeRequest.Kind.POLICY:
        return "The policy is never changed by breaking glass: two persons make it."
    if reason := glass_gate.why_not(cluster=request.cluster, user=user):
        return reason
    if request.state not in ChangeRequest.WAITING:
        return f"This request is {request.state}. Glass is broken for one that waits."
    if any(glass.is_overdue for glass in standing().filter(person=user)):
        return "A request that you broke glass for is overdue for its review. Have it reviewed first."
    return ""


def is_fresh(*, person: User, proved_at: datetime | None) -> bool:
    """Whether a second factor proved who this is just now, and after they last broke glass: one proof, one glass."""
    if proved_at is None or timezone.now() - proved_at > timedelta(minutes=FRESH_MINUTES):
        return False
    return not BrokenGlass.objects.filter(person=person, at__gte=proved_at).exists()


@transaction.atomic
def break_glass(*, request: ChangeRequest, person: User, reason: str, proved_at: datetime | None) -> Release:
    """Apply a request that waits, and cut a release of it for every host.

    ``proved_at`` is when the person last proved who they are by a second factor, ``None`` for never. Raises
    :class:`Forbidden` and :class:`ChangeError`, and then nothing has happened.
    """
    _refuse_reason(reason)
    request = applying.locked(request)
    if not is_fresh(person=person, proved_at=proved_at):
        raise Forbidden(
            f"Confirm your second factor first: that must not be older than {FRESH_MINUTES} minutes, "
            "and each broken glass takes one of its own."
        )
    if refusal := why_not(request=request, user=person):
        raise Forbidden(refusal)
    # Whoever breaks it answers for it, and is no second person to it.
    contributors.note(request=request, actor=Actor.of(person))
    now = timezone.now()
    glass = BrokenGlass.objects.create(
        request=request,
        person=person,
        person_name=person.get_username(),
        reason=reason.strip(),
        checksum=request.checksum,
        at=now,
        due_at=now + timedelta(hours=policy.glass_hours(request.cluster)),
    )
    _record(request, person, "glass-broken", reason)
    done = applying.apply(request=request, actor=Actor.of(person), glass=glass)
    if done.state != State.APPLIED:
        raise ChangeError(f"Change request {done.pk} could not be applied. {done.outcome}")
    notices.glass_broken(request=done, actor=Actor.of(person), reason=reason.strip())
    why = f"Glass broken for request {request.pk}: {reason.strip()}"
    return releases.cut(cluster=request.cluster, actor=Actor.of(person), reason=why, glass=glass)


def _refuse_reason(reason: str) -> None:
    length = len(reason.strip())
    if length < LEAST_REASON:
        raise ChangeError(
            f"Say what the emergency is, in at least {LEAST_REASON} letters (it has {length}): "
            "every approver reads it, now and afterwards."
        )


def standing() -> QuerySet[BrokenGlass]:
    """What went live in an emergency and nobody else has reviewed yet, the oldest first."""
    return BrokenGlass.objects.filter(closed_at__isnull=True).select_related("request").order_by("id")


def marked() -> QuerySet[BrokenGlass]:
    """What every page tells of: emergencies not reviewed yet, and those rejected of which something still stands."""
    stands = releases.standing(Change.objects.filter(request=OuterRef("request"), number__isnull=False))
    rejected = Q(Exists(stands), decision=Review.Decision.REJECT)
    return BrokenGlass.objects.filter(Q(closed_at__isnull=True) | rejected).select_related("request").order_by("id")


def goes_with(request: ChangeRequest) -> list[int]:
    """Numbers of other requests that are applied and in no release yet: that of this one takes them along."""
    pending = releases.pending(cluster=request.cluster).order_by()
    found = ChangeRequest.objects.filter(pk__in=pending.values("request")).exclude(pk=request.pk)
    return list(found.order_by("pk").values_list("pk", flat=True))


def glass_of(request: ChangeRequest) -> BrokenGlass | None:
    """The emergency by which a request went live, reviewed since or not."""
    return BrokenGlass.objects.filter(request=request).first()


def is_open(request: ChangeRequest) -> bool:
    """Whether a request went live in an emergency and still needs its review."""
    return request.state == State.APPLIED and standing().filter(request=request).exists()


def precedes(request: ChangeRequest, review: Review) -> bool:
    """Whether somebody decided before glass was broken: what is asked of them now is something else."""
    return BrokenGlass.objects.filter(request=request, closed_at__isnull=True, at__gt=review.at).exists()


def lacking(request: ChangeRequest) -> int:
    """How many more persons must approve afterwards: as many as it would have needed before."""
    demand = policy.demand(request=request, risks=request.risks)
    return reviewers.lacking(reviewers.valid_approvals(request), demand)


def close(*, request: ChangeRequest, reviewer: User, decision: str, comment: str = "") -> None:
    """End the emergency by the review that followed. Does nothing where there was none."""
    closed = standing().filter(request=request).exclude(person=reviewer)
    done = closed.update(
        closed_by=reviewer, closed_by_name=reviewer.get_username(), closed_at=timezone.now(), decision=decision
    )
    if done:
        _record(request, reviewer, "glass-reviewed", comment, decision=str(decision))
        notices.glass_reviewed(request=request)


def _record(request: ChangeRequest, person: User, action: str, reason: str, **detail: str) -> None:
    audit.record(
        actor=Actor.of(person),
        action=action,
        cluster=request.cluster,
        request=request,
        reason=reason.strip(),
        detail={"checksum": request.checksum, "risks": request.risks, **detail},
    )
