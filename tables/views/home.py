"""The first page: what waits for this person, what is not live yet, and what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from mailadmin.accounts import roles
from mailadmin.accounts.models import User
from tables import entries, releases, reviews
from tables.context import table_counts
from tables.letters import outbox
from tables.models import Change, ChangeRequest, CheckRun, Cluster, Host, Publication
from tables.publishing.hosts import slowest_host
from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import TABLES
from tables.templatetags.panel import thousands
from tables.views.access import person_of

#: Rows of each list; the pages behind them have the rest.
SHOWN = 6
#: Submitted requests that are looked at to find those that this person may review.
LOOKED_AT = 50
#: A publisher looks every POLL_SECONDS; it is missing when it has not for so many seconds.
SILENT_SECONDS = max(60, 10 * settings.POLL_SECONDS)


class Alert(NamedTuple):
    tone: str
    message: str
    remedy: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    table: TableSpec
    count: int
    changed_at: datetime | None


def home(request: HttpRequest) -> HttpResponse:
    person = person_of(request)
    if not person.has_perm(roles.VIEW):
        return render(request, "home.html", {"nothing_allowed": True})
    cluster = entries.get_cluster()
    host = slowest_host(cluster)
    context = {
        "alerts": list(alerts(cluster)),
        "to_review": to_review(cluster, person),
        "mine": list(open_requests(cluster).filter(author=person)[:SHOWN]),
        "pending": list(releases.pending(cluster=cluster, host=host)[:SHOWN]),
        "publications": Publication.objects.filter(host__cluster=cluster).select_related("release", "host")[:SHOWN],
        "tables": table_rows(cluster),
    }
    return render(request, "home.html", context)


def open_requests(cluster: Cluster) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(cluster=cluster, state=ChangeRequest.State.SUBMITTED).order_by("-id")


def to_review(cluster: Cluster, person: User) -> list[ChangeRequest]:
    """The oldest submitted requests that this person may decide on."""
    if not person.has_perm(roles.REVIEW):
        return []
    found = open_requests(cluster).select_related("author").reverse()[:LOOKED_AT]
    return [request for request in found if not reviews.why_not(request=request, user=person)][:SHOWN]


def table_rows(cluster: Cluster) -> list[TableRow]:
    counts, changed = table_counts(cluster), _last_changes(cluster)
    return [TableRow(table, counts[name], changed.get(name)) for name, table in TABLES.items()]


def _last_changes(cluster: Cluster) -> dict[str, datetime]:
    """When each table was changed last. The answer holds until the next change is applied."""

    def ask() -> dict[str, datetime]:
        applied = Change.objects.filter(cluster=cluster, number__isnull=False)
        return dict(applied.values_list("table").annotate(Max("applied_at")))

    return cache.get_or_set(f"changed:{cluster.pk}:{cluster.last_change}", ask) or {}


def alerts(cluster: Cluster) -> Iterator[Alert]:
    yield from _error_alerts(cluster)
    if trouble := outbox.trouble():
        yield Alert("warn", "E-mail does not go out.", trouble)
    hosts = list(cluster.hosts.select_related("release"))
    if not hosts:
        yield Alert("warn", "No mail host has registered yet.", "Start the publisher on the mail host.")
    for host in hosts:
        yield from _host_alerts(host)


def _error_alerts(cluster: Cluster) -> Iterator[Alert]:
    run = CheckRun.objects.filter(cluster=cluster, errors__gt=0).first()
    if run:
        what = f"{thousands(run.errors)} errors stand" if run.errors != 1 else "1 error stands"
        yield Alert(
            "bad",
            f"{what} in the tables.",
            "What is so written is refused, or read as something else: mend it before it is published.",
            reverse("problems") + "?grade=error",
            "See the errors",
        )


def _host_alerts(host: Host) -> Iterator[Alert]:
    if host.seen_at is None or timezone.now() - host.seen_at > timedelta(seconds=SILENT_SECONDS):
        since = f"for {timesince(host.seen_at)}" if host.seen_at else "at all yet"
        yield Alert(
            "bad",
            f"The publisher on {host} has not been heard of {since}.",
            "Nothing goes live there until it runs: see whether its service is up on that host.",
        )
    last = host.publications.filter(state__in=Publication.ENDED).exclude(state=Publication.State.SUPERSEDED).first()
    if last and last.state != Publication.State.SUCCEEDED:
        yield Alert(
            "bad",
            f"Publishing release {last.release.number} to {host} {_failure(last)}.",
            last.error or "What was live before is still live.",
            reverse("publication", args=[last.pk]),
            "See what happened",
        )


def _failure(publication: Publication) -> str:
    return "was rolled back" if publication.state == Publication.State.ROLLED_BACK else "failed"
