"""What happened to one key, also after its entry is gone."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailadmin.accounts.roles import VIEW
from tables import entries, seeing
from tables.context import cluster_of, scope_of
from tables.differences import Line, difference_of
from tables.models import Change, ChangeRequest, Cluster, Review
from tables.past import live
from tables.past.live import OnHost
from tables.sendmail.spec import TableSpec
from tables.sendmail.text import visible
from tables.views.access import key_of, needs
from tables.views.paging import BY_NUMBER, read_page


@dataclass(frozen=True, slots=True)
class Moment:
    """One applied change, with its difference and who approved it."""

    change: Change
    lines: list[Line]
    approvals: list[Review]
    #: Whether the request is for this person too; if not, its reason and reviews may tell of other domains.
    told: bool
    #: Where what it made was live, and from when to when.
    live: list[OnHost]

    @property
    def is_gone(self) -> bool:
        return self.change.action == Change.Action.DELETE


def moment_of(change: Change, told: bool, live: list[OnHost]) -> Moment:
    approvals = [review for review in change.request.reviews.all() if review.decision == Review.Decision.APPROVE]
    return Moment(change, difference_of(change), approvals, told, live)


def _origin(cluster: Cluster, shown: list[Change]) -> ChangeRequest | None:
    """The taking over of the files by which the entry came, when no change created it."""
    if shown and shown[-1].action == Change.Action.CREATE:
        return None
    return ChangeRequest.objects.filter(cluster=cluster, kind=ChangeRequest.Kind.BASELINE).order_by("id").first()


@require_safe
@needs(VIEW)
def entry(request: HttpRequest, table: TableSpec) -> HttpResponse:
    key, cluster, scope = key_of(request, table), cluster_of(request), scope_of(request)
    found = entries.history(scope=scope, cluster=cluster, table=table, key=key)
    page = read_page(request, found, order=BY_NUMBER, size=settings.PAGE_SIZE, total=found.count(), keep={"key": key})
    lived = live.of_changes(cluster=cluster, changes=page.rows)
    current = entries.find(scope=scope, cluster=cluster, table=table, key=key)
    if current is None and not page.total:
        raise Http404(f"“{visible(key)}” is not in {table.name} and never was. Choose an entry from the table.")
    origin = None if page.next_link else _origin(cluster, page.rows)
    told = seeing.shown_requests(scope, [change.request_id for change in page.rows])
    context = {
        "table": table,
        "key": key,
        "entry": current,
        "page": page,
        "moments": [
            moment_of(change, change.request_id in told, lived.get(change.number or 0, [])) for change in page.rows
        ],
        "origin": origin,
        "origin_live": live.of_beginning(cluster=cluster, changes=page.rows) if origin else (),
        "held_by": seeing.holders(scope, cluster, table, [key]).get(key),
    }
    return render(request, "tables/history.html", context)
