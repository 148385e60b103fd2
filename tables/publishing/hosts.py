"""The hosts that publishers register, and whether they are heard of."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tables import audit
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import Cluster, Host, Publication

#: A publisher that looks every second need not write every second.
HEARTBEAT = timedelta(seconds=5)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")


@transaction.atomic
def register_host(*, name: str = "", cluster: str = "") -> Host:
    """The row of this machine's publisher, made when it starts for the first time.

    A host that now publishes into another directory, or the tables of another cluster, has nothing live there yet.
    """
    name, cluster = name or settings.HOST_NAME, cluster or settings.CLUSTER
    wanted = cluster_named(cluster, Actor.publisher(name)) if cluster else None
    known = Host.objects.select_for_update(of=("self",)).select_related("cluster")
    host = known.filter(name=name).first()
    new = False
    if host is None:
        host, new = Host.objects.get_or_create(
            name=name, defaults={"cluster": wanted or get_cluster(), "mail_dir": str(settings.MAIL_DIR)}
        )
    if new:
        _record(host, "host-registered", None)
    else:
        _change(host, mail_dir=str(settings.MAIL_DIR), cluster=wanted or host.cluster)
    return host


def cluster_named(name: str, actor: Actor) -> Cluster:
    """The cluster, made when it is named for the first time."""
    if not _NAME.fullmatch(name):
        raise ChangeError(
            f"{name[:60]!r} is no name for a cluster. Take up to 50 letters, digits, hyphens and underscores."
        )
    cluster, new = Cluster.objects.get_or_create(name=name)
    if new:
        audit.record(actor=actor, action="cluster-made", cluster=cluster, key=name)
    return cluster


def _change(host: Host, *, mail_dir: str, cluster: Cluster) -> None:
    before: dict[str, str] = {}
    if host.mail_dir != mail_dir:
        before["directory"], host.mail_dir = host.mail_dir, mail_dir
    if host.cluster_id != cluster.pk:
        before["cluster"], host.cluster = host.cluster.name, cluster
        _drop_queued(host)
    if before:
        host.release = None
        host.save(update_fields=["mail_dir", "cluster", "release"])
        _record(host, "host-changed", before)


def _drop_queued(host: Host) -> None:
    """What waits for the host is of the cluster that it leaves."""
    waiting = host.publications.filter(state=Publication.State.QUEUED)
    waiting.update(state=Publication.State.SUPERSEDED, finished_at=timezone.now())


def _record(host: Host, action: str, before: dict[str, str] | None) -> None:
    after = {"directory": host.mail_dir, **({"cluster": host.cluster.name} if "cluster" in (before or {}) else {})}
    audit.record(
        actor=Actor.publisher(host.name),
        action=action,
        cluster=host.cluster,
        key=host.name,
        before=before,
        after=after,
    )


def heartbeat(*, host: Host) -> None:
    """Note that the host's publisher is at work, at most every few seconds."""
    now = timezone.now()
    if host.seen_at is None or now - host.seen_at >= HEARTBEAT:
        host.seen_at = now
        host.save(update_fields=["seen_at"])


def silence() -> timedelta:
    """A publisher of which nothing was heard for so long does not run: more than three heartbeats, or looks."""
    return timedelta(seconds=max(60, 10 * settings.POLL_SECONDS))


def is_silent(host: Host, now: datetime | None = None) -> bool:
    return host.seen_at is None or (now or timezone.now()) - host.seen_at > silence()


def slowest_host(cluster: Cluster) -> Host | None:
    """The host on which the oldest state is live: what is not there yet still has to be published."""
    return cluster.hosts.select_related("release").order_by(F("release__change_number").asc(nulls_first=True)).first()
