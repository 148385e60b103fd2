"""One person's look at another's request. A review binds to the checksum of what was shown."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import REVIEW, VIEW
from tables import applying, audit, judging, notices, policy, reviewers
from tables.actors import Actor
from tables.errors import ReviewError
from tables.models import Change, ChangeRequest, Cluster, Review, Viewing

__all__ = ["ReviewError", "approve", "get_request_for_review", "note_viewing", "reject", "why_not"]

State = ChangeRequest.State


def why_not(*, request: ChangeRequest, user: User) -> str:
    """Why this person may not review this request now; empty when they may."""
    if request.state != State.SUBMITTED:
        return f"This request is {request.state}."
    if Review.objects.filter(request=request, reviewer=user, checksum=request.checksum).exists():
        return "You have decided on this version already."
    return reviewers.why_not(request=request, user=user)


def get_request_for_review(user: User, pk: int) -> ChangeRequest:
    """The request, for somebody whose role lets them review at all."""
    if not (user.has_perm(VIEW) and user.has_perm(REVIEW)):
        raise PermissionDenied("Only an approver may review change requests.")
    return get_object_or_404(ChangeRequest.objects.select_related("cluster", "author"), pk=pk)


def note_viewing(*, request: ChangeRequest, person: User) -> None:
    """Remember, once, that this person was shown exactly this version."""
    with transaction.atomic():
        _viewing, first = Viewing.objects.get_or_create(request=request, person=person, checksum=request.checksum)
        if first:
            audit.record(
                actor=Actor.of(person),
                action="request-viewed",
                cluster=request.cluster,
                request=request,
                detail={"checksum": request.checksum},
            )


@transaction.atomic
def approve(*, request: ChangeRequest, reviewer: User, checksum: str, comment: str = "") -> ChangeRequest:
    """Approve what was shown; applied at once when that was the last approval it needed.

    Comes back ``applied``, ``submitted`` (more approvals needed) or ``conflicted``.
    """
    request = _decide(request, reviewer, checksum, Review.Decision.APPROVE, comment)
    found = judging.risks_of(request.cluster, Change.objects.filter(request=request))
    if len(reviewers.valid_approvals(request)) < policy.demand(request=request, risks=found).reviews:
        return request
    request.state = State.APPROVED
    request.save(update_fields=["state"])
    return applying.apply(request=request, actor=Actor.of(reviewer))


@transaction.atomic
def reject(*, request: ChangeRequest, reviewer: User, checksum: str, comment: str) -> ChangeRequest:
    """Stop a request for good. One rejection is enough, and it says why."""
    if not comment.strip():
        raise ReviewError("Say why you reject it, so that the author knows what to do.")
    request = _decide(request, reviewer, checksum, Review.Decision.REJECT, comment)
    applying.close(request=request, state=State.REJECTED, outcome=comment.strip())
    return request


def _decide(request: ChangeRequest, reviewer: User, checksum: str, decision: str, comment: str) -> ChangeRequest:
    """Write the review down, under the same locks as applying."""
    Cluster.objects.select_for_update().get(pk=request.cluster_id)
    request = ChangeRequest.objects.select_for_update().select_related("cluster").get(pk=request.pk)
    if reason := why_not(request=request, user=reviewer):
        raise ReviewError(reason)
    if checksum != request.checksum:
        raise ReviewError("The request changed since you looked. Look at it again before you decide.")
    if not Viewing.objects.filter(request=request, person=reviewer, checksum=checksum).exists():
        raise ReviewError("Open the request and look at its changes before you decide.")
    review = Review.objects.create(
        request=request,
        author=request.author,
        reviewer=reviewer,
        reviewer_name=reviewer.get_username(),
        decision=decision,
        checksum=checksum,
        comment=comment.strip(),
    )
    audit.record(
        actor=Actor.of(reviewer),
        action="request-approved" if decision == Review.Decision.APPROVE else "request-rejected",
        cluster=request.cluster,
        request=request,
        reason=comment.strip(),
        detail={"checksum": checksum},
    )
    notices.decided(request=request, review=review)
    return request
