"""Who may review a request, and which approvals of it count."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from mailadmin.accounts.grants import set_up_by
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import REVIEW
from tables.models import ChangeRequest, Review


def author_ids(request: ChangeRequest) -> set[int]:
    """Everybody who made, edited or submitted any of it."""
    lines = request.changes.filter(author__isnull=False).values_list("author_id", flat=True).distinct()
    named = {request.author_id, request.submitter_id, *lines}
    return {pk for pk in named if pk is not None}


def why_not(*, request: ChangeRequest, user: User) -> str:
    """Why this person may not review this request; empty when they may."""
    return _why_not(author_ids(request), user)


def _why_not(authors: Collection[int], user: User) -> str:
    if not user.is_active:
        return "This account is switched off."
    if not user.has_perm(REVIEW):
        return "You are not an approver. Ask one to review this request."
    if user.pk in authors:
        return "You are an author of this request. Another approver must review it."
    return _too_near(authors, user)


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


def eligible_reviewers(request: ChangeRequest) -> list[User]:
    """Everybody who may review the request now."""
    app_label, codename = REVIEW.split(".")
    holds = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app_label)
    holds |= Q(user_permissions__codename=codename, user_permissions__content_type__app_label=app_label)
    people = get_user_model().objects.filter(holds | Q(is_superuser=True), is_active=True).distinct()
    authors = author_ids(request)
    return [person for person in people.order_by("username") if not _why_not(authors, person)]


def _approvals(request: ChangeRequest) -> QuerySet[Review]:
    """Those of exactly this version."""
    given = request.reviews.filter(decision=Review.Decision.APPROVE, checksum=request.checksum)
    return given.select_related("reviewer")


def standing_approvals(request: ChangeRequest) -> list[Review]:
    """Approvals of what was applied by persons who are still active and approvers."""
    return [review for review in _approvals(request) if review.reviewer.has_perm(REVIEW)]


def valid_approvals(request: ChangeRequest) -> list[Review]:
    """Approvals of exactly this version by different persons who may still give them."""
    authors = author_ids(request)
    return [review for review in _approvals(request) if not _why_not(authors, review.reviewer)]
