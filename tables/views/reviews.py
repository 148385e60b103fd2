"""A second person's decision about a change request."""

from __future__ import annotations

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailadmin.accounts.roles import REVIEW
from tables import breaking, changes, reviews
from tables.forms import ReviewForm
from tables.jobs import running
from tables.models import ChangeRequest
from tables.views.access import needs, person_of
from tables.views.fresh import needs_fresh_login, recently_authenticated
from tables.views.jobs import started
from tables.views.requests import CHANGES_SHOWN, show, tell, ticked


@require_POST
@needs(REVIEW)
@needs_fresh_login
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    wanted, form = _read(request, pk)
    if wanted.changes.count() > CHANGES_SHOWN and not form.cleaned_data["whole"]:
        return show(request, wanted, form=form, error="Look at all pages of this request and say that you did.")
    if wanted.changes.count() > running.MANY:
        return _by_job(request, wanted, form)
    try:
        done = reviews.approve(
            request=wanted,
            reviewer=person_of(request),
            checksum=form.cleaned_data["checksum"],
            comment=form.cleaned_data["comment"],
            ticked=ticked(request),
        )
    except changes.ChangeError as error:
        return _again(request, wanted, form, error)
    _tell(request, done)
    return redirect("request", pk=pk)


def _by_job(request: HttpRequest, wanted: ChangeRequest, form: ReviewForm) -> HttpResponse:
    typed = form.cleaned_data
    given = {"request": wanted.pk, "checksum": typed["checksum"], "comment": typed["comment"]}
    given["ticked"] = sorted(ticked(request))
    back = reverse("request", args=[wanted.pk])
    return started(request, "approve", f"Approving request {wanted.pk}", given, back)


@require_POST
@needs(REVIEW)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Stopping what waits asks nobody who they are; ending an emergency does, whichever way."""
    wanted, form = _read(request, pk)
    if breaking.is_open(wanted) and not recently_authenticated(request):
        raise ReauthenticationRequired
    try:
        done = reviews.reject(
            request=wanted,
            reviewer=person_of(request),
            checksum=form.cleaned_data["checksum"],
            comment=form.cleaned_data["comment"],
        )
    except changes.ChangeError as error:
        return _again(request, wanted, form, error)
    if done.state == ChangeRequest.State.APPLIED:
        messages.warning(request, f"You rejected request {pk}, and it is live still. Whoever may edit undoes it here.")
    else:
        messages.success(request, f"Request {pk} is rejected. Nothing was changed.")
    return redirect("request", pk=pk)


def _read(request: HttpRequest, pk: int) -> tuple[ChangeRequest, ReviewForm]:
    form = ReviewForm(request.POST)
    form.is_valid()
    return reviews.get_request_for_review(person_of(request), pk), form


def _again(request: HttpRequest, wanted: ChangeRequest, form: ReviewForm, error: changes.ChangeError) -> HttpResponse:
    """The request as it is now, with what was typed; the next decision is about what is shown now."""
    wanted.refresh_from_db()
    comment = form.cleaned_data["comment"]
    again = ReviewForm(initial={"comment": comment, "checksum": wanted.checksum})
    return show(request, wanted, form=again, error=str(error))


def _tell(request: HttpRequest, done: ChangeRequest) -> None:
    if glass := breaking.glass_of(done):
        rest = "It is marked no longer." if glass.closed_at else "It stays marked until another approver has, too."
        messages.success(request, f"You approved request {done.pk}, which went live by broken glass. {rest}")
    elif done.state == ChangeRequest.State.APPLIED:
        then = "The new policy is in force." if done.kind == ChangeRequest.Kind.POLICY else "Publish to make it live."
        messages.success(request, f"Request {done.pk} is approved and applied. {then}")
    elif done.state == ChangeRequest.State.SUBMITTED:
        messages.info(request, f"You approved request {done.pk}. It waits for another approver.")
    else:
        tell(request, done)


@require_POST
@needs(REVIEW)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one's approval while it is not applied."""
    wanted, form = _read(request, pk)
    try:
        reviews.take_back(request=wanted, reviewer=person_of(request), comment=form.cleaned_data["comment"])
    except changes.ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Your approval of request {pk} is withdrawn.")
    return redirect("request", pk=pk)
