"""From when to when a version of an entry was live on which host: by the publications that succeeded there, and by
rollbacks by hand.

A host's publications go forward: a version is live from the first one of a release that has it, until the first one of
a release that has the next. A rollback by hand brings an older release back until the next publication.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from tables.models import AuditEvent, Change, Cluster, Host, Publication, Release

State = Publication.State

#: Rollbacks by hand that are looked at, the latest ones.
ROLLBACKS = 50


@dataclass(frozen=True, slots=True)
class Span:
    """``until`` empty: it still is."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OnHost:
    host: str
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class _Rolled:
    """An older state that was live for a while; ``change``: the last one of it."""

    span: Span
    change: int


def next_of(changes: Sequence[Change]) -> dict[int, int]:
    """By number the next change of the same key, where there is one; ``changes`` are of one key, newest first."""
    numbers = [change.number or 0 for change in changes]
    following = dict(zip(numbers[1:], numbers, strict=False))
    if changes:
        newest = changes[0]
        of_key = Change.objects.filter(cluster=newest.cluster_id, table=newest.table, key=newest.key)
        after = of_key.filter(number__gt=newest.number or 0).aggregate(next=Min("number"))["next"]
        if after is not None:
            following[numbers[0]] = after
    return following


def of_changes(*, cluster: Cluster, changes: Sequence[Change]) -> dict[int, list[OnHost]]:
    """By the number of each change of a page, where what it made was live. Asks the same for a page of any length."""
    following = next_of(changes)
    return of_numbers(cluster=cluster, numbers=[change.number or 0 for change in changes], following=following)


def of_beginning(*, cluster: Cluster, changes: Sequence[Change]) -> list[OnHost]:
    """Of what was taken over at the beginning, which is the first change of all; ``changes``: a page that ends with the
    first one of the key."""
    following = {1: changes[-1].number or 0} if changes else {}
    return of_numbers(cluster=cluster, numbers=[1], following=following)[1]


def of_numbers(*, cluster: Cluster, numbers: Sequence[int], following: Mapping[int, int]) -> dict[int, list[OnHost]]:
    hosts = list(Host.objects.filter(cluster=cluster).order_by("name"))
    reached = _reached(cluster, hosts, {*numbers, *following.values()})
    rolled = _rolled(cluster, hosts)
    found: dict[int, list[OnHost]] = {}
    for number in numbers:
        after = following.get(number)
        spans = (OnHost(host.name, _spans(host, number, after, reached, rolled.get(host.name, ()))) for host in hosts)
        found[number] = [each for each in spans if each.spans]
    return found


def _reached(cluster: Cluster, hosts: Sequence[Host], numbers: Iterable[int]) -> dict[tuple[int, int], datetime]:
    """By change and host, when the first release that has the change was live there: a seek in an index for each."""
    releases = _releases(cluster, numbers)
    first = Publication.objects.filter(release__gte=OuterRef("pk"), state=State.SUCCEEDED, finished_at__isnull=False)
    asked = Release.objects.filter(pk__in=set(releases.values())).annotate(
        **{
            f"host_{host.pk}": Subquery(
                first.filter(host=host).order_by("release_id", "finished_at").values("finished_at")[:1]
            )
            for host in hosts
        }
    )
    times = {release.pk: release for release in asked.order_by()}
    return {
        (number, host.pk): at
        for number, pk in releases.items()
        for host in hosts
        if (at := getattr(times[pk], f"host_{host.pk}")) is not None
    }


def _releases(cluster: Cluster, numbers: Iterable[int]) -> dict[int, int]:
    """The first release that has each change, where there is one."""
    wanted = sorted(set(numbers))
    having = Release.objects.filter(cluster=cluster).order_by("change_number", "number").values("pk")
    found = _each(cluster, [having.filter(change_number__gte=number) for number in wanted])
    return {number: pk for number, pk in zip(wanted, found, strict=True) if pk is not None}


def _each(cluster: Cluster, asked: Sequence[QuerySet[Any, Any]]) -> Sequence[Any]:
    """The first answer to each of several questions of one column, by one query."""
    if not asked:
        return ()
    answers = {f"answer_{place}": Subquery(each[:1]) for place, each in enumerate(asked)}
    row: Sequence[Any] = Cluster.objects.filter(pk=cluster.pk).annotate(**answers).values_list(*answers).get()
    return row


def _rolled(cluster: Cluster, hosts: Sequence[Host]) -> dict[str, list[_Rolled]]:
    """Rollbacks by hand, of each host from the oldest on, with what they brought back and for how long."""
    events = AuditEvent.objects.filter(action="host-held", cluster=cluster.name).order_by("-number")[:ROLLBACKS]
    told = [event.detail for event in reversed(events) if event.detail.get("to")]
    numbers = Release.objects.filter(cluster=cluster, number__in={detail["to"] for detail in told}).order_by()
    changes = dict(numbers.values_list("number", "change_number")) if told else {}
    by_name = {host.name: host for host in hosts}
    began = [
        (by_name[detail["host"]], since, changes[detail["to"]])
        for detail in told
        if detail["host"] in by_name and detail["to"] in changes and (since := parse_datetime(str(detail["since"])))
    ]
    succeeded = Publication.objects.filter(state=State.SUCCEEDED).order_by("finished_at").values("finished_at")
    ended = _each(cluster, [succeeded.filter(host=host, finished_at__gt=since) for host, since, _change in began])
    found: dict[str, list[_Rolled]] = {}
    for (host, since, change), until in zip(began, ended, strict=True):
        found.setdefault(host.name, []).append(_Rolled(Span(since, until), change))
    return found


def _spans(
    host: Host, number: int, after: int | None, reached: Mapping[tuple[int, int], datetime], rolled: Sequence[_Rolled]
) -> list[Span]:
    begin = reached.get((number, host.pk))
    end = reached.get((after, host.pk)) if after is not None else None
    spans = [Span(begin, end)] if begin is not None and (end is None or begin < end) else []
    for one in rolled:
        spans = [part for span in spans for part in _without(span, one.span)]
        if number <= one.change and (after is None or one.change < after):
            spans.append(one.span)
    return _joined(spans)


def _without(span: Span, gap: Span) -> list[Span]:
    """What is left of a span outside another one."""
    parts: list[Span] = []
    if span.since < gap.since:
        parts.append(Span(span.since, _earlier(span.until, gap.since)))
    if gap.until is not None and (span.until is None or span.until > gap.until):
        parts.append(Span(max(span.since, gap.until), span.until))
    return parts


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """In order; those that touch are one."""
    joined: list[Span] = []
    for span in sorted(spans, key=_since):
        if joined and joined[-1].until == span.since:
            joined[-1] = Span(joined[-1].since, span.until)
        else:
            joined.append(span)
    return joined


def _since(span: Span) -> Any:
    return span.since
