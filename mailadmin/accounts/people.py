"""What may be done with people: add, change, switch off and on, give a new password. Nobody is ever deleted."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from mailadmin.accounts import grants
from mailadmin.accounts.grants import Forbidden, PeopleError, check_right, roles_of
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import audit
from tables.actors import Actor

__all__ = ["Forbidden", "PeopleError", "add", "change", "one_time_password", "reset_password", "roles_of", "switch"]

#: Without characters that are read as one another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def one_time_password() -> str:
    """Sixteen characters in four groups, about 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


@transaction.atomic
def add(
    *, actor: Actor, username: str, full_name: str, email: str, roles: Collection[Role], limited: bool = False
) -> tuple[User, str]:
    """The new person and the password with which they log in once."""
    check_right(actor)
    username = username.strip().lower()
    if User.objects.filter(username__iexact=username).exists():
        raise PeopleError(f"There is a person “{username}” already. Choose another name, or edit that one.")
    _refuse_limited_administrator(roles, limited)
    password = one_time_password()
    person = User(username=username, first_name=full_name.strip(), email=email.strip(), limited=limited)
    _set_password(person, password, actor)
    person.save()
    person.groups.set(_groups(grants.without_asked(actor=actor, person=person, roles=roles)))
    audit.record(actor=actor, action="person-added", key=username, after=state_of(person))
    return person, password


def note_new(person: User) -> None:
    """Tell of an account that the operating system's user made by a command."""
    audit.record(actor=Actor.command(), action="person-added", key=person.username, after=state_of(person))


@transaction.atomic
def change(
    *,
    actor: Actor,
    person: User,
    full_name: str,
    email: str,
    roles: Collection[Role],
    limited: bool | None = None,
) -> User:
    """``limited`` stays as it is when it is not said."""
    person = _for_change(actor, person)
    before = state_of(person)
    if actor.person == person and set(roles) != set(roles_of(person)):
        raise PeopleError("You cannot change your own roles. Ask another administrator.")
    limited = person.limited if limited is None else limited
    if actor.person == person and limited != person.limited:
        raise PeopleError("You cannot change what you are limited to. Ask another administrator.")
    _refuse_limited_administrator(roles, limited)
    if Role.ADMINISTRATOR not in roles:
        _keep_an_administrator(person)
    person.first_name, person.email = full_name.strip(), email.strip()
    person.limited = grants.still_limited(actor=actor, person=person, limited=limited)
    person.save(update_fields=["first_name", "email", "limited"])
    person.groups.set(_groups(grants.without_asked(actor=actor, person=person, roles=roles)))
    _record_change(actor, person, before)
    return person


@transaction.atomic
def switch(*, actor: Actor, person: User, active: bool) -> User:
    """Let a person log in again, or no longer; open sessions end at once."""
    person = _for_change(actor, person)
    before = state_of(person)
    if actor.person == person:
        raise PeopleError("You cannot switch yourself off. Ask another administrator.")
    if not active:
        _keep_an_administrator(person)
    elif not person.is_active:
        _note_credentials(person, actor)
    person.is_active = active
    person.save(update_fields=["is_active", "credentials_set_by", "credentials_set_at"])
    _record_change(actor, person, before)
    return person


@transaction.atomic
def reset_password(*, actor: Actor, person: User, remove_second_factor: bool = False) -> str:
    """A new one-time password; the old one and all sessions end."""
    person = _for_change(actor, person)
    if actor.person == person:
        raise PeopleError("You cannot reset your own password. Change it under your name, at the top of the page.")
    password = one_time_password()
    _set_password(person, password, actor)
    person.save(update_fields=["password", "must_change_password", "credentials_set_by", "credentials_set_at"])
    removed = Authenticator.objects.filter(user=person).delete()[0] if remove_second_factor else 0
    detail = {"second_factor_removed": removed > 0, "sessions": "ended"}
    audit.record(actor=actor, action="password-reset", key=person.username, detail=detail)
    return password


@transaction.atomic
def set_password(*, actor: Actor, person: User, password: str) -> None:
    """Give somebody the password that was typed for them at the command line; their sessions end."""
    person = _for_change(actor, person)
    person.set_password(password)
    person.must_change_password = False
    _note_credentials(person, actor)
    person.save(update_fields=["password", "must_change_password", "credentials_set_by", "credentials_set_at"])
    audit.record(actor=actor, action="password-reset", key=person.username, detail={"sessions": "ended"})


def _for_change(actor: Actor, person: User) -> User:
    """The person as they are now. All administrators are locked as well, so that two cannot switch each other off.

    The keys are left free: a row that names a person, such as a notice, may be written meanwhile.
    """
    check_right(actor)
    list(
        User.objects.select_for_update(no_key=True)
        .filter(groups__name=Role.ADMINISTRATOR)
        .order_by("pk")
        .values_list("pk")
    )
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _keep_an_administrator(person: User) -> None:
    administrators = User.objects.filter(is_active=True, groups__name=Role.ADMINISTRATOR)
    if administrators.filter(pk=person.pk).exists() and not administrators.exclude(pk=person.pk).exists():
        raise PeopleError(f"{person} is the last active administrator. Make somebody else administrator first.")


def _refuse_limited_administrator(roles: Collection[Role], limited: bool) -> None:
    if limited and Role.ADMINISTRATOR in roles:
        raise PeopleError("An administrator cannot be limited. Take away the role, or the limit.")


def _groups(roles: Iterable[Role]) -> list[Group]:
    return list(Group.objects.filter(name__in=list(roles)))


def _set_password(person: User, password: str, actor: Actor) -> None:
    person.set_password(password)
    person.must_change_password = True
    _note_credentials(person, actor)


def _note_credentials(person: User, actor: Actor) -> None:
    person.credentials_set_by = actor.person
    person.credentials_set_at = timezone.now()


def state_of(person: User) -> dict[str, Any]:
    """What the history keeps of a person: all that lets them do something."""
    state: dict[str, Any] = {
        "full name": person.first_name,
        "e-mail": person.email,
        "roles": ", ".join(role.value for role in roles_of(User.objects.get(pk=person.pk))),
        "may log in": person.is_active,
        "limited": person.limited,
    }
    return state | ({"superuser": True} if person.is_superuser else {})


def _record_change(actor: Actor, person: User, before: dict[str, Any]) -> None:
    after = state_of(person)
    if after != before:
        audit.record(actor=actor, action="person-changed", key=person.username, before=before, after=after)
