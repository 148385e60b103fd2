"""What machines ask: whether this process lives, whether it can serve, and how everything stands."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from tables import metrics
from tables.readiness import NotReady, refuse_unready

PLAIN = "text/plain; charset=utf-8"


@login_not_required
@never_cache
@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """The process answers: nothing else is looked at, so that a database away restarts no web server."""
    return HttpResponse("ok\n", content_type=PLAIN)


@login_not_required
@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: the database answers and has the tables of this version."""
    try:
        refuse_unready()
    except NotReady as error:
        return HttpResponse(f"{error}\n", content_type=PLAIN, status=503)
    return HttpResponse("ok\n", content_type=PLAIN)


@login_not_required
@never_cache
@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """For whoever has the token; without one in the settings the address does not exist."""
    if not settings.METRICS_TOKEN:
        raise Http404
    kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        response = HttpResponse("Send the token of MAILADMIN_METRICS_TOKEN.\n", content_type=PLAIN, status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response
    try:
        return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", content_type=PLAIN, status=503)
