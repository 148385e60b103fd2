"""What a Prometheus server may ask for: how each host stands, what waits and what is wrong. Counted when it is asked.

Names and labels keep to Prometheus' own conventions (https://prometheus.io/docs/practices/naming/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from mailadmin import __version__
from tables.models import ChangeRequest, CheckRun, Drift, Host, Publication, Release
from tables.publishing.hosts import is_silent

HOST = ["cluster", "host"]


def exposition() -> bytes:
    """All of it in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything(Collector):
    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("mailadmin_build", "The version of the panel.", {"version": __version__})
        yield from _hosts()
        yield from _publications()
        yield from _clusters()


def _hosts() -> Iterator[Metric]:
    hosts = list(Host.objects.select_related("cluster", "release").order_by("name"))
    newest = dict(Release.objects.order_by("number").values_list("cluster", "number"))
    drifts = dict(Drift.objects.filter(state=Drift.State.OPEN).values_list("host").annotate(Count("id")).order_by())
    now = timezone.now()
    release = GaugeMetricFamily("mailadmin_host_release", "Release that is live on the host; 0: none.", labels=HOST)
    lag = GaugeMetricFamily("mailadmin_release_lag", "Releases cut that are not live on the host.", labels=HOST)
    changes = GaugeMetricFamily("mailadmin_change_lag", "Changes applied that are not live on the host.", labels=HOST)
    silent = GaugeMetricFamily("mailadmin_host_silent", "1: nothing was heard of its publisher.", labels=HOST)
    held = GaugeMetricFamily("mailadmin_host_held", "1: rolled back by hand, and publishes nothing.", labels=HOST)
    drift = GaugeMetricFamily("mailadmin_drift", "Files changed by hand that wait for an answer.", labels=HOST)
    seen = GaugeMetricFamily(
        "mailadmin_host_seen_seconds", "Seconds since its publisher was heard of; missing: never.", labels=HOST
    )
    for host in hosts:
        labels = [host.cluster.name, host.name]
        live = host.release
        release.add_metric(labels, live.number if live else 0)
        lag.add_metric(labels, newest.get(host.cluster_id, 0) - (live.number if live else 0))
        changes.add_metric(labels, host.cluster.last_change - (live.change_number if live else 0))
        silent.add_metric(labels, is_silent(host, now))
        held.add_metric(labels, host.held_since is not None)
        drift.add_metric(labels, drifts.get(host.pk, 0))
        if host.seen_at:
            seen.add_metric(labels, (now - host.seen_at).total_seconds())
    yield from (release, lag, changes, silent, held, drift, seen)


def _publications() -> Iterator[Metric]:
    total = CounterMetricFamily("mailadmin_publications", "Publications by how they ended.", labels=[*HOST, "state"])
    waiting = GaugeMetricFamily("mailadmin_publications_waiting", "Publications queued or running.", labels=HOST)
    seconds = GaugeMetricFamily("mailadmin_publish_seconds", "Duration of the last one that succeeded.", labels=HOST)
    steps = GaugeMetricFamily("mailadmin_publish_step_seconds", "The same by its steps.", labels=[*HOST, "step"])
    open_ = ~Q(publications__state__in=Publication.ENDED) & Q(publications__isnull=False)
    for host in Host.objects.select_related("cluster").annotate(open=Count("publications", filter=open_)):
        labels = [host.cluster.name, host.name]
        waiting.add_metric(labels, host.open)
        counted = host.publications.filter(state__in=Publication.ENDED).values_list("state").annotate(Count("id"))
        for state, count in counted.order_by("state"):
            total.add_metric([*labels, state], count)
        last = host.publications.filter(state=Publication.State.SUCCEEDED).order_by("-id").first()
        if last and last.seconds is not None:
            seconds.add_metric(labels, last.seconds)
            for step in last.steps:
                if step["seconds"] is not None:
                    steps.add_metric([*labels, step["step"]], step["seconds"])
    yield from (total, waiting, seconds, steps)


def _clusters() -> Iterator[Metric]:
    problems = GaugeMetricFamily(
        "mailadmin_problems", "Problems that the last check found.", labels=["cluster", "grade"]
    )
    for run in CheckRun.objects.select_related("cluster").order_by("cluster__name"):
        for grade, count in (("error", run.errors), ("warning", run.warnings), ("note", run.notes)):
            problems.add_metric([run.cluster.name, grade], count)
    requests = GaugeMetricFamily(
        "mailadmin_requests_waiting", "Change requests that wait, by state.", labels=["cluster", "state"]
    )
    found = ChangeRequest.objects.filter(state__in=ChangeRequest.WAITING).values_list("cluster__name", "state")
    for cluster, state, count in found.annotate(Count("id")).order_by("cluster__name", "state"):
        requests.add_metric([cluster, state], count)
    yield from (problems, requests)
