"""The fixed cast: alice edits, bob reviews, charlie may only look, dora administers."""

from typing import Any

from django.contrib.auth.models import Group

from mailadmin.accounts.models import Delegation, Team, User
from mailadmin.accounts.roles import Role
from tables import audit
from tables.actors import Actor

PASSWORD = "correct horse battery staple"

CAST = {
    "alice": Role.POSTMASTER,
    "bob": Role.APPROVER,
    "charlie": Role.VIEWER,
    "dora": Role.ADMINISTRATOR,
}


def make_person(username: str, *roles: Role) -> User:
    person = User.objects.create_user(username, f"{username}@example.com", PASSWORD)
    person.groups.set(Group.objects.filter(name__in=roles))
    tell(person)
    return person


def tell(person: User) -> None:
    """Write into the history what somebody may do, as the panel does when it adds people: else nobody gave it."""
    given = set(person.groups.values_list("name", flat=True))
    roles = ", ".join(role for role in Role if role in given)
    after = {"roles": roles, "may log in": person.is_active, "limited": person.limited}
    audit.record(actor=Actor("cli:root"), action="person-added", key=person.username, after=after)


def delegate(to: User | Team, tables: str, *domains: str, **more: Any) -> Delegation:
    """Give a person or team something, as an administrator would; ``tables`` are names with blanks between them."""
    whose = {"person": to} if isinstance(to, User) else {"team": to}
    return Delegation.objects.create(**whose, tables=tables.split(), domains=list(domains), made_by_name="dora", **more)


def make_limited(username: str, *roles: Role) -> User:
    person = make_person(username, *roles)
    person.limited = True
    person.save(update_fields=["limited"])
    tell(person)
    return person
