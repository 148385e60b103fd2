"""Passwords shown to a person who may see them and asks: each time is in the history."""

from __future__ import annotations

import base64

from django.db import transaction

from mailadmin.accounts.roles import SECRETS
from tables import audit
from tables.actors import Actor
from tables.entries import get_entry
from tables.errors import ChangeError, Forbidden
from tables.models import Cluster
from tables.sendmail.secret import Password, is_auth, passwords
from tables.sendmail.spec import TableSpec
from tables.sendmail.text import visible, written_out


def check_right(actor: Actor) -> None:
    """The operating system's user, who can read the files themselves, may; a person needs the right."""
    if actor.person is not None and not actor.person.has_perm(SECRETS):
        raise Forbidden("You may not see passwords. Ask an administrator, who may.")


@transaction.atomic
def show(*, cluster: Cluster, actor: Actor, table: TableSpec, key: str, reason: str = "") -> list[str]:
    """The passwords in an entry and its comment, recorded before anybody sees them; those in base64 also decoded."""
    check_right(actor)
    entry = get_entry(cluster=cluster, table=table, key=key)
    if entry is None or table.masked(entry) == entry:
        raise ChangeError(f"{visible(key)} in {table.name} holds no password. Somebody may have changed it.")
    audit.record(actor=actor, action="secret-shown", cluster=cluster, table=table.name, key=key, reason=reason.strip())
    found = passwords(entry.value, auth=is_auth(key)) + passwords(entry.above or entry.comment)
    return [written_out(_told(password)) for password in found]


def _told(password: Password) -> str:
    if not password.encoded:
        return password.text
    try:
        return f"{password.text} ({base64.b64decode(password.text, validate=True).decode()})"
    except ValueError:
        return password.text
