"""The tables as plain dictionaries, and what a change of them puts at risk by the rules of the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tables.models import Change
from tables.sendmail.risk.together import Step, risks_together
from tables.sendmail.spec import Entry, Lookup, Risk, Under
from tables.sendmail.tables import TABLES
from tests.machine.relaying import State, relayed

#: (table, key, before, after)
Delta = tuple[str, str, Entry | None, Entry | None]


def delta_of(change: Change) -> Delta:
    return change.table, change.key, _entry(change.key, change.before), _entry(change.key, change.after)


def _entry(key: str, fields: Mapping[str, object] | None) -> Entry | None:
    return None if fields is None else Entry(key, **fields)  # type: ignore[arg-type]


def after_all(state: State, deltas: Iterable[Delta]) -> dict[tuple[str, str], Entry]:
    made = dict(state)
    for table, key, _before, after in deltas:
        made.pop((table, key), None)
        if after is not None:
            made[table, key] = after
    return made


def look_into(state: State) -> Lookup:
    def look(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        live = {key: entry.value for (name, key), entry in state.items() if name == table and entry.enabled}
        asked = list(keys)
        found = {key: live[key] for key in asked if key in live}
        return found | {key: "" for key in asked if isinstance(key, Under) and any(map(key.covers, live))}

    return look


def risks_of(state: State, deltas: Iterable[Delta]) -> frozenset[Risk]:
    """What all of it puts at risk when it is done at once, and whoever may relay after it and could not before."""
    deltas = list(deltas)
    steps: list[Step] = [(TABLES[table], before, after) for table, _key, before, after in deltas]
    risks = frozenset[Risk]().union(*risks_together(steps, look_into(state)))
    opened = relayed(after_all(state, deltas)) - relayed(state)
    return risks | {Risk.RELAY} if opened else risks


def only_tightens(state: State, deltas: Iterable[Delta]) -> bool:
    """Whether it needs nobody else, and to take it back would."""
    deltas = list(deltas)
    back = [(table, key, after, before) for table, key, before, after in deltas]
    return not risks_of(state, deltas) and bool(risks_of(after_all(state, deltas), back))


def replay(start: State, changes: Iterable[Change]) -> dict[tuple[str, str], Entry]:
    """What the change log makes of ``start``. Each change has to start from what stands there by then."""
    state = dict(start)
    for change in changes:
        table, key, before, after = delta_of(change)
        stood = state.get((table, key))
        assert stood == before, f"change {change.number} of {key} in {table} starts from {before}, but {stood} stood"
        state = after_all(state, [(table, key, before, after)])
    return state
