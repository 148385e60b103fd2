"""One person's look at another's request. A review binds to the checksum of what was shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import EDIT, REVIEW, VIEW
from tables import applying, audit, breaking, judging, notices, policy, releases, reviewers, scopes, seeing
from tables.actors import Actor
from tables.errors import Forbidden, ReviewError
from tables.models import Change, ChangeRequest, Review, Viewing
from tables.sendmail.spec import Risk

__all__ = [
    "ReviewError",
    "approve",
    "carry_out",
    "get_request_for_review",
    "needs_renewal",
    "note_viewing",
    "reject",
    "take_back",
    "why_not",
    "why_not_take_back",
]

State = ChangeRequest.State
Decision = Review.Decision

#: What the history calls a decision.
ACTIONS = {
    Decision.APPROVE: "request-approved",
    Decision.REJECT: "request-rejected",
    Decision.WITHDRAW: "review-withdrawn",
}


def why_not(*, request: ChangeRequest, user: User) -> str:
    """Why this person may not review this request now; empty when they may."""
    if not (request.state in ChangeRequest.WAITING or needs_renewal(request) or breaking.is_open(request)):
        return f"This request is {request.state}."
    if reason := _why_not_again(request, user):
        return reason
    return reviewers.why_not(request=request, user=user)


def _why_not_again(request: ChangeRequest, user: User) -> str:
    """A decision is final for its version, unless it was an approval that has lapsed or came before an emergency."""
    given = reviewers.decisions(request).get(user.pk)
    if given is None or given.decision == Decision.WITHDRAW:
        return ""
    if given.decision == Decision.APPROVE and (reviewers.lapsed(given) or breaking.precedes(request, given)):
        return ""
    return "You have decided on this version already."


def needs_renewal(request: ChangeRequest) -> bool:
    """Whether it was applied, is in no release yet, and its approvals have lapsed: it must be approved once more."""
    if request.state != State.APPLIED or not any(map(_has_lapsed, reviewers.decisions(request).values())):
        return False
    unpublished = releases.pending(cluster=request.cluster).filter(request=request)
    demand = policy.demand(request=request, risks=request.risks)
    return bool(reviewers.lacking(reviewers.standing_approvals(request), demand)) and unpublished.exists()


def _has_lapsed(review: Review) -> bool:
    return review.decision == Decision.APPROVE and reviewers.lapsed(review)


def get_request_for_review(user: User, pk: int) -> ChangeRequest:
    """The request, for somebody whose role lets them review at all."""
    if not (user.has_perm(VIEW) and user.has_perm(REVIEW)):
        raise PermissionDenied("Only an approver may review change requests.")
    return seeing.request(scopes.of_person(user), pk)


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
def approve(
    *, request: ChangeRequest, reviewer: User, checksum: str, comment: str = "", ticked: Collection[int] = ()
) -> ChangeRequest:
    """Approve what was shown; applied at once when that was the last approval it needed.

    ``ticked``: the ids of the changes that the reviewer ticked. Where more lines put something at risk than the policy
    lets pass untouched and not all of them are ticked, the approval counts, but another one is needed.
    Comes back ``applied``, ``approved`` (something holds it back), ``submitted`` (more approvals needed) or
    ``conflicted``.
    """
    request = applying.locked(request)
    if given := reviewers.decisions(request).get(reviewer.pk):
        _refuse_reversal(given)
    changes = applying.changes_of(request)
    found = judging.risks_in(request, changes) if request.state in ChangeRequest.WAITING else None
    complete = _is_complete(request, ticked, changes, found)
    request = _decide(request, reviewer, checksum, Decision.APPROVE, comment, complete=complete)
    if request.state == State.APPLIED:
        if not breaking.lacking(request):
            breaking.close(request=request, reviewer=reviewer, decision=Decision.APPROVE)
        return request
    return applying.settle_locked(request=request, changes=changes, found=found, actor=Actor.of(reviewer))


def _refuse_reversal(given: Review) -> None:
    if given.decision == Decision.WITHDRAW:
        raise ReviewError(
            "You took back your approval of this version. Reject it, or have it edited and look at it anew."
        )


def _is_complete(
    request: ChangeRequest,
    ticked: Collection[int],
    changes: Sequence[Change],
    found: Sequence[frozenset[Risk]] | None,
) -> bool:
    most = policy.tick_above(request)
    if len(changes) <= most:
        return True
    risky = _risky(changes, found)
    return len(risky) <= most or risky <= set(ticked)


def _risky(changes: Sequence[Change], found: Sequence[frozenset[Risk]] | None) -> set[int]:
    """The changes that put something at risk. Of what is applied already, those that did: they open nothing new now."""
    if found is None:
        return {change.pk for change in changes if change.risky}
    return {change.pk for change, risks in zip(changes, found, strict=True) if risks}


@transaction.atomic
def reject(*, request: ChangeRequest, reviewer: User, checksum: str, comment: str) -> ChangeRequest:
    """Stop a request for good. One rejection is enough, and it says why.

    What went live by broken glass stays live: it is to be undone by a request of its own.
    """
    if not comment.strip():
        raise ReviewError("Say why you reject it, so that the author knows what to do.")
    request = applying.locked(request)
    if request.state == State.APPLIED and not breaking.is_open(request):
        raise ReviewError("It is applied already. Undo it instead.")
    request = _decide(request, reviewer, checksum, Decision.REJECT, comment)
    if request.state == State.APPLIED:
        breaking.close(request=request, reviewer=reviewer, decision=Decision.REJECT, comment=comment)
        return request
    applying.close(request=request, state=State.REJECTED, outcome=comment.strip())
    return request


@transaction.atomic
def carry_out(*, request: ChangeRequest, actor: Actor) -> ChangeRequest:
    """Apply an approved request that was held back, now that nothing does; an author or an approver may ask for it."""
    person = actor.person
    if person is not None and not (person.has_perm(EDIT) or person.has_perm(REVIEW)):
        raise Forbidden("You may look, but not apply anything. Ask an administrator for a role.")
    request = applying.locked(request)
    if request.state != State.APPROVED:
        raise ReviewError(f"Change request {request.pk} is {request.state}, so there is nothing to apply.")
    return applying.settle(request=request, actor=actor)


def why_not_take_back(*, request: ChangeRequest, user: User) -> str:
    """Why this person has no approval to take back; empty when they have."""
    if request.state not in ChangeRequest.WAITING:
        return f"This request is {request.state}: what was decided on it stands."
    given = reviewers.decisions(request).get(user.pk)
    if given is None or given.decision != Decision.APPROVE:
        return "You have not approved this version."
    return ""


@transaction.atomic
def take_back(*, request: ChangeRequest, reviewer: User, comment: str = "") -> ChangeRequest:
    """Withdraw one's approval of a request that is not applied yet; it waits for another one then."""
    request = applying.locked(request)
    if reason := why_not_take_back(request=request, user=reviewer):
        raise ReviewError(reason)
    _note(request, reviewer, Decision.WITHDRAW, comment)
    return applying.settle(request=request, actor=Actor.of(reviewer))


def _decide(
    request: ChangeRequest, reviewer: User, checksum: str, decision: str, comment: str, *, complete: bool = True
) -> ChangeRequest:
    # Whoever takes their role, or locks them out, waits for us or has done so: their rights are read after that.
    reviewer = User.objects.select_for_update(no_key=True).get(pk=reviewer.pk)
    if reason := why_not(request=request, user=reviewer):
        raise ReviewError(reason)
    if checksum != request.checksum:
        raise ReviewError("The request changed since you looked. Look at it again before you decide.")
    if not Viewing.objects.filter(request=request, person=reviewer, checksum=checksum).exists():
        raise ReviewError("Open the request and look at its changes before you decide.")
    _note(request, reviewer, decision, comment, complete=complete)
    return request


def _note(request: ChangeRequest, reviewer: User, decision: str, comment: str, *, complete: bool = True) -> None:
    """Write the review down: in its table, which never forgets, and in the history."""
    before = reviewers.decisions(request).get(reviewer.pk)
    review = Review.objects.create(
        request=request,
        author=request.author,
        reviewer=reviewer,
        reviewer_name=reviewer.get_username(),
        decision=decision,
        checksum=request.checksum,
        turn=before.turn + 1 if before else 1,
        complete=complete,
        comment=comment.strip(),
    )
    audit.record(
        actor=Actor.of(reviewer),
        action=ACTIONS[Decision(decision)],
        cluster=request.cluster,
        request=request,
        reason=comment.strip(),
        detail={"checksum": request.checksum} | ({} if complete else {"every_line_ticked": "no"}),
    )
    notices.decided(request=request, review=review)
