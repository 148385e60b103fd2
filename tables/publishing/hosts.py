"""The hosts that publishers register."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tables import audit
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Cluster, Host

#: A publisher that looks every second need not write every second.
HEARTBEAT = timedelta(seconds=5)


@transaction.atomic
def register_host(*, name: str = "") -> Host:
    """The row of this machine's publisher, made when it starts for the first time.

    A host that now publishes into another directory has nothing live there yet.
    """
    mail_dir = str(settings.MAIL_DIR)
    host, new = Host.objects.select_for_update().get_or_create(
        name=name or settings.HOST_NAME, defaults={"cluster": get_cluster(), "mail_dir": mail_dir}
    )
    if new:
        _record(host, "host-registered", None)
    if host.mail_dir != mail_dir:
        before, host.mail_dir, host.release = host.mail_dir, mail_dir, None
        host.save(update_fields=["mail_dir", "release"])
        _record(host, "host-changed", {"directory": before})
    return host


def _record(host: Host, action: str, before: dict[str, str] | None) -> None:
    audit.record(
        actor=Actor.publisher(host.name),
        action=action,
        cluster=host.cluster,
        key=host.name,
        before=before,
        after={"directory": host.mail_dir},
    )


def heartbeat(*, host: Host) -> None:
    """Note that the host's publisher is at work, at most every few seconds."""
    now = timezone.now()
    if host.seen_at is None or now - host.seen_at >= HEARTBEAT:
        host.seen_at = now
        host.save(update_fields=["seen_at"])


def slowest_host(cluster: Cluster) -> Host | None:
    """The host on which the oldest state is live: what is not there yet still has to be published."""
    return cluster.hosts.select_related("release").order_by(F("release__change_number").asc(nulls_first=True)).first()
