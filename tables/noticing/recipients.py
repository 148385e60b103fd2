"""Who may be told of what. Every notice and every letter asks here."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import VIEW
from tables.actors import Actor
from tables.models import Change, ChangeRequest


def holders(right: str) -> QuerySet[User]:
    """Everybody who may log in and has the right, superusers included."""
    app_label, codename = right.split(".")
    by_group = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app_label)
    by_name = Q(user_permissions__codename=codename, user_permissions__content_type__app_label=app_label)
    people = User.objects.filter(by_group | by_name | Q(is_superuser=True), is_active=True)
    return people.distinct().order_by("username")


def may_be_told(person: User, request: ChangeRequest | None) -> bool:
    """Whether this person may hear of this request; without one, of what concerns nobody's tables."""
    return person.is_active and (request is None or person.has_perm(VIEW))


def shown_changes(person: User, request: ChangeRequest) -> QuerySet[Change]:
    """The changes of a request that this person may see."""
    return request.changes.all() if may_be_told(person, request) else request.changes.none()


def fit(people: Iterable[User], *, actor: Actor, request: ChangeRequest | None = None) -> list[User]:
    """Each person once who may be told; nobody hears of what they did themselves."""
    once = {person.pk: person for person in people}
    return [person for person in once.values() if person != actor.person and may_be_told(person, request)]
