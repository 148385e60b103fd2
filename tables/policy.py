"""Who must look at a change before it is applied. Judged by effect, closed when in doubt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from mailadmin.accounts.grants import set_up_by
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import REVIEW
from tables import scopes
from tables.entries import look_around
from tables.models import Change, ChangeRequest, Cluster, Review
from tables.sendmail.risk.together import Step, after_all, remembered, risks_together
from tables.sendmail.spec import Entry, Lookup, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import from_json


def required_reviews(risks: Collection[Risk]) -> int:
    """How many persons other than the authors must approve: one for anything that loosens, none otherwise."""
    return 1 if risks else 0


def step_of(change: Change) -> Step:
    return TABLES[change.table], from_json(change.key, change.before), from_json(change.key, change.after)


def risks_of(cluster: Cluster, changes: Iterable[Change]) -> frozenset[Risk]:
    """The risks of all changes done at once, against the tables as they stand now."""
    found = risks_together([step_of(change) for change in changes], look_around(cluster))
    return frozenset().union(*found)


def risks_within(request: ChangeRequest, shown: Sequence[Change]) -> list[frozenset[Risk]]:
    """The risks of some changes of a request, each as a part of the whole of it."""
    look = remembered(look_around(request.cluster))

    def then(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        asked = list(keys)
        changed = request.changes.filter(table=table, key__in=asked)
        return after_all([step_of(change) for change in changed], look)(table, asked)

    return risks_together([step_of(change) for change in shown], look, then)


def is_tightening(table: TableSpec, before: Entry | None, after: Entry | None, look: Lookup) -> bool:
    """Whether a change takes back what needed a second person to be given. It never has to wait."""
    return not table.risks(before, after, look) and bool(table.risks(after, before, look))


def author_ids(request: ChangeRequest) -> set[int]:
    """Everybody who made, edited or submitted any of it."""
    lines = request.changes.filter(author__isnull=False).values_list("author_id", flat=True).distinct()
    named = {request.author_id, request.submitter_id, *lines}
    return {pk for pk in named if pk is not None}


def why_not(*, request: ChangeRequest, user: User) -> str:
    """Why this person may not review this request; empty when they may."""
    return _why_not(request, author_ids(request), user)


def _why_not(request: ChangeRequest, authors: Collection[int], user: User) -> str:
    if not user.is_active:
        return "This account is switched off."
    if not user.has_perm(REVIEW):
        return "You are not an approver. Ask one to review this request."
    if user.pk in authors:
        return "You are an author of this request. Another approver must review it."
    return _too_near(authors, user) or scopes.why_not_review(person=user, changes=request.changes.iterator)


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
    return [person for person in people.order_by("username") if not _why_not(request, authors, person)]


def _approvals(request: ChangeRequest) -> QuerySet[Review]:
    """Those of exactly this version."""
    given = request.reviews.filter(decision=Review.Decision.APPROVE, checksum=request.checksum)
    return given.select_related("reviewer")


def standing_approvals(request: ChangeRequest) -> list[Review]:
    """Approvals of what was applied by persons who are still active and approvers."""
    return [review for review in _approvals(request) if _stands(request, review.reviewer)]


def _stands(request: ChangeRequest, reviewer: User) -> bool:
    return reviewer.has_perm(REVIEW) and not scopes.why_not_review(person=reviewer, changes=request.changes.iterator)


def valid_approvals(request: ChangeRequest) -> list[Review]:
    """Approvals of exactly this version by different persons who may still give them."""
    authors = author_ids(request)
    return [review for review in _approvals(request) if not _why_not(request, authors, review.reviewer)]
