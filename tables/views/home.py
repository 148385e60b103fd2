"""The first page: what waits for this person, what is not live yet, and what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timesince import timesince

from mailadmin.accounts import roles
from mailadmin.accounts.models import User
from tables import breaking, dates, entries, forwarding, reviews, scopes, seeing
from tables.context import check_of, cluster_of, scope_of
from tables.frame import table_counts
from tables.letters import outbox
from tables.models import Change, ChangeRequest, CheckRun, Cluster, Drift, Host, Publication
from tables.publishing.hosts import is_silent, slowest_host
from tables.scopes import Scope
from tables.sendmail.spec import Grade, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import checksum
from tables.templatetags.panel import thousands
from tables.views.access import person_of

#: Rows of each list; the pages behind them have the rest.
SHOWN = 6
#: Submitted requests that are looked at to find those that this person may review.
LOOKED_AT = 50
#: States in which a request of one's own wants something of oneself or of others.
MINE = (ChangeRequest.State.DRAFT, ChangeRequest.State.SUBMITTED)
#: Days within which what begins or ends is named.
SOON_DAYS = 14


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
    cluster, scope = cluster_of(request), scope_of(request)
    pending = list(seeing.pending(scope, cluster, slowest_host(cluster))[:SHOWN])
    context = {
        "alerts": list(alerts(scope, cluster, check_of(request))),
        "to_review": to_review(scope, cluster, person),
        "mine": list(seeing.requests(scope, cluster).filter(state__in=MINE, author=person).order_by("-id")[:SHOWN]),
        "coming": entries.coming(scope=scope, cluster=cluster, until=dates.soon(SOON_DAYS), most=SHOWN),
        "pending": pending,
        "shown": seeing.shown_requests(scope, [change.request_id for change in pending]),
        "publications": Publication.objects.filter(host__cluster=cluster).select_related("release", "host")[:SHOWN],
        "tables": table_rows(scope, cluster),
        "delegated": delegated(scope, cluster),
    }
    return render(request, "home.html", context)


def open_requests(scope: Scope, cluster: Cluster) -> QuerySet[ChangeRequest]:
    return seeing.requests(scope, cluster).filter(state=ChangeRequest.State.SUBMITTED).order_by("-id")


def to_review(scope: Scope, cluster: Cluster, person: User) -> list[ChangeRequest]:
    """The oldest requests that wait for a review and that this person may decide on."""
    if not person.has_perm(roles.REVIEW):
        return []
    waiting = seeing.requests(scope, cluster).filter(breaking.WAITS).order_by("id")
    found = waiting.select_related("author")[:LOOKED_AT]
    return [request for request in found if not reviews.why_not(request=request, user=person)][:SHOWN]


def table_rows(scope: Scope, cluster: Cluster) -> list[TableRow]:
    counts, changed = table_counts(scope, cluster), _last_changes(scope, cluster)
    return [TableRow(TABLES[name], counts[name], changed.get(name)) for name in scope.tables]


@dataclass(frozen=True, slots=True)
class Delegated:
    """One delegation as the person who has it reads it. ``used``: entries that stand inside, where they are limited."""

    part: scopes.Part
    used: int | None


def delegated(scope: Scope, cluster: Cluster) -> list[Delegated] | None:
    """What a limited person has; ``None`` for everybody else."""
    if not scope.limited:
        return None
    return [Delegated(part, None if part.quota is None else scopes.used(cluster, part)) for part in scope.parts]


def _last_changes(scope: Scope, cluster: Cluster) -> dict[str, datetime]:
    """When each table was changed last. The answer holds until the next change is applied."""

    def ask() -> dict[str, datetime]:
        applied = seeing.changes(scope, Change.objects.filter(cluster=cluster, number__isnull=False))
        return dict(applied.values_list("table").annotate(Max("applied_at")))

    return cache.get_or_set(f"changed:{cluster.pk}:{cluster.last_change}:{checksum(scope.mark)}", ask) or {}


def alerts(scope: Scope, cluster: Cluster, check: CheckRun | None) -> Iterator[Alert]:
    yield from _error_alerts(scope, check)
    if trouble := outbox.trouble():
        yield Alert("warn", "E-mail does not go out.", trouble)
    if not scope.limited:
        yield from _syslog_alerts()
    yield from _drift_alerts(scope, cluster)
    hosts = list(cluster.hosts.select_related("release"))
    if not hosts:
        yield Alert("warn", "No mail host has registered yet.", "Start the publisher on the mail host.")
    for host in hosts:
        yield from _host_alerts(scope, host)


def _error_alerts(scope: Scope, check: CheckRun | None) -> Iterator[Alert]:
    errors = seeing.grades(scope, check).get(Grade.ERROR, 0)
    if errors:
        what = f"{thousands(errors)} errors stand" if errors != 1 else "1 error stands"
        yield Alert(
            "bad",
            f"{what} in the tables.",
            "What is so written is refused, or read as something else: mend it before it is published.",
            reverse("problems") + "?grade=error",
            "See the errors",
        )


def _syslog_alerts() -> Iterator[Alert]:
    if trouble := forwarding.trouble():
        waiting = "1 event waits" if trouble.waiting == 1 else f"{thousands(trouble.waiting)} events wait"
        yield Alert(
            "bad",
            f"{waiting} for the syslog server {trouble.target}, which has taken none for {timesince(trouble.since)}: "
            f"{trouble.error}.",
            "None is lost: they go out as soon as it answers. See whether it runs and its address is right.",
        )


def _drift_alerts(scope: Scope, cluster: Cluster) -> Iterator[Alert]:
    found = list(seeing.drifts(scope, cluster).filter(state=Drift.State.OPEN).order_by("id"))
    if not found:
        return
    where = f"{found[0].table} on {found[0].host}"
    what = f"{where} was" if len(found) == 1 else f"{where} and {len(found) - 1} more files were"
    yield Alert(
        "warn",
        f"{what} changed by hand since the last publication.",
        "Publishing stops there until somebody takes it over or overwrites it.",
        reverse("drift", args=[found[0].pk]) if len(found) == 1 else f"{reverse('publish')}#drifts",
        "See what was changed",
    )


def _host_alerts(scope: Scope, host: Host) -> Iterator[Alert]:
    if is_silent(host):
        since = f"for {timesince(host.seen_at)}" if host.seen_at else "at all yet"
        yield Alert(
            "bad",
            f"The publisher on {host} has not been heard of {since}.",
            "Nothing goes live there until it runs: see whether its service is up on that host.",
            reverse("host", args=[host.pk]),
            "See the host",
        )
    if host.held_since:
        yield _held_alert(scope, host, timesince(host.held_since))
    last = host.publications.filter(state__in=Publication.ENDED).exclude(state=Publication.State.SUPERSEDED).first()
    if last and last.state != Publication.State.SUCCEEDED:
        yield Alert(
            "bad",
            f"Publishing release {last.release.number} to {host} {_failure(last)}.",
            seeing.trouble(scope, last) or "What was live before is still live.",
            reverse("publication", args=[last.pk]),
            "See what happened",
        )


def _held_alert(scope: Scope, host: Host, since: str) -> Alert:
    """To a limited person without the reason, which may tell of other domains."""
    why = f": {host.held_reason}" if host.held_reason and not scope.limited else ""
    live = f"release {host.release.number}" if host.release else "what was there before the first publication"
    return Alert(
        "warn",
        f"{host} has been held for {since}: {host.held_by_name} rolled it back to {live}{why}.",
        "Nothing goes live there until somebody releases the hold.",
        reverse("publish"),
        "See the host",
    )


def _failure(publication: Publication) -> str:
    return "was rolled back" if publication.state == Publication.State.ROLLED_BACK else "failed"
