"""The policy: each version came from a request that the history says put it into force, and says what that wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tables import rule_words
from tables.audit import Finding
from tables.models import AuditEvent, Cluster, PolicyChange, PolicyVersion
from tables.proofs.log import AT_ONCE
from tables.proofs.streams import side_by_side
from tables.rules import PolicyInvalid, from_json

CHANGED = "policy-changed"


def verify(cluster: Cluster) -> Iterator[Finding]:
    expected = 1
    for number, made, event in side_by_side(_versions(cluster), _events(cluster)):
        subject = f"policy {number}"
        if made is None:
            yield Finding(subject, "It is in the audit history but was not kept.")
            continue
        if number != expected:
            yield Finding("policies", f"Policy {expected} is missing; after it comes {number}.")
        if event is None:
            yield Finding(subject, "The audit history does not tell of it: nobody approved it.")
        elif differing := _differing(made, event):
            yield Finding(subject, f"It does not say what the audit history says: {', '.join(differing)}.")
        expected = number + 1


def _versions(cluster: Cluster) -> Iterator[tuple[int, PolicyVersion]]:
    for made in PolicyVersion.objects.filter(cluster=cluster).select_related("request").order_by("number").iterator():
        yield made.number, made


def _events(cluster: Cluster) -> Iterator[tuple[int, AuditEvent]]:
    changed = AuditEvent.objects.filter(cluster=cluster.name, action=CHANGED).order_by("detail__policy", "number")
    for event in changed.iterator():
        number = event.detail.get("policy") if isinstance(event.detail, dict) else None
        yield number if isinstance(number, int) else -1, event


def _differing(made: PolicyVersion, event: AuditEvent) -> list[str]:
    wanted = PolicyChange.objects.filter(request=made.request_id).first()
    pairs: dict[str, tuple[Any, Any]] = {
        "request": (made.request_id, event.request_id),
        "what its request wanted": (made.content, wanted.after if wanted else None),
        "rules": (_facts(made.content), event.after),
        "rules before": (_facts(wanted.before) if wanted else None, event.before),
        "what it starts from": (wanted.based_on if wanted else None, made.number - 1),
    }
    differing = [name for name, (stands, said) in pairs.items() if stands != said]
    return differing if abs(event.at - made.at) <= AT_ONCE else [*differing, "time"]


def _facts(content: object) -> dict[str, str] | None:
    """As the history tells a policy; nothing where it cannot be read."""
    try:
        return rule_words.facts(from_json(content))
    except PolicyInvalid:
        return None
