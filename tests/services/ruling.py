"""Short ways for a test to change the policy, by two persons as everybody must."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from mailadmin.accounts.models import User
from tables import policies, policy
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import ChangeRequest
from tables.rules import ANY, Freeze, Need, Rule, Rules
from tests.services.editing import approve


def rule(risk: str = ANY, reviews: int = 1, table: str = ANY, *, role: str = "", people: str = "") -> Rule:
    return Rule(risk, table, Need(reviews, role, tuple(people.split())))


def rules_now() -> Rules:
    return policy.in_force(get_cluster()).rules


def propose(person: User, reason: str = "wanted", **changed: Any) -> ChangeRequest:
    """Ask for the policy in force with some of its fields changed."""
    now = policy.in_force(get_cluster())
    return policies.propose(
        cluster=get_cluster(),
        actor=Actor.of(person),
        rules=replace(now.rules, **changed),
        based_on=now.number,
        reason=reason,
    )


def decree(author: User, reviewer: User, **changed: Any) -> ChangeRequest:
    """The same, approved and in force."""
    request = approve(reviewer, propose(author, **changed))
    assert request.state == "applied"
    return request


def freeze(hours: float = 10, reason: str = "Christmas") -> Freeze:
    """One that is on since an hour."""
    now = timezone.now()
    return Freeze(now - timedelta(hours=1), now + timedelta(hours=hours), reason)
