"""What the gate does with a request that changes the policy: what its checksum covers, conflicts, carrying it out."""

from __future__ import annotations

from typing import Any

from tables import audit, policy, rule_words
from tables.actors import Actor
from tables.models import ChangeRequest, PolicyVersion
from tables.rules import REASONS, Rules, from_json

Kind = ChangeRequest.Kind


def carried(request: ChangeRequest) -> dict[str, Any] | None:
    """What a request carries beside changes of entries: its reviewer looks at that, too."""
    if request.kind != Kind.POLICY:
        return None
    change = request.policy_change
    return {"based_on": change.based_on, "before": change.before, "after": change.after, "reviews": change.reviews}


def difference(request: ChangeRequest) -> list[rule_words.Line]:
    """What a request would change of the policy, in words; nothing for any other request."""
    if request.kind != Kind.POLICY:
        return []
    change = request.policy_change
    return rule_words.difference(from_json(change.before), from_json(change.after))


def conflict(request: ChangeRequest) -> str:
    """Why the policy that it starts from is no longer in force; empty when it is, or for any other request."""
    if request.kind != Kind.POLICY:
        return ""
    now = policy.in_force(request.cluster).number
    if request.policy_change.based_on == now:
        return ""
    return f"The policy changed since: version {now} is in force. Make the request anew from that."


def carry_out(*, request: ChangeRequest, actor: Actor) -> None:
    """Put the policy of an approved request into force. Called by the gate, under its locks."""
    if request.kind != Kind.POLICY:
        return
    change = request.policy_change
    before, after = policy.in_force(request.cluster), from_json(change.after)
    made = PolicyVersion.objects.create(
        cluster=request.cluster, number=before.number + 1, content=change.after, request=request
    )
    audit.record(
        actor=Actor(request.author_name, request.author),
        action="policy-changed",
        cluster=request.cluster,
        request=request,
        reason=request.reason,
        before=rule_words.facts(before.rules),
        after=rule_words.facts(after),
        detail={"policy": made.number, "approved_by": _approvers(request), "applied_by": actor.name},
    )
    _note_unreviewed(request, before.rules, after)


def _approvers(request: ChangeRequest) -> list[str]:
    given = request.reviews.filter(decision="approve", checksum=request.checksum)
    return sorted(set(given.values_list("reviewer_name", flat=True)))


def _note_unreviewed(request: ChangeRequest, before: Rules, after: Rules) -> None:
    """Asking nobody any more is an event of its own, and so is asking again."""
    off, was = after.unreviewed, before.unreviewed
    if off == was:
        return
    audit.record(
        actor=Actor(request.author_name, request.author),
        action="reviews-switched-off" if off else "reviews-switched-on",
        cluster=request.cluster,
        request=request,
        reason=request.reason,
        detail={"unreviewed": [name for name in REASONS if name in off]},
    )
