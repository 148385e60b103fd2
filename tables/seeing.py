"""What a person is shown of requests, changes, history, findings and publications.

Every page fetches by these functions and by those of :mod:`tables.entries` that take a scope: what lies outside it is
not fetched, and a page of its own is not found, whether it is there or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from tables import releases
from tables.models import (
    AuditEvent,
    Change,
    ChangeRequest,
    CheckRun,
    Cluster,
    Drift,
    Host,
    Notice,
    OriginalFile,
    Publication,
    Release,
    StoredFinding,
)
from tables.noticing.kinds import DRIFT, FAILED
from tables.scopes import Scope
from tables.sendmail.spec import Grade, TableSpec
from tables.sendmail.text import visible

#: What a limited person reads in the place of what a program said.
UNTOLD = "Ask somebody who sees all tables why."


def refuse_unseen(scope: Scope, table: TableSpec, key: str) -> None:
    """No page for a key outside, which does not tell whether anything stands there. Raises ``Http404``."""
    if not scope.sees(table, key):
        raise Http404(f"There is no entry “{visible(key)}” in {table.name} that is delegated to you.")


# --- requests ---------------------------------------------------------------------------------------------------------


def requests(scope: Scope, cluster: Cluster) -> QuerySet[ChangeRequest]:
    return _shown(scope, ChangeRequest.objects.filter(cluster=cluster))


def _shown(scope: Scope, found: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    """For a limited person their own, and those with changes inside; never one in which somebody else's is outside."""
    if not scope.limited:
        return found
    inside = Q(pk__in=Change.objects.filter(scope.lines()).values("request"))
    own = Q(author=scope.person) | Q(submitter=scope.person)
    foreign = Change.objects.filter(request=OuterRef("pk")).exclude(scope.lines()).exclude(author=scope.person)
    return found.filter(own | inside).filter(~Exists(foreign))


def request(scope: Scope, pk: int) -> ChangeRequest:
    found = _shown(scope, ChangeRequest.objects.all())
    return get_object_or_404(found.select_related("cluster", "author"), pk=pk)


def shown_requests(scope: Scope, wanted: Iterable[int | None]) -> set[int]:
    """Which of these requests have a page for this person; of the others nothing is said but what is in the entry."""
    keys = {pk for pk in wanted if pk is not None}
    if not scope.limited or not keys:
        return keys
    return set(_shown(scope, ChangeRequest.objects.filter(pk__in=keys)).values_list("pk", flat=True))


def named(scope: Scope, found: ChangeRequest) -> ChangeRequest:
    """The request that is in the way, or, where it is not for this person, one that says nothing of itself."""
    return found if found.pk in shown_requests(scope, [found.pk]) else ChangeRequest(cluster=found.cluster)


def holders(scope: Scope, cluster: Cluster, table: TableSpec, keys: Iterable[str]) -> dict[str, ChangeRequest]:
    """The open request that holds each of these keys, for those that are held."""
    wanted = [key for key in keys if scope.sees(table, key)]
    held = list(
        Change.objects.filter(cluster=cluster, table=table.name, key__in=wanted, holds=True).select_related("request")
    )
    shown = shown_requests(scope, [change.request_id for change in held])
    return {
        change.key: change.request if change.request_id in shown else ChangeRequest(cluster=cluster) for change in held
    }


def waiting(scope: Scope, cluster: Cluster, table: TableSpec, most: int) -> list[Change]:
    """Changes of open requests that hold a key of this table, the latest first; their entries need not exist yet."""
    held = Change.objects.filter(cluster=cluster, table=table.name, holds=True)
    if scope.limited:
        held = held.filter(request__in=requests(scope, cluster))
    return list(held.select_related("request").order_by("-id")[:most])


# --- changes, releases and publications -------------------------------------------------------------------------------


def changes(scope: Scope, found: QuerySet[Change]) -> QuerySet[Change]:
    return found.filter(scope.lines())


def change(scope: Scope, pk: int) -> Change:
    """One that was applied."""
    found = changes(scope, Change.objects.filter(number__isnull=False).select_related("request", "cluster"))
    return get_object_or_404(found, pk=pk)


def pending(scope: Scope, cluster: Cluster, host: Host | None) -> QuerySet[Change]:
    return changes(scope, releases.pending(cluster=cluster, host=host))


def release(scope: Scope, cluster: Cluster, number: int) -> Release:
    found = get_object_or_404(Release, cluster=cluster, number=number)
    return without_reasons(scope, [found])[0]


def without_reasons(scope: Scope, found: Sequence[Release]) -> Sequence[Release]:
    """What somebody else gave as a reason may tell of other domains."""
    for one in found:
        if scope.limited and (scope.person is None or one.author_id != scope.person.pk):
            one.reason = ""
    return found


def publication(scope: Scope, pk: int) -> Publication:
    """To a limited person without what its programs said and wrote: their lines are of all domains. Not to be saved."""
    found = get_object_or_404(Publication.objects.select_related("release", "host__release"), pk=pk)
    if scope.limited:
        names = ("step", "state", "seconds")
        found.steps = [{name: step.get(name) for name in names} for step in found.steps]
        found.files, found.plan = [], {}
        found.error = trouble(scope, found)
    return found


def trouble(scope: Scope, found: Publication) -> str:
    """What went wrong; to a limited person only that something did."""
    if not scope.limited or not found.error:
        return found.error
    return UNTOLD


# --- findings ---------------------------------------------------------------------------------------------------------


def findings(scope: Scope, run: CheckRun | None) -> QuerySet[StoredFinding]:
    """To a limited person what entries show by themselves: what shows across entries may name others."""
    if run is None:
        return StoredFinding.objects.none()
    return run.findings.filter(scope.lines(), across=False) if scope.limited else run.findings.all()


def groups(scope: Scope, run: CheckRun | None) -> list[dict[str, Any]]:
    """How many there are of each rule in each table, the worst and most frequent first."""
    if run is None or not scope.limited:
        return list(run.groups) if run else []
    found = (
        findings(scope, run)
        .order_by()
        .values("table", "rule", "grade")
        .annotate(count=Count("pk"), first=Min("number"))
    )
    counted = list(found)
    said = dict(run.findings.filter(number__in=[row["first"] for row in counted]).values_list("number", "message"))
    order = {str(grade): place for place, grade in enumerate(Grade)}
    counted.sort(key=lambda row: (order[row["grade"]], -row["count"], row["table"], row["rule"]))
    return [{**row, "stored": row["count"], "across": False, "message": said[row["first"]]} for row in counted]


def grades(scope: Scope, run: CheckRun | None) -> dict[Grade, int]:
    """How many there are of each grade."""
    if run is None:
        return {}
    if not scope.limited:
        return {Grade.ERROR: run.errors, Grade.WARNING: run.warnings, Grade.NOTE: run.notes}
    counted = dict(findings(scope, run).order_by().values_list("grade").annotate(Count("pk")))
    return {grade: counted.get(str(grade), 0) for grade in Grade}


# --- notices ----------------------------------------------------------------------------------------------------------


def notices(scope: Scope, found: QuerySet[Notice]) -> QuerySet[Notice]:
    """To a limited person of no request that is not for them, of no whole file, and nothing that programs said."""
    if not scope.limited:
        return found
    theirs = Q(request__isnull=True) | Q(request__in=_shown(scope, ChangeRequest.objects.all()))
    silent = ~Q(kind=FAILED.name) | Q(text=UNTOLD)
    return found.filter(theirs, silent).exclude(kind=DRIFT.name)


# --- history and files ------------------------------------------------------------------------------------------------


def events(scope: Scope, found: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """To a limited person what happened to entries inside, and what they did themselves."""
    if not scope.limited:
        return found
    return found.filter(scope.lines(also=("actor_id", scope.person.pk) if scope.person else None))


def is_told(scope: Scope, event: AuditEvent, shown: set[int]) -> bool:
    """Whether an event's reason and details are for this person too: another request's may tell of other domains."""
    own = scope.person is not None and event.actor_id == scope.person.pk
    return not scope.limited or own or event.request_id in shown


def originals(scope: Scope, found: QuerySet[OriginalFile]) -> QuerySet[OriginalFile]:
    """Whole files are for those who may see all of them."""
    return found.none() if scope.limited else found


def drifts(scope: Scope, cluster: Cluster) -> QuerySet[Drift]:
    """What stands in whole files is for those who may see all of them."""
    found = Drift.objects.filter(host__cluster=cluster).select_related("host__cluster", "release", "request")
    return found.none() if scope.limited else found


def drift(scope: Scope, pk: int) -> Drift:
    found = Drift.objects.select_related("host__cluster", "release", "request")
    return get_object_or_404(found.none() if scope.limited else found, pk=pk)
