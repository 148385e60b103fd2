"""What a host is to have: the newest release of its cluster, also when nobody queued it there."""

from __future__ import annotations

from django.db import transaction

from tables.actors import Actor
from tables.models import Cluster, Host, Publication
from tables.releases import newest


def catch_up(*, host: Host) -> Publication | None:
    """Queue the newest release for a host that lacks it and on which it was never tried, as one that came later.

    What failed there, or was rolled back, waits for a person. Every older release is left out.
    """
    if not _lacks(host):
        return None
    with transaction.atomic():
        # As a cut does: whoever cuts now queues a publication itself.
        cluster = Cluster.objects.select_for_update(no_key=True).get(pk=host.cluster_id)
        release = newest(cluster)
        if release is None or not _lacks(host):
            return None
        return Publication.objects.create(release=release, host=host, requested_by_name=Actor.publisher(host.name).name)


def _lacks(host: Host) -> bool:
    release = newest(host.cluster)
    if release is None or host.release_id == release.pk:
        return False
    return not Publication.objects.filter(host=host, release=release).exists()
