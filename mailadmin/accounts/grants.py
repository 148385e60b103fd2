"""Roles with power over others: where there are two administrators, one asks and another one gives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailadmin.accounts.models import RoleGrant, User
from mailadmin.accounts.roles import PEOPLE, Role
from tables import audit
from tables.actors import Actor
from tables.models import AuditEvent
from tables.noticing import accounts as notices

#: What these may do, nobody may hand out alone.
POWERFUL = frozenset({Role.APPROVER, Role.ADMINISTRATOR})

#: Waits like a role: an approver who was limited to some domains shall approve everywhere.
UNLIMITED = "unlimited"


class PeopleError(Exception):
    """What cannot be done to a person. The message says why and what to do."""


class Forbidden(PeopleError, PermissionDenied):
    """This actor may not manage people."""


def check_right(actor: Actor) -> None:
    if actor.person is not None and not actor.person.has_perm(PEOPLE):
        raise Forbidden("You may not manage people. Ask an administrator.")


def roles_of(person: User) -> list[Role]:
    held = {group.name for group in person.groups.all()}
    return [role for role in Role if role in held]


def waiting() -> QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(decided_by__isnull=True).select_related("person", "asked_by")


def without_asked(*, actor: Actor, person: User, roles: Collection[Role]) -> list[Role]:
    """The roles that a person gets at once. The others now wait for another administrator, if there is one."""
    asked = [role for role in roles if role in POWERFUL and role not in roles_of(person)]
    if not asked or actor.person is None or _is_alone(actor.person, person):
        return list(roles)
    for role in asked:
        _ask(actor, actor.person, person, role.value)
    return [role for role in roles if role not in asked]


def still_limited(*, actor: Actor, person: User, limited: bool) -> bool:
    """Whether a person is limited now. An approver becomes unlimited only by two administrators, if there are two."""
    frees = person.limited and not limited and Role.APPROVER in roles_of(person)
    if not frees or actor.person is None or _is_alone(actor.person, person):
        return limited
    _ask(actor, actor.person, person, UNLIMITED)
    return True


def _ask(actor: Actor, asking: User, person: User, role: str) -> None:
    grant, new = waiting().get_or_create(person=person, role=role, decided_by=None, defaults={"asked_by": asking})
    if new:
        audit.record(actor=actor, action="role-asked", key=person.username, detail={"role": role})
        notices.role_asked(grant=grant, actor=actor)


def _is_alone(asking: User, person: User) -> bool:
    """Whether there is no other administrator, and not because this one has lately put the others out."""
    others = User.objects.filter(is_active=True, groups__name=Role.ADMINISTRATOR).exclude(pk__in=[asking.pk, person.pk])
    return not others.exists() and not _has_put_one_out(asking)


def _has_put_one_out(asking: User) -> bool:
    acts = AuditEvent.objects.filter(actor=asking, action="person-changed", at__gte=distance_start())
    return any(_manages(act.before) and not _manages(act.after) for act in acts)


def _manages(state: dict[str, Any] | None) -> bool:
    """Whether a person as an audit event has them could manage people."""
    return bool(state and state["may log in"] and Role.ADMINISTRATOR in state["roles"].split(", "))


def distance_start() -> datetime:
    """Since when an account that somebody set up, re-enabled or reset is too near to them to count as another."""
    return timezone.now() - timedelta(days=settings.ACCOUNT_DISTANCE_DAYS)


def set_up_by(person: User, others: Collection[int]) -> bool:
    """Whether one of ``others`` lately made, re-enabled or reset this person's account."""
    at = person.credentials_set_at
    return person.credentials_set_by_id in others and at is not None and at >= distance_start()


@transaction.atomic
def give(*, actor: Actor, pk: int) -> RoleGrant:
    """Let a person have the role that somebody else asked for."""
    grant = _take(actor, pk)
    if actor.person in {grant.asked_by, grant.person}:
        raise PeopleError(f"You asked for the role {grant.role}, or it is for you. Another administrator must give it.")
    if actor.person and set_up_by(actor.person, {grant.asked_by_id}):
        raise PeopleError(
            f"{grant.asked_by} set up your account within the last {settings.ACCOUNT_DISTANCE_DAYS} days. "
            "Another administrator must give the role."
        )
    person = User.objects.select_for_update(no_key=True).get(pk=grant.person_id)
    if grant.role == Role.ADMINISTRATOR and person.limited:
        raise PeopleError(f"{person} is limited, and an administrator cannot be. Take the limit away first.")
    _decide(grant, actor, granted=True)
    if grant.role == UNLIMITED:
        User.objects.filter(pk=person.pk).update(limited=False)
    else:
        person.groups.add(Group.objects.get(name=grant.role))
    audit.record(actor=actor, action="role-given", key=grant.person.username, detail={"role": grant.role})
    notices.role_decided(grant=grant, actor=actor)
    return grant


@transaction.atomic
def refuse(*, actor: Actor, pk: int) -> RoleGrant:
    """Do not; whoever asked may take it back by this too."""
    grant = _take(actor, pk)
    _decide(grant, actor, granted=False)
    audit.record(actor=actor, action="role-refused", key=grant.person.username, detail={"role": grant.role})
    notices.role_decided(grant=grant, actor=actor)
    return grant


def _take(actor: Actor, pk: int) -> RoleGrant:
    check_right(actor)
    if actor.person is None:
        raise Forbidden("A person must decide this, in the panel.")
    grant = waiting().select_for_update(of=("self",)).filter(pk=pk).first()
    if grant is None:
        raise PeopleError("Somebody has decided on this role already.")
    return grant


def _decide(grant: RoleGrant, actor: Actor, *, granted: bool) -> None:
    grant.decided_by, grant.decided_at, grant.granted = actor.person, timezone.now(), granted
    grant.save(update_fields=["decided_by", "decided_at", "granted"])
