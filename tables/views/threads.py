"""Questions and answers on the page of a request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from mailadmin.accounts.roles import VIEW
from tables import threads
from tables.forms import TextForm
from tables.models import Remark
from tables.views.access import needs, person_of
from tables.views.refusals import told
from tables.views.requests import find_request, tell


@require_POST
@needs(VIEW)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    with told(request):
        threads.ask(request=wanted, person=person_of(request), text=_text(request))
    return redirect("request", pk=pk)


@require_POST
@needs(VIEW)
def reply(request: HttpRequest, pk: int, thread: int) -> HttpResponse:
    found = _thread(request, pk, thread)
    with told(request):
        threads.reply(thread=found, person=person_of(request), text=_text(request))
    return redirect("request", pk=pk)


@require_POST
@needs(VIEW)
def resolve(request: HttpRequest, pk: int, thread: int) -> HttpResponse:
    found = _thread(request, pk, thread)
    with told(request):
        tell(request, threads.resolve(thread=found, person=person_of(request)))
    return redirect("request", pk=pk)


def _thread(request: HttpRequest, pk: int, thread: int) -> Remark:
    wanted = find_request(request, pk)
    found = get_object_or_404(Remark, pk=thread, request=wanted, parent__isnull=True)
    found.request = wanted
    return found


def _text(request: HttpRequest) -> str:
    form = TextForm(request.POST)
    form.is_valid()
    return str(form.cleaned_data["text"])
