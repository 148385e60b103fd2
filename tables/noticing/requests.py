"""What people are told of change requests. Each function is called in the transaction of what it tells of."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from mailadmin.accounts.models import User
from tables import contributors, policy, reviewers
from tables.actors import Actor
from tables.models import ChangeRequest, Notice, Remark, Review
from tables.noticing import kinds
from tables.noticing.recipients import fit
from tables.noticing.telling import answer, one_line, tell

MAILADMIN = Actor("mailadmin")

#: An approval that led to more a moment ago is one act with it.
SAME_ACT = timedelta(seconds=10)

#: What a decision is told as.
DECISIONS = {
    Review.Decision.APPROVE: (kinds.APPROVED, "approved"),
    Review.Decision.REJECT: (kinds.REJECTED, "rejected"),
    Review.Decision.WITHDRAW: (kinds.WAITING, "took back the approval of"),
}


def authors(request: ChangeRequest, *, but: User | None = None) -> list[User]:
    keys = contributors.ids(request) - {but.pk if but else None}
    return list(User.objects.filter(pk__in=keys).order_by("username")) if keys else []


def undecided_reviewers(request: ChangeRequest) -> list[User]:
    """Those who may decide about this version and have not, or not so that it counts still."""
    given = reviewers.decisions(request).values()
    done = {review.reviewer_id for review in given if not reviewers.lapsed(review)}
    return [person for person in reviewers.eligible_reviewers(request) if person.pk not in done]


def version(request: ChangeRequest) -> str:
    """What tells one submission of a request from a later one."""
    at = f"{request.submitted_at:%Y%m%d%H%M%S%f}" if request.submitted_at else ""
    return f"{request.pk}:{request.checksum[:16]}:{at}"


def risks_in_brackets(request: ChangeRequest) -> str:
    return f" ({', '.join(request.risks)})" if request.risks else ""


def why(request: ChangeRequest) -> str:
    return f"Reason: {request.reason}" if request.reason else "No reason was given."


def review_asked(*, request: ChangeRequest, actor: Actor) -> None:
    """Ask everybody who may decide about this version, if it waits for that; what was asked before is past."""
    if request.state != ChangeRequest.State.SUBMITTED:
        return
    settle(request=request)
    tell(
        kinds.REVIEW,
        fit(undecided_reviewers(request), actor=actor, request=request),
        key=f"review:{version(request)}",
        subject=f"Review wanted: request {request.pk} by {request.author_name}{risks_in_brackets(request)}",
        text=why(request),
        request=request,
    )


def decided(*, request: ChangeRequest, review: Review) -> None:
    """Tell the authors that somebody approved or rejected, or took an approval back."""
    settle(request=request, person=review.reviewer)
    kind, verb = DECISIONS[Review.Decision(review.decision)]
    tell(
        kind,
        fit(authors(request), actor=Actor.of(review.reviewer), request=request),
        key=f"review-{review.pk}",
        subject=f"{review.reviewer_name} {verb} request {request.pk}",
        text=review.comment,
        request=request,
    )


def applied(*, request: ChangeRequest, actor: Actor) -> None:
    """Tell the authors when somebody else applied it; whoever just approved it has told them so far."""
    told = fit(authors(request, but=actor.person), actor=actor, request=request)
    if not told:
        return
    if _said_by_the_approval(request, actor):
        return
    tell(
        kinds.APPLIED,
        told,
        key=f"applied:{request.pk}",
        subject=f"{actor.name} applied request {request.pk}",
        text=why(request),
        request=request,
    )


def _said_by_the_approval(request: ChangeRequest, actor: Actor) -> bool:
    """Whether the notice of the approval, written a moment ago, could say so as well."""
    review = Review.objects.filter(request=request, reviewer=actor.person, checksum=request.checksum).last()
    if review is None or timezone.now() - review.at > SAME_ACT:
        return False
    subject = one_line(f"{actor.name} approved request {request.pk}, and it is applied")
    return Notice.objects.filter(key=f"review-{review.pk}").update(subject=subject) > 0


def conflicted(*, request: ChangeRequest, actor: Actor) -> None:
    """Tell the authors that it can no longer be applied as it is."""
    tell(
        kinds.CONFLICTED,
        fit(authors(request), actor=actor, request=request),
        key=f"conflicted:{version(request)}",
        subject=f"Request {request.pk} is conflicted",
        text=request.outcome,
        request=request,
    )


def withdrawn(*, request: ChangeRequest, actor: Actor) -> None:
    _ended(request, actor, f"{actor.name} withdrew request {request.pk}")


def expired(*, request: ChangeRequest) -> None:
    _ended(request, MAILADMIN, f"Request {request.pk} expired undecided")


def _ended(request: ChangeRequest, actor: Actor, subject: str) -> None:
    """Tell its authors and those who were asked to decide about it."""
    asked = User.objects.filter(notices__request=request, notices__kind=kinds.REVIEW.name).distinct()
    tell(
        kinds.CLOSED,
        fit([*authors(request), *asked.order_by("username")], actor=actor, request=request),
        key=f"closed:{version(request)}",
        subject=subject,
        text=request.outcome,
        request=request,
    )


def undecided(*, request: ChangeRequest) -> None:
    """Remind those who may decide, and tell the authors, that nobody has decided for some days."""
    days = policy.remind_days(request.cluster)
    waited = "a day" if days == 1 else f"{days} days"
    _waits(request, "undecided", f"Request {request.pk} has waited for a review for {waited}")


def expiring(*, request: ChangeRequest, ends_at: datetime) -> None:
    """The same once more, before it expires."""
    when = timezone.localtime(ends_at)
    _waits(request, "expiring", f"Request {request.pk} expires undecided on {when:%Y-%m-%d at %H:%M}")


def approval_ending(*, request: ChangeRequest, review: Review, ends_at: datetime) -> None:
    """Tell the authors, and whoever gave it, that an approval is about to lapse."""
    when = timezone.localtime(ends_at)
    tell(
        kinds.WAITING,
        fit([*authors(request), review.reviewer], actor=MAILADMIN, request=request),
        key=f"lapsing:{review.pk}",
        subject=f"The approval of request {request.pk} lapses on {when:%Y-%m-%d at %H:%M}",
        text=f"{_held_up(request)}, before that; otherwise it has to be approved once more.\n{why(request)}",
        request=request,
    )


def approval_lapsed(*, request: ChangeRequest, review: Review) -> None:
    """Ask those who may to approve once more, for the approval is too old to carry it live."""
    tell(
        kinds.REVIEW,
        fit([*undecided_reviewers(request), *authors(request)], actor=MAILADMIN, request=request),
        key=f"lapsed:{review.pk}",
        subject=f"The approval of request {request.pk} lapsed: it has to be approved once more",
        text=f"{_held_up(request)}, after that.\n{why(request)}",
        request=request,
    )


def _held_up(request: ChangeRequest) -> str:
    applied = request.state == ChangeRequest.State.APPLIED
    return "It is applied and not live: publish it" if applied else "It is not applied: settle what holds it up"


def remarked(*, remark: Remark) -> None:
    """Tell the authors, and who took part in the thread, of a question or an answer."""
    request, thread = remark.request, remark.parent or remark
    part = User.objects.filter(pk__in=[thread.author_id, *thread.replies.values_list("author", flat=True)])
    asked = "answered in a thread of" if remark.parent else "asks about"
    tell(
        kinds.REMARK,
        fit([*authors(request), *part], actor=Actor(remark.author_name, remark.author), request=request),
        key=f"remark:{remark.pk}",
        subject=f"{remark.author_name} {asked} request {request.pk}",
        text=remark.text,
        request=request,
    )


def edited(*, request: ChangeRequest, actor: Actor) -> None:
    """Tell the other authors that somebody edited it, or brought it up to date."""
    tell(
        kinds.APPLIED,
        fit(authors(request, but=actor.person), actor=actor, request=request),
        key=f"edited:{version(request)}",
        subject=f"{actor.name} edited request {request.pk}",
        text=why(request),
        request=request,
    )


def _waits(request: ChangeRequest, key: str, subject: str) -> None:
    tell(
        kinds.WAITING,
        fit([*undecided_reviewers(request), *authors(request)], actor=MAILADMIN, request=request),
        key=f"{key}:{version(request)}",
        subject=subject,
        text=why(request),
        request=request,
    )


def settle(*, request: ChangeRequest, person: User | None = None) -> None:
    """What was asked about a request, of everybody or of one person, is answered: it need not be read any more."""
    asked = Notice.objects.filter(request=request, kind__in=[kinds.REVIEW.name, kinds.WAITING.name])
    answer(asked.filter(person=person) if person else asked)
