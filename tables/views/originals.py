"""The files that were imported: a table's list of them, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from mailadmin.accounts.roles import VIEW
from tables import originals, seeing
from tables.context import cluster_of, scope_of
from tables.models import OriginalFile
from tables.sendmail.spec import TableSpec
from tables.views.access import actor_of, needs
from tables.views.fresh import recently_authenticated
from tables.views.paging import NEWEST, read_page


@require_safe
@needs(VIEW)
def listing(request: HttpRequest, table: TableSpec) -> HttpResponse:
    found = seeing.originals(scope_of(request), originals.of_table(cluster=cluster_of(request), table=table))
    page = read_page(request, found, order=NEWEST, size=settings.PAGE_SIZE, total=found.count(), keep={})
    return render(request, "tables/originals.html", {"table": table, "page": page, "originals": page.rows})


@require_GET
@needs(VIEW)
@never_cache
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The exact bytes. Where passwords stand in them, for whoever may see those and has just said who they are."""
    file = _find(request, pk)
    if not originals.why_not_exact(actor=actor_of(request), file=file) and file.has_password:
        _refuse_stale_login(request)
    return _sent(originals.take(actor=actor_of(request), file=file), f"{file.table}-{file.pk}")


def _refuse_stale_login(request: HttpRequest) -> None:
    if not recently_authenticated(request):
        raise ReauthenticationRequired


@require_GET
@needs(VIEW)
@never_cache
def masked(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A copy with the passwords hidden."""
    file = _find(request, pk)
    return _sent(originals.take(actor=actor_of(request), file=file, hide=True), f"{file.table}-{file.pk}-masked")


def _find(request: HttpRequest, pk: int) -> OriginalFile:
    found = seeing.originals(scope_of(request), OriginalFile.objects.select_related("cluster", "request"))
    return get_object_or_404(found, pk=pk)


def _sent(chunks: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """As bytes to be saved, whatever is in them: no browser must take them for a page of ours."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(chunks, content_type="application/octet-stream", headers=headers)
