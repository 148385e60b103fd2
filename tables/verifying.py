"""Does the history hold, and do the tables say what it says?"""

from __future__ import annotations

from collections.abc import Iterator

from tables import originals
from tables.audit import Finding, verify_chain
from tables.models import AuditEvent, Cluster
from tables.proofs import entries, log, people, releases, requests
from tables.snapshots import snapshot


def verify() -> Iterator[Finding]:
    """Everything that does not hold: the chain, the change log against it, requests and reviews, the tables against the
    change log, releases, kept files, and what people may do."""
    with snapshot():
        yield from verify_chain()
        for cluster in Cluster.objects.order_by("name"):
            baseline = _baseline(cluster)
            yield from log.verify_numbers(cluster, baseline)
            yield from log.verify_log(cluster)
            yield from requests.verify(cluster)
            yield from entries.verify(cluster, baseline)
            yield from releases.verify(cluster)
            yield from originals.verify(cluster)
        yield from people.verify()


def _baseline(cluster: Cluster) -> AuditEvent | None:
    return AuditEvent.objects.filter(action="baseline", cluster=cluster.name).order_by("number").first()
