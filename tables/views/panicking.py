"""The button that closes every relay permission but the site's own, and what it would close."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mailadmin.accounts.roles import EDIT, PUBLISH
from tables.context import cluster_of, scope_of
from tables.errors import ChangeError, Forbidden
from tables.forms import SubmitForm
from tables.many import panic
from tables.models import ChangeRequest
from tables.views.access import actor_of, needs

#: Permissions that the page names; it counts all.
LISTED = 100


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def page(request: HttpRequest) -> HttpResponse:
    if scope_of(request).limited:
        raise PermissionDenied("Relaying concerns all domains, and not all of them are delegated to you.")
    if request.method != "POST":
        return _page(request, SubmitForm())
    form = SubmitForm(request.POST)
    form.is_valid()
    typed = form.cleaned_data
    try:
        done = panic.close(
            cluster=cluster_of(request), actor=actor_of(request), reason=typed["reason"], ticket=typed["ticket"]
        )
    except Forbidden:
        raise
    except ChangeError as error:
        return _page(request, form, str(error))
    _live(request, done)
    return redirect("request", pk=done.pk)


def _page(request: HttpRequest, form: SubmitForm, error: str = "") -> HttpResponse:
    context: dict[str, Any] = {"form": form, "error": error, "listed": LISTED}
    try:
        context["found"] = panic.found(cluster=cluster_of(request))
    except ChangeError as trouble:
        context["error"] = error or str(trouble)
    may = request.user.has_perm(PUBLISH)
    context |= {"may_publish": may, "publishers": [] if may else panic.publishers()}
    return render(request, "tables/panic.html", context, status=422 if error else 200)


def _live(request: HttpRequest, done: ChangeRequest) -> None:
    """Publish it, or say who must."""
    if done.state != ChangeRequest.State.APPLIED:
        messages.warning(request, f"Request {done.pk} is {done.state}: somebody else must approve it first.")
        return
    if not request.user.has_perm(PUBLISH):
        names = ", ".join(person.username for person in panic.publishers()) or "nobody: ask an administrator"
        messages.warning(request, f"It is closed in the tables and not live yet. Who may publish: {names}.")
        return
    try:
        release = panic.publish(request=done, actor=actor_of(request))
    except ChangeError as error:
        messages.error(request, f"It is closed in the tables and not live yet. {error}")
        return
    messages.success(request, f"It is closed, and on its way to every host as release {release.number}.")
