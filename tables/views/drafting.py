"""Collecting changes in a draft, and what is done with it then."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mailadmin.accounts.roles import EDIT
from tables import changes, closing, drafting
from tables.context import DRAFT, cluster_of
from tables.forms import SubmitForm
from tables.jobs import running
from tables.views.access import actor_of, needs
from tables.views.jobs import started
from tables.views.refusals import told
from tables.views.requests import find_request, show, tell


@require_POST
@needs(EDIT)
def start(request: HttpRequest) -> HttpResponse:
    """From then on what this person saves goes into a new draft."""
    made = changes.draft(cluster=cluster_of(request), actor=actor_of(request))
    request.session[DRAFT] = made.pk
    messages.success(request, f"What you save goes into draft {made.pk} until you submit it or stop collecting.")
    return _back(request)


@require_POST
@needs(EDIT)
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """The same with a draft that there is."""
    wanted = find_request(request, pk)
    with told(request):
        drafting.refuse_foreign(request=wanted, actor=actor_of(request))
        drafting.refuse_whole(wanted)
        request.session[DRAFT] = wanted.pk
        messages.success(request, f"What you save goes into draft {pk}.")
    return redirect("request", pk=pk)


@require_POST
@needs(EDIT)
def stop(request: HttpRequest) -> HttpResponse:
    """From then on what this person saves is a request of its own again. The draft stays as it is."""
    pk = request.session.pop(DRAFT, None)
    messages.info(
        request, f"Draft {pk} stays as it is. What you save now is done at once." if pk else "No draft is open."
    )
    return redirect("request", pk=pk) if pk else _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "home")


@require_POST
@needs(EDIT)
def take_out(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    chosen = [int(one) for one in request.POST.getlist("change") if one.isascii() and one.isdecimal()]
    with told(request):
        gone = drafting.take_out(request=wanted, actor=actor_of(request), chosen=chosen[:1000])
        messages.success(request, f"{gone} change{'' if gone == 1 else 's'} left out of the draft.")
    return redirect("request", pk=pk)


@require_POST
@needs(EDIT)
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    form = SubmitForm(request.POST)
    form.is_valid()
    typed = form.cleaned_data
    if wanted.changes.count() > running.MANY:
        drafting.refuse_foreign(request=wanted, actor=actor_of(request))
        given = {"request": pk, "reason": typed["reason"], "ticket": typed["ticket"]}
        return started(request, "submit", f"Submitting request {pk}", given, reverse("request", args=[pk]))
    try:
        done = drafting.submit(request=wanted, actor=actor_of(request), reason=typed["reason"], ticket=typed["ticket"])
    except changes.Forbidden:
        raise
    except changes.ChangeError as error:
        return show(request, wanted, error=str(error), submission=form)
    if request.session.get(DRAFT) == pk:
        del request.session[DRAFT]
    tell(request, done)
    return redirect("request", pk=pk)


@require_POST
@needs(EDIT)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    with told(request):
        drafting.refuse_foreign(request=wanted, actor=actor_of(request))
        closing.withdraw(request=wanted, actor=actor_of(request), reason="Discarded before it was submitted.")
        request.session.pop(DRAFT, None)
        messages.success(request, f"Draft {pk} is discarded. Nothing was changed.")
    return redirect("request", pk=pk)
