"""Does the history hold, and do the tables say what it says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import transaction

from tables import archives, audit, originals, verifying_glass
from tables.actors import Actor
from tables.audit import Finding, verify_chain
from tables.models import AuditEvent, Cluster
from tables.proofs import archived, entries, log, passages, people, policies, releases, requests
from tables.snapshots import snapshot


def verify(files: Sequence[Path] = ()) -> Iterator[Finding]:
    """Everything that does not hold: the chain, the change log against it, requests and reviews, the tables against the
    change log, releases, kept files, and what people may do.

    ``files`` are the archives of the history. Without them what is archived is taken from their checkpoint.
    """
    with snapshot():
        history = yield from archives.opened(files)
        yield from verify_chain(history.events(), *history.start)
        yield from archives.verify(history)
        whole = archives.last() is None
        for cluster in Cluster.objects.order_by("name"):
            yield from _verify_whole(cluster) if whole else archived.verify(history, cluster)
            yield from verifying_glass.verify(cluster, since=history.known_from(cluster))
            yield from originals.verify(history, cluster)
        if whole:
            yield from people.verify()


def _verify_whole(cluster: Cluster) -> Iterator[Finding]:
    """All of a cluster, of which every event is in the database."""
    baseline = _baseline(cluster)
    yield from log.verify_numbers(cluster, has_baseline=baseline is not None)
    yield from log.verify_log(cluster)
    yield from requests.verify(cluster)
    yield from entries.verify(cluster, baseline)
    yield from releases.verify(cluster)
    yield from policies.verify(cluster)
    told = AuditEvent.objects.filter(cluster=cluster.name, action=passages.CHANGED).order_by("number")
    yield from passages.verify(cluster, told.iterator())


def _baseline(cluster: Cluster) -> AuditEvent | None:
    return AuditEvent.objects.filter(action="baseline", cluster=cluster.name).order_by("number").first()


@transaction.atomic
def note(*, actor: Actor, findings: int, archived: int) -> None:
    """Keep that everything was verified, and how many things do not hold."""
    detail = {"findings": findings, "archives": archived}
    audit.record(actor=actor, action="audit-verified", detail=detail)


def last_noted() -> AuditEvent | None:
    return AuditEvent.objects.filter(action="audit-verified").order_by("-number").first()
