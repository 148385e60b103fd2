"""Persons by what they may do, and who of them are others than whoever acts."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from mailadmin.accounts.models import User
from tables.actors import Actor


def holders(right: str) -> QuerySet[User]:
    """Everybody who may log in and has the right, superusers included."""
    app_label, codename = right.split(".")
    by_group = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app_label)
    people = User.objects.filter(by_group | Q(is_superuser=True), is_active=True)
    return people.distinct().order_by("username")


def others(people: Iterable[User], *, actor: Actor) -> list[User]:
    """Each who may log in once; nobody hears of what they did themselves."""
    once = {person.pk: person for person in people}
    return [person for person in once.values() if person.is_active and person != actor.person]
