"""Short ways for a test to edit and to have something approved."""

from __future__ import annotations

from typing import Any

from mailadmin.accounts.models import User
from tables import changes, reviews
from tables.actors import Actor
from tables.entries import get_cluster, get_entry
from tables.models import ChangeRequest
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES


def save(person: User | None, table: str, key: str, value: str = "", **more: Any) -> ChangeRequest:
    """Add an entry, or change the one with that key, as the panel's form would."""
    spec, cluster = TABLES[table], get_cluster()
    original = more.pop("original_key", key)
    current = get_entry(cluster=cluster, table=spec, key=original)
    wanted: dict[str, Any] = {
        "comment": current.comment if current else "",
        "reason": "",
        "enabled": True,
        "confirmed": True,
    } | more
    return changes.save_entry(
        cluster=cluster,
        actor=actor(person),
        table=spec,
        original_key=original if current else None,
        typed=Entry(key=key, value=value, comment=wanted["comment"], enabled=wanted["enabled"]),
        seen=more.pop("seen", changes.entry_checksum(current)),
        reason=wanted["reason"],
        confirmed=wanted["confirmed"],
    )


def actor(person: User | None) -> Actor:
    return Actor.of(person) if person else Actor.command()


def delete(person: User | None, table: str, key: str, reason: str = "") -> ChangeRequest:
    spec, cluster = TABLES[table], get_cluster()
    seen = changes.entry_checksum(get_entry(cluster=cluster, table=spec, key=key))
    return changes.delete_entry(cluster=cluster, actor=actor(person), table=spec, key=key, seen=seen, reason=reason)


def switch(person: User | None, table: str, key: str, enabled: bool, reason: str = "") -> ChangeRequest:
    spec, cluster = TABLES[table], get_cluster()
    seen = changes.entry_checksum(get_entry(cluster=cluster, table=spec, key=key))
    return changes.switch_entry(
        cluster=cluster, actor=actor(person), table=spec, key=key, enabled=enabled, seen=seen, reason=reason
    )


def approve(person: User, request: ChangeRequest) -> ChangeRequest:
    """Look, then approve what was shown."""
    reviews.note_viewing(request=request, person=person)
    return reviews.approve(request=request, reviewer=person, checksum=request.checksum)


def settle(reviewer: User, request: ChangeRequest) -> ChangeRequest:
    """Approve it if it waits, as the last of many changes of a table does."""
    return approve(reviewer, request) if request.state == "submitted" else request


def value_of(table: str, key: str) -> str | None:
    entry = get_entry(cluster=get_cluster(), table=TABLES[table], key=key)
    return entry.value if entry and entry.enabled else None
