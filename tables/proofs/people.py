"""People: what each may do is what the history says that they were given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group

from mailadmin.accounts.grants import UNLIMITED
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import RIGHTS, Role
from tables.audit import Finding
from tables.models import AuditEvent

ACTIONS = ("person-added", "person-changed", "role-given")


@dataclass(slots=True)
class Standing:
    """What a person may do, as far as it is told."""

    roles: set[str] = field(default_factory=set)
    may_log_in: bool = True
    limited: bool = False


def verify() -> Iterator[Finding]:
    told = _told()
    people = User.objects.prefetch_related("groups", "user_permissions").order_by("username")
    for person in people.iterator(chunk_size=500):
        subject = f"person {person.username}"
        if person.is_superuser:
            yield Finding(subject, "They are a superuser, which the panel makes nobody.")
        if person.user_permissions.all():
            yield Finding(subject, "They have permissions beside their roles, which the panel gives nobody.")
        said = told.pop(person.username, None)
        if said is None:
            yield Finding(subject, "They were added behind the panel: the audit history does not tell of them.")
        else:
            yield from _compare(subject, person, said)
    for username in told:
        yield Finding(f"person {username}", "They are in the audit history, but there is nobody of that name.")
    yield from _verify_roles()


def _compare(subject: str, person: User, said: Standing) -> Iterator[Finding]:
    held = {group.name for group in person.groups.all()}
    if held != said.roles:
        yield Finding(subject, f"Their roles are {_listed(held)}; by the audit history they are {_listed(said.roles)}.")
    if person.is_active != said.may_log_in:
        words = ("may log in", "may not log in")
        is_, was = words if person.is_active else reversed(words)
        yield Finding(subject, f"They {is_}; by the audit history they {was}.")
    if person.limited != said.limited:
        words = ("are limited", "are not limited")
        is_, was = words if person.limited else reversed(words)
        yield Finding(subject, f"They {is_} to what is delegated to them; by the audit history they {was}.")


def _listed(roles: set[str]) -> str:
    return ", ".join(sorted(roles)) or "none"


def _told() -> dict[str, Standing]:
    """Each person as the history leaves them, by name."""
    told: dict[str, Standing] = {}
    found = AuditEvent.objects.filter(action__in=ACTIONS).order_by("number")
    for action, key, after, detail in found.values_list("action", "key", "after", "detail").iterator(chunk_size=500):
        facts = detail if isinstance(detail, dict) else {}
        name = key or str(facts.get("person", ""))
        if action == "role-given":
            _give(told.setdefault(name, Standing()), str(facts.get("role", "")))
        elif isinstance(after, dict):
            told[name] = _standing(after)
        else:  # the first administrator, whom the setting up made
            told[name] = Standing(set(facts.get("roles", ())))
    return told


def _give(standing: Standing, role: str) -> None:
    if role == UNLIMITED:
        standing.limited = False
    else:
        standing.roles.add(role)


def _standing(after: dict[str, Any]) -> Standing:
    roles = {role for role in str(after.get("roles", "")).split(", ") if role}
    return Standing(roles, bool(after.get("may log in", True)), bool(after.get("limited", False)))


def _verify_roles() -> Iterator[Finding]:
    """Each role lets do what this version of the panel says, and there are no others."""
    for group in Group.objects.prefetch_related("permissions__content_type").order_by("name"):
        rights = {f"{right.content_type.app_label}.{right.codename}" for right in group.permissions.all()}
        known = group.name in set(Role)
        if not known and (rights or group.user_set.exists()):
            yield Finding(f"role {group.name}", "The panel has no such role.")
        elif known and rights != RIGHTS[Role(group.name)]:
            yield Finding(
                f"role {group.name}", "It does not let do what the panel says. Run manage.py migrate to mend it."
            )
