"""Files that somebody changed by hand on a mail host: what is different, and what shall become of it."""

from __future__ import annotations

import stat

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailadmin.accounts import roles
from tables import drifts, seeing
from tables.context import cluster_of, scope_of
from tables.errors import ChangeError, Forbidden
from tables.models import Drift
from tables.sendmail.looking import likely
from tables.views.access import actor_of, needs


@require_safe
@needs(roles.VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    drift = _find(request, pk)
    context = {
        "drift": drift,
        "likely": likely(drift.owner, drift.mode),
        "rights": stat.filemode(drift.mode)[1:] if drift.mode is not None else "",
    }
    return render(request, "drifts/detail.html", context)


@require_POST
@needs(roles.PUBLISH)
def overwrite(request: HttpRequest, pk: int) -> HttpResponse:
    drift = _find(request, pk)
    try:
        publication = drifts.overwrite(
            drift=drift, actor=actor_of(request), reason=request.POST.get("reason", "")[:1000]
        )
    except Forbidden:
        raise
    except ChangeError as error:
        messages.error(request, str(error))
        return redirect("drift", pk=pk)
    return redirect("publication", pk=publication.pk)


def _find(request: HttpRequest, pk: int) -> Drift:
    return seeing.drift(scope_of(request), cluster_of(request), pk)
