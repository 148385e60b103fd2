"""Audit events as JSON lines: with all that their hash covers, or as the pages show them, without passwords."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tables import audit
from tables.models import AuditEvent
from tables.sendmail.secret import masked
from tables.sendmail.tables import TABLES
from tables.states import from_json, to_json

#: The names of a line's fields, in order. They are what other programs rely on: docs/audit.md says what each means.
FIELDS = (
    *("number", "at", "actor", "actor_name", "action", "cluster", "table", "key", "request", "reason"),
    *("before", "after", "detail", "previous_hash", "hash"),
)
#: How a field is called in the model, where that differs.
_ATTRIBUTES = {"actor": "actor_id", "request": "request_id"}

Values = dict[str, Any]


def values(event: AuditEvent) -> Values:
    """Everything that an event says, in what JSON knows."""
    found = {name: getattr(event, _ATTRIBUTES.get(name, name)) for name in FIELDS}
    return {**found, "at": event.at.isoformat()}


def line(event: AuditEvent) -> str:
    """The event whole, so that its hash can be computed from the line."""
    return as_text({**values(event), "masked": False})


def shown(event: AuditEvent) -> Values:
    """The event as the pages show it. ``masked`` says whether a password is hidden: no hash follows from it then."""
    said = values(event)
    hidden = {**said, **_without_passwords(event, said)}
    return {**hidden, "masked": hidden != said}


def shown_line(event: AuditEvent) -> str:
    return as_text(shown(event))


def event_of(text: str) -> AuditEvent:
    """The event that a whole line tells of. ``ValueError`` or ``TypeError`` where the line is none."""
    said = json.loads(text)
    if not isinstance(said, dict) or not set(FIELDS) <= set(said):
        raise ValueError("no audit event")
    given = {_ATTRIBUTES.get(name, name): said[name] for name in FIELDS}
    return AuditEvent(
        **{**given, "at": datetime.fromisoformat(said["at"]), "zone": audit.zone_of(said["table"], said["key"])}
    )


def as_text(said: Mapping[str, Any]) -> str:
    """In ASCII: the same in every locale, and one line whatever the event says."""
    return json.dumps(said, separators=(",", ":"))


def _without_passwords(event: AuditEvent, said: Values) -> Values:
    """What is said in other words. In tables that hold none nothing is hidden, so that nobody feigns a password."""
    table = TABLES.get(event.table)
    if table is not None and not table.holds_passwords:
        return {}
    states = {name: said[name] for name in ("before", "after")}
    if table is not None and event.key:
        entries = {name: from_json(event.key, state) for name, state in states.items()}
        states = {name: to_json(table.masked(entry)) if entry else None for name, entry in entries.items()}
    return {name: _hidden(value) for name, value in {**said, **states}.items() if name not in {"hash", "previous_hash"}}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {name: _hidden(inner) for name, inner in value.items()}
    return [_hidden(inner) for inner in value] if isinstance(value, list) else value
