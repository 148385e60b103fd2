"""What an entry is and what it should be, in words without passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tables.sendmail.spec import ABOUT, Entry, TableSpec
from tables.states import from_json

#: Characters of a text that are told.
SHOWN = 200

_NAMES = {
    "value": "value",
    "comment": "comment",
    "enabled": "enabled",
    "position": "place",
    "above": "lines above",
    "raw": "exact line",
    "owner": "owner",
    "ticket": "ticket",
    "starts": "start",
    "ends": "end",
}


_KINDS = {"value": str, "comment": str, "enabled": bool, "position": int, "above": str, "raw": str} | dict.fromkeys(
    ABOUT, str
)


def entry_of(key: str, state: Mapping[str, Any] | None) -> Entry | None:
    """As the change log has it; nothing where somebody made nonsense of it, which the change log's proof names."""
    try:
        entry = from_json(key, state)
    except TypeError:
        return None
    right = entry is not None and all(isinstance(getattr(entry, name), kind) for name, kind in _KINDS.items())
    return entry if right else None


def name_of(table: TableSpec, key: str) -> str:
    return f"{table.name} {table.shown(key)}"


def difference(table: TableSpec, stands: Entry | None, meant: Entry | None) -> str:
    """One sentence for each way in which an entry is not what it should be."""
    if stands is None and meant is None:
        return "What it should be cannot be told."
    if stands is None or meant is None:
        entry = table.masked(stands or meant or Entry(""))
        said = f"with the value {_text(table, entry.value)}" if table.has_value else "a name alone"
        return (
            f"It is missing; it should stand there, {said}." if stands is None else f"It should not be there ({said})."
        )
    found = [name for name in _NAMES if getattr(stands, name) != getattr(meant, name)]
    left, right = table.masked(stands), table.masked(meant)
    pairs = {name: (_text(table, getattr(left, name)), _text(table, getattr(right, name))) for name in found}
    return " ".join(f"Its {_NAMES[name]} is {is_}, and should be {should}." for name, (is_, should) in pairs.items())


def _text(table: TableSpec, value: object) -> str:
    if not isinstance(value, str):
        return str(value).lower()
    shown = table.shown(value)
    return f"“{shown[:SHOWN]}…”" if len(shown) > SHOWN else f"“{shown}”"
