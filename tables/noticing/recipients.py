"""Who may be told of what the tables hold. Every notice about it and every letter asks here."""

from __future__ import annotations

from collections.abc import Iterable

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import VIEW
from tables import scopes, seeing
from tables.actors import Actor
from tables.models import ChangeRequest
from tables.noticing.people import others


def may_be_told(person: User, request: ChangeRequest | None) -> bool:
    """Whether this person may hear of this request: by the same rule by which they have its page."""
    if not (person.is_active and person.has_perm(VIEW)):
        return False
    return request is None or bool(seeing.shown_requests(scopes.of_person(person), [request.pk]))


def fit(people: Iterable[User], *, actor: Actor, request: ChangeRequest | None = None) -> list[User]:
    """Each person once who may be told; nobody hears of what they did themselves."""
    return [person for person in others(people, actor=actor) if may_be_told(person, request)]
