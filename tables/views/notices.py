"""A person's notices, and how they want to hear of what. Everybody has their own and sees nobody else's."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import PEOPLE
from tables import inbox
from tables.forms import FilterForm
from tables.letters import outbox
from tables.models import How, Letter, Notice
from tables.noticing.kinds import KINDS, Kind
from tables.noticing.links import path_of
from tables.views.access import person_of
from tables.views.paging import NEWEST, read_page

VIEWS = {"all": "All", "unread": "Unread"}

#: Letters that were given up which the page names.
GIVEN_UP_SHOWN = 5


class NoticesForm(FilterForm):
    view = forms.ChoiceField(required=False, initial="all", choices=list(VIEWS.items()))


class SettingsForm(forms.Form):
    """One choice for each kind; those that nobody may choose are shown as they are."""

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = inbox.choices(person)
        for name, kind in KINDS.items():
            self.fields[name] = forms.TypedChoiceField(
                label=kind.title,
                help_text=kind.meaning,
                choices=How.choices,
                coerce=How,
                initial=chosen[name],
                disabled=kind.fixed,
            )


class Row(NamedTuple):
    notice: Notice
    kind: Kind
    url: str


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    person = person_of(request)
    chosen = NoticesForm(request.GET).chosen()
    found = inbox.notices_of(person, unread=chosen["view"] == "unread")
    page = read_page(request, found, order=NEWEST, size=settings.PAGE_SIZE, total=None, keep=chosen)
    context = {
        "page": page,
        "rows": [Row(notice, KINDS[notice.kind], path_of(notice)) for notice in page.rows],
        "chosen": chosen,
        "views": VIEWS,
        "newest": inbox.notices_of(person, unread=True).aggregate(newest=Max("pk"))["newest"],
        "trouble": outbox.trouble(),
        "given_up": _given_up(person),
    }
    return render(request, "notices/list.html", context)


def _given_up(person: User) -> list[Letter]:
    """One's own, or everybody's for who manages people and their addresses."""
    found = outbox.given_up()
    return list((found if person.has_perm(PEOPLE) else found.filter(person=person))[:GIVEN_UP_SHOWN])


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_of(request)
    inbox.mark_read(person=person, notice=get_object_or_404(Notice, pk=pk, person=person))
    return _back(request)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """All that there were when the page was shown: what came meanwhile stays unread."""
    until = request.POST.get("until", "")
    count = inbox.mark_read(person=person_of(request), until=int(until) if _is_number(until) else 0)
    messages.success(request, f"{count} notice{'' if count == 1 else 's'} marked as read.")
    return _back(request)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _back(request: HttpRequest) -> HttpResponse:
    """To the same page of the list."""
    query = QueryDict(request.POST.get("back", "")).urlencode()
    return redirect(f"{reverse('notices')}?{query}" if query else "notices")


def preferences(request: HttpRequest) -> HttpResponse:
    person = person_of(request)
    form = SettingsForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        inbox.choose(person=person, wanted=form.cleaned_data)
        messages.success(request, "Saved. It holds for what happens from now on.")
        return redirect("notices-settings")
    context = {
        "form": form,
        "digest": inbox.wants_digest(person),
        "hour": settings.DIGEST_HOUR,
        "zone": settings.TIME_ZONE,
        "email_on": settings.EMAIL_ON,
        "trouble": outbox.trouble(),
    }
    return render(request, "notices/settings.html", context)
