"""The fixed cast: alice edits, bob reviews, charlie may only look, dora administers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
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
    return make_people({username: roles})[username]


def make_people(cast: Mapping[str, Sequence[Role]]) -> dict[str, User]:
    """People with their roles, in a few statements: most tests begin with some."""
    password = make_password(PASSWORD)
    people = User.objects.bulk_create(
        User(username=username, email=f"{username}@example.com", password=password) for username in cast
    )
    groups = Group.objects.in_bulk({role for roles in cast.values() for role in roles}, field_name="name")
    given = User.groups.through
    given.objects.bulk_create(
        given(user=person, group=groups[role]) for person in people for role in dict.fromkeys(cast[person.username])
    )
    audit.record_many([added(person, cast[person.username]) for person in people])
    return {person.username: person for person in people}


def tell(person: User) -> None:
    """Write into the history what somebody may do, as the panel does when it adds people: else nobody gave it."""
    audit.record_many([added(person, person.groups.values_list("name", flat=True))])


def added(person: User, roles: Iterable[str]) -> audit.Act:
    given = set(roles)
    said = ", ".join(role for role in Role if role in given)
    after = {"roles": said, "may log in": person.is_active, "limited": person.limited}
    return audit.Act(actor=Actor("cli:root"), action="person-added", key=person.username, after=after)


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
