"""Releases: numbered without a gap, each with exactly the changes since the one before, as the history says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tables.audit import Finding
from tables.models import AuditEvent, Cluster, Release
from tables.proofs.log import AT_ONCE
from tables.proofs.streams import side_by_side
from tables.releases import release_checksum


def verify(cluster: Cluster) -> Iterator[Finding]:
    expected, after = 1, 0
    for number, release, event in side_by_side(_releases(cluster), _events(cluster)):
        subject = f"release {number}"
        if release is None:
            yield Finding(subject, "It is in the audit history but was not kept.")
            continue
        if number != expected:
            yield Finding("releases", f"Release {expected} is missing; after it comes {number}.")
        # The first may be cut before anything was applied.
        if not after + (number > 1) <= release.change_number <= cluster.last_change:
            yield Finding(
                subject,
                f"It ends at change {release.change_number}, and should end after {after} "
                f"and not after {cluster.last_change}.",
            )
        if release.checksum != release_checksum(cluster, after, release.change_number):
            yield Finding(subject, "The changes in it are not those that it was made of.")
        if event is None:
            yield Finding(subject, "The audit history does not tell of it.")
        elif differing := _differing(release, event):
            yield Finding(subject, f"It does not say what the audit history says: {', '.join(differing)}.")
        expected, after = number + 1, release.change_number


def _releases(cluster: Cluster) -> Iterator[tuple[int, Release]]:
    for release in Release.objects.filter(cluster=cluster).order_by("number").iterator():
        yield release.number, release


def _events(cluster: Cluster) -> Iterator[tuple[int, AuditEvent]]:
    cut = AuditEvent.objects.filter(cluster=cluster.name, action="release-cut").order_by("detail__release", "number")
    for event in cut.iterator():
        number = event.detail.get("release") if isinstance(event.detail, dict) else None
        yield number if isinstance(number, int) else -1, event


def _differing(release: Release, event: AuditEvent) -> list[str]:
    pairs: dict[str, tuple[Any, Any]] = {
        "last change": (release.change_number, event.detail.get("change")),
        "checksum": (release.checksum, event.detail.get("checksum")),
        "author": (release.author_id, event.actor_id),
        "name of its author": (release.author_name, event.actor_name),
        "reason": (release.reason, event.reason),
    }
    differing = [name for name, (stands, said) in pairs.items() if stands != said]
    return differing if abs(event.at - release.created_at) <= AT_ONCE else [*differing, "time"]
