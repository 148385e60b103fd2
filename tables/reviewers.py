"""Who may review a request, and which approvals of it count."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from mailadmin.accounts.grants import set_up_by
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import REVIEW
from tables import contributors, policy, scopes
from tables.models import ChangeRequest, Review
from tables.rules import Need


def why_not(*, request: ChangeRequest, user: User) -> str:
    """Why this person may not review this request; empty when they may."""
    return _why_not(request, contributors.ids(request), user)


def _why_not(request: ChangeRequest, authors: Collection[int], user: User) -> str:
    if not user.is_active:
        return "This account is switched off."
    if not user.has_perm(REVIEW):
        return "You are not an approver. Ask one to review this request."
    if user.pk in authors:
        return "You are an author of this request. Another approver must review it."
    return _too_near(authors, user) or _why_outside(request, user)


def _why_outside(request: ChangeRequest, user: User) -> str:
    """Why a limited person may not review it: they must see, and could have written, all of it."""
    if request.kind == ChangeRequest.Kind.POLICY and scopes.of_person(user).limited:
        return "The policy concerns all domains. An approver who sees all of them must review it."
    if request.kind == ChangeRequest.Kind.TAKE_OVER and scopes.of_person(user).limited:
        return "A whole file concerns all domains. An approver who sees all of them must review it."
    return scopes.why_not_review(person=user, changes=request.changes.iterator)


def _too_near(authors: Collection[int], user: User) -> str:
    """Why this person and an author are too near: one of them could lately have entered the other's account."""
    days = settings.ACCOUNT_DISTANCE_DAYS
    for author in User.objects.filter(pk__in=authors).order_by("username"):
        if set_up_by(author, {user.pk}):
            return f"You set up the account of {author} within the last {days} days. Another approver must review it."
    if set_up_by(user, authors) and not _is_new(user):
        return f"An author reset your account within the last {days} days. Another approver must review this request."
    return ""


def _is_new(user: User) -> bool:
    """Whether the account was never re-enabled or reset since it was made; who gives it a role is another rule."""
    return user.credentials_set_at is None or user.credentials_set_at - user.date_joined < timedelta(minutes=1)


def everybody() -> list[User]:
    """All who review anything."""
    app_label, codename = REVIEW.split(".")
    holds = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app_label)
    people = get_user_model().objects.filter(holds | Q(is_superuser=True), is_active=True).distinct()
    return list(people.order_by("username"))


def eligible_reviewers(request: ChangeRequest) -> list[User]:
    """Everybody who may review the request now."""
    authors = contributors.ids(request)
    return [person for person in everybody() if not _why_not(request, authors, person)]


def decisions(request: ChangeRequest) -> dict[int, Review]:
    """Each person's last decision on exactly this version, by the person's id."""
    given = request.reviews.filter(checksum=request.checksum).order_by("turn")
    return {review.reviewer_id: review for review in given.select_related("reviewer", "request__cluster")}


def lapsed(review: Review) -> bool:
    """Whether an approval is too old to carry what has not gone live yet."""
    return timezone.now() - review.at > timedelta(hours=policy.approval_hours(review.request))


def _approvals(request: ChangeRequest) -> list[Review]:
    """Those of exactly this version that were neither withdrawn nor left lying too long."""
    given = [review for review in decisions(request).values() if review.decision == Review.Decision.APPROVE]
    return [review for review in given if not lapsed(review)]


def standing_approvals(request: ChangeRequest) -> list[Review]:
    """Approvals of what was applied by persons who are still active and approvers, and young enough to publish by."""
    return [review for review in _approvals(request) if _stands(request, review.reviewer)]


def _stands(request: ChangeRequest, reviewer: User) -> bool:
    return reviewer.has_perm(REVIEW) and not _why_outside(request, reviewer)


def valid_approvals(request: ChangeRequest) -> list[Review]:
    """Approvals of exactly this version by different persons who may still give them."""
    authors = contributors.ids(request)
    return [review for review in _approvals(request) if not _why_not(request, authors, review.reviewer)]


def lacking(approvals: Collection[Review], demand: policy.Demand) -> int:
    """How many more persons must approve: one more than the policy asks where nobody ticked every risky line."""
    if not demand.reviews:
        return 0
    needed = demand.reviews if any(review.complete for review in approvals) or not approvals else demand.reviews + 1
    return max(0, needed - len(approvals), unmet([review.reviewer for review in approvals], demand))


def unmet(people: Collection[User], demand: policy.Demand) -> int:
    """How many are missing among these people, by the need of the policy that lacks the most."""
    return max([0, *(need.reviews - sum(meets(person, need) for person in people) for need in demand.needs)])


def meets(person: User, need: Need) -> bool:
    """Whether an approval by this person is one of those that the policy asks for."""
    if need.people:
        return person.get_username() in need.people
    return not need.role or person.groups.filter(name=need.role).exists()
