"""Change requests: the list, one of them, and taking one back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import EDIT, REVIEW, VIEW
from tables import changes, closing, entries, inbox, reviewers, reviews
from tables.forms import REQUEST_STATES, REQUEST_VIEWS, ReasonForm, RequestsForm, ReviewForm
from tables.models import Change, ChangeRequest
from tables.views.access import actor_of, needs, person_of
from tables.views.narrow import render_narrow
from tables.views.paging import NEWEST, OLDEST, read_page
from tables.views.proposals import proposals

#: Changes of one request on one page.
CHANGES_SHOWN = 100

State = ChangeRequest.State


@require_safe
@needs(VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    chosen = RequestsForm(request.GET).chosen()
    found = _found(person_of(request), chosen).annotate(first_id=_nth_change(0), second_id=_nth_change(1))
    page = read_page(request, found, order=NEWEST, size=settings.PAGE_SIZE, total=None, keep=chosen)
    firsts = Change.objects.in_bulk([row.first_id for row in page.rows if row.first_id])
    context = {
        "page": page,
        "rows": [(row, firsts.get(row.first_id), row.second_id is not None) for row in page.rows],
        "chosen": chosen,
        "views": REQUEST_VIEWS,
        "states": REQUEST_STATES,
    }
    return render_narrow(request, "requests/list.html", "requests/_list.html", context)


def _nth_change(place: int) -> Subquery:
    """A change of each request, in the order of a unique index: to count those of an import would take too long."""
    changes_of = Change.objects.filter(request=OuterRef("pk")).order_by("table", "key")
    return Subquery(changes_of.values("pk")[place : place + 1])


def _found(user: User, chosen: dict[str, Any]) -> QuerySet[ChangeRequest]:
    found = ChangeRequest.objects.filter(cluster=entries.get_cluster()).order_by("-id")
    if chosen["state"]:
        found = found.filter(state=chosen["state"])
    if chosen["view"] == "open":
        return found.filter(state__in=[State.SUBMITTED, State.APPROVED])
    if chosen["view"] == "mine":
        return found.filter(author=user)
    if chosen["view"] == "review":
        return _to_review(found, user)
    return found


def _to_review(found: QuerySet[ChangeRequest], user: User) -> QuerySet[ChangeRequest]:
    """Submitted by others and not decided by this person."""
    if not user.has_perm(REVIEW):
        return found.none()
    mine = Q(author=user) | Q(submitter=user) | Q(pk__in=user.reviews.values("request"))
    return found.filter(state=State.SUBMITTED).exclude(mine)


@require_safe
@needs(VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, find_request(pk))


def find_request(pk: int) -> ChangeRequest:
    return get_object_or_404(ChangeRequest.objects.select_related("cluster", "author"), pk=pk)


def show(
    request: HttpRequest, wanted: ChangeRequest, *, form: ReviewForm | None = None, error: str = ""
) -> HttpResponse:
    """The page of a request. A possible reviewer who opens it has seen this version; the review says so."""
    user = person_of(request)
    why_not = reviews.why_not(request=wanted, user=user)
    if not why_not:
        reviews.note_viewing(request=wanted, person=user)
    inbox.seen(person=user, request=wanted)
    total = wanted.changes.count()
    page = read_page(request, wanted.changes.order_by("id"), order=OLDEST, size=CHANGES_SHOWN, total=total, keep={})
    context = {
        "wanted": wanted,
        "page": page,
        "proposals": proposals(wanted, page.rows),
        "pages": -(-total // CHANGES_SHOWN),
        "reviews": wanted.reviews.order_by("at"),
        "why_not": why_not,
        "form": form or ReviewForm(initial={"checksum": wanted.checksum}),
        "error": error,
        "may_withdraw": may_withdraw(wanted, user),
        "originals": wanted.originals.order_by("id"),
        "withdrawal": ReasonForm(prefix="withdraw"),
    }
    return render(request, "requests/detail.html", context, status=422 if error else 200)


def may_withdraw(wanted: ChangeRequest, user: User) -> bool:
    return wanted.is_open and user.has_perm(EDIT) and user.pk in reviewers.author_ids(wanted)


@require_POST
@needs(EDIT)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(pk)
    form = ReasonForm(request.POST, prefix="withdraw")
    form.is_valid()
    try:
        closing.withdraw(request=wanted, actor=actor_of(request), reason=form.cleaned_data["reason"])
    except changes.Forbidden:
        raise
    except changes.ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Request {pk} is withdrawn. Nothing was changed.")
    return redirect("request", pk=pk)
