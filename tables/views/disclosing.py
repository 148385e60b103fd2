"""The passwords of one entry, for a person who may see them, asks, and has just said who they are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mailadmin.accounts.roles import SECRETS
from tables import disclosing
from tables.context import cluster_of
from tables.errors import ChangeError, Forbidden
from tables.forms import ReasonForm
from tables.sendmail.spec import TableSpec
from tables.views.access import actor_of, needs
from tables.views.entries import back_to, find_entry
from tables.views.fresh import needs_fresh_login


@require_http_methods(["GET", "HEAD", "POST"])
@needs(SECRETS)
@needs_fresh_login
@never_cache
def secret(request: HttpRequest, table: TableSpec) -> HttpResponse:
    """Asked for by GET, shown by POST: in that one answer, which nothing keeps."""
    entry = find_entry(request, table)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context = {"table": table, "entry": entry, "form": form, "back": back_to(request, table)}
    if request.method != "POST" or not form.is_valid():
        return render(request, "tables/secret.html", context)
    try:
        context["passwords"] = disclosing.show(
            cluster=cluster_of(request),
            actor=actor_of(request),
            table=table,
            key=entry.key,
            reason=form.cleaned_data["reason"],
        )
    except Forbidden:
        raise
    except ChangeError as error:
        return render(request, "tables/secret.html", context | {"error": error}, status=422)
    return render(request, "tables/secret.html", context)
