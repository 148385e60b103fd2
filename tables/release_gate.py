"""What must not be published now, or not by this person, though it is applied."""

from __future__ import annotations

from collections.abc import Iterable

from tables import contributors, glass_gate, policy, reviewers
from tables.actors import Actor
from tables.errors import ChangeError
from tables.judging import tightens
from tables.models import Change, ChangeRequest, Cluster, Review
from tables.sendmail.spec import Risk


def refuse_frozen(*, cluster: Cluster, after: int) -> None:
    """While a freeze is on only tightening is published: all in all, whatever was done and undone since ``after``."""
    freeze = policy.frozen(cluster)
    if freeze is None:
        return
    net = _net(cluster, after)
    # From what is published to what stands: the tables hold the latter, so each is judged on its way back.
    waiting = len(net) - sum(tightens(cluster, net, done=True))
    if waiting:
        many = "1 change that does" if waiting == 1 else f"{waiting} changes that do"
        raise ChangeError(f"{policy.in_words(freeze)} There is {many} not only close something.")


def _net(cluster: Cluster, after: int) -> list[Change]:
    """One change for each key that is not as it was."""
    net: dict[tuple[str, str], Change] = {}
    for change in Change.objects.filter(cluster=cluster, number__gt=after).order_by("number").iterator():
        first = net.setdefault((change.table, change.key), change)
        first.after = change.after
    return [change for change in net.values() if change.before != change.after]


def refuse_third_person(*, actor: Actor, requests: Iterable[ChangeRequest]) -> None:
    """Where the policy asks for three people, who publishes an open relay neither wrote nor approved it."""
    for request in requests:
        if Risk.RELAY in request.risks and _is_for_three(request) and (part := _part_in(request, actor)):
            raise ChangeError(
                f"The policy asks for three people where a relay is opened, and {part} change request {request.pk}. "
                "Have somebody else publish."
            )


def _is_for_three(request: ChangeRequest) -> bool:
    """What went live in an emergency did so by one person, and is reviewed afterwards."""
    return policy.three_people(request) and not glass_gate.went(request)


def _part_in(request: ChangeRequest, actor: Actor) -> str:
    if actor.person is None:
        return "no person publishes"
    if actor.person.pk in contributors.ids(request):
        return "you are an author of"
    given = reviewers.decisions(request).values()
    if actor.person.pk in {review.reviewer_id for review in given if review.decision == Review.Decision.APPROVE}:
        return "you approved"
    return ""
