"""The page on which an administrator breaks glass."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from mailadmin.accounts.roles import BREAK_GLASS
from tables import breaking, policy
from tables.errors import ChangeError
from tables.forms import ReasonForm
from tables.models import ChangeRequest
from tables.views.access import needs, person_of
from tables.views.requests import find_request


@needs(BREAK_GLASS)
@never_cache
def break_glass(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the second factor, then for the reason, then do it."""
    wanted, person = find_request(request, pk), person_of(request)
    trouble = breaking.why_not(request=wanted, user=person)
    if not trouble and not is_mfa_enabled(person):
        trouble = "You have no second factor. Set one up under your name, at the top of the page, then come back."
    form = ReasonForm(request.POST or None)
    if trouble:
        return _page(request, wanted, form, trouble, status=403 if request.method == "POST" else 200)
    if not breaking.is_fresh(person=person, proved_at=proved_at(request)):
        back = urlencode({"next": reverse("request-break-glass", args=[pk])})
        return redirect(f"{reverse('mfa_reauthenticate')}?{back}")
    if request.method != "POST":
        return _page(request, wanted, form)
    form.is_valid()
    try:
        release = breaking.break_glass(
            request=wanted, person=person, reason=form.cleaned_data["reason"], proved_at=proved_at(request)
        )
    except ChangeError as error:
        return _page(request, wanted, form, error=str(error), status=422)
    messages.warning(
        request,
        f"Glass is broken: request {pk} is applied and release {release.number} is on its way to every host. "
        "Every approver is told; it stays marked until one of them has reviewed it.",
    )
    return redirect("request", pk=pk)


def proved_at(request: HttpRequest) -> datetime | None:
    """When this person last proved in this session who they are by a second factor."""
    records = get_authentication_records(request, person_of(request))
    times = [record["at"] for record in records if record["method"] == "mfa"]
    return datetime.fromtimestamp(max(times), tz=UTC) if times else None


def _page(
    request: HttpRequest,
    wanted: ChangeRequest,
    form: ReasonForm,
    trouble: str = "",
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "wanted": wanted,
        "form": form,
        "trouble": trouble,
        "error": error,
        "freeze": policy.frozen(wanted.cluster),
        "along": breaking.goes_with(wanted),
    }
    return render(request, "requests/break_glass.html", context, status=status)
