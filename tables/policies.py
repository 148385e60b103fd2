"""Proposing another policy: a change request like any other, which two persons at least make good."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from mailadmin.accounts.roles import POLICY, REVIEW
from tables import applying, audit, contributors, notices, policy, reviewers, rule_words, scopes
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest, Cluster, PolicyChange
from tables.rules import PolicyInvalid, Rules, from_json, to_json

__all__ = ["PolicyInvalid", "open_request", "problems", "propose"]

State = ChangeRequest.State


def open_request(cluster: Cluster) -> ChangeRequest | None:
    """The request to change the policy that is not decided yet; there is one at most."""
    states = (State.DRAFT, State.SUBMITTED, State.APPROVED)
    return ChangeRequest.objects.filter(cluster=cluster, kind=ChangeRequest.Kind.POLICY, state__in=states).first()


def problems(rules: Rules) -> list[str]:
    """What is wrong with a policy as far as it names people: sentences."""
    known = get_user_model().objects.filter(username__in=_named(rules), is_active=True)
    people = {person.username: person for person in known}
    found = [f"Nobody who may log in is called {name}." for name in sorted(_named(rules)) if name not in people]
    for rule in rules.rules:
        idle = [name for name in rule.need.people if name in people and not people[name].has_perm(REVIEW)]
        found += [f"{rule_words.subject(rule)}: {name} reviews nothing. Name approvers." for name in idle]
    return found + list(_unmeetable(rules))


def _unmeetable(rules: Rules) -> Iterator[str]:
    """What nobody could ever meet would only stop the work, and could not be loosened again."""
    able = reviewers.everybody()
    for rule in rules.rules:
        count = sum(reviewers.meets(person, rule.need) for person in able)
        if count < rule.need.reviews and not rule.need.people:
            yield (
                f"{rule_words.subject(rule)} asks for {rule_words.need_words(rule.need)}, and only {count} could give "
                "one. Ask for fewer, or give others that role first."
            )


def _named(rules: Rules) -> set[str]:
    return {name for rule in rules.rules for name in rule.need.people} | set(rules.break_glass.people)


@transaction.atomic
def propose(*, cluster: Cluster, actor: Actor, rules: Rules, based_on: int, reason: str) -> ChangeRequest:
    """Ask for another policy. It waits for another person, whatever the policy says.

    ``based_on`` is the number of the version that was shown. Raises :class:`PolicyInvalid` and
    :class:`~tables.errors.ChangeError`.
    """
    check_right(actor)
    cluster = Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    now = policy.in_force(cluster)
    _refuse(cluster, now, rules, based_on, reason)
    request = ChangeRequest.objects.create(
        cluster=cluster,
        kind=ChangeRequest.Kind.POLICY,
        author=actor.person,
        author_name=actor.name,
        submitter=actor.person,
        reason=reason.strip(),
        submitted_at=timezone.now(),
        policy_version=now.number,
    )
    contributors.note(request=request, actor=actor)
    PolicyChange.objects.create(
        request=request,
        based_on=now.number,
        before=to_json(now.rules),
        after=to_json(rules),
        reviews=_reviews(now, rules),
    )
    request.checksum = applying.request_checksum(request, [])
    request.state = State.SUBMITTED
    request.save(update_fields=["checksum", "state"])
    _refuse_unreviewable(request)
    audit.record(
        actor=actor,
        action="policy-proposed",
        cluster=cluster,
        request=request,
        reason=request.reason,
        before=rule_words.facts(now.rules),
        after=rule_words.facts(rules),
        detail={"checksum": request.checksum},
    )
    notices.review_asked(request=request, actor=actor)
    return request


def check_right(actor: Actor) -> None:
    person = actor.person
    if person is None or not person.has_perm(POLICY):
        raise Forbidden("You may not propose changes to the policy. Ask an administrator.")
    if scopes.of_person(person).limited:
        raise Forbidden("The policy concerns all domains. Ask an administrator who sees all of them.")


def _refuse(cluster: Cluster, now: policy.Version, rules: Rules, based_on: int, reason: str) -> None:
    rules = from_json(to_json(rules))
    if found := problems(rules):
        raise PolicyInvalid(found)
    if based_on != now.number:
        raise ChangeError(f"The policy changed since it was shown: version {now.number} is in force. Compare with it.")
    if to_json(rules) == to_json(now.rules) and not now.trouble:
        raise ChangeError("Nothing was changed. Edit something before you propose it.")
    if waiting := open_request(cluster):
        raise ChangeError(
            f"Change request {waiting.pk} of {waiting.author_name} would change the policy, too. "
            "Have it decided or withdrawn first."
        )
    if not reason.strip():
        raise ChangeError("Say in the reason why the policy shall change.")


def _reviews(now: policy.Version, rules: Rules) -> int:
    """One; to loosen, as many as the most demanding rule asks, or else the policy were its own weakest point."""
    if now.trouble or not rule_words.loosens(now.rules, rules):
        return 1
    return max([1, *(rule.need.reviews for rule in now.rules.rules)])


def _refuse_unreviewable(request: ChangeRequest) -> None:
    needed, able = request.policy_change.reviews, len(reviewers.eligible_reviewers(request))
    if able < needed:
        raise ChangeError(
            f"This needs {needed} other person{'s' if needed > 1 else ''} who may review it, and there "
            f"{'is' if able == 1 else 'are'} {able}. Ask an administrator to give others the role approver."
        )
