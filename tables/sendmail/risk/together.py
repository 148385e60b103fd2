"""The risks of several changes that are done at once, and of one as small a number of look-ups as there are tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tables.sendmail.risk.around import live_value
from tables.sendmail.spec import Entry, Lookup, Risk, TableSpec, Under

#: A table, and an entry of it before and after.
Step = tuple[TableSpec, Entry | None, Entry | None]

#: A database takes so many keys in one question.
_AT_ONCE = 5_000


class _Notebook:
    """A look-around that first only notes what is asked, then answers all of it with one question a table.

    The risk of one entry asks about a handful of other keys; fifty entries must not ask the database fifty times.
    """

    def __init__(self, look: Lookup) -> None:
        self._look = look
        self._asked: dict[str, dict[str, None]] = {}
        self._known: dict[str, dict[str, str]] = {}

    def note(self, table: str, keys: Iterable[str]) -> Mapping[str, str]:
        self._asked.setdefault(table, {}).update(dict.fromkeys(keys))
        return {}

    def read(self) -> None:
        for table, keys in self._asked.items():
            known, asked = self._known.setdefault(table, {}), list(keys)
            for start in range(0, len(asked), _AT_ONCE):
                known.update(self._look(table, asked[start : start + _AT_ONCE]))

    def answer(self, table: str, keys: Iterable[str]) -> Mapping[str, str]:
        known = self._known.get(table, {})
        return {key: known[key] for key in keys if key in known}


def remembered(look: Lookup) -> Lookup:
    """The same look around, which asks for no key twice."""
    known: dict[str, dict[str, str | None]] = {}

    def ask(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        here, asked = known.setdefault(table, {}), list(keys)
        if new := [key for key in asked if key not in here]:
            here.update(dict.fromkeys(new) | dict(look(table, new)))
        return {key: value for key in asked if (value := here[key]) is not None}

    return ask


def risks_apart(steps: Sequence[Step], look: Lookup) -> list[frozenset[Risk]]:
    """What each step puts at risk if it is the only one."""
    book = _Notebook(look)
    for table, before, after in steps:
        table.risks(before, after, book.note)
    book.read()
    return [table.risks(before, after, book.answer) for table, before, after in steps]


def risks_together(steps: Sequence[Step], look: Lookup, then: Lookup | None = None) -> list[frozenset[Risk]]:
    """What each step puts at risk when all of them are done at once, and whatever else ``then`` knows of.

    Each is judged between the tables as they stand and as they will stand: two changes that are harmless one by one may
    open a relay together, and a key that is narrowed opens nothing, though its new form alone would.
    """
    look = remembered(look)
    ahead = then or after_all(steps, look)
    now, later = _Notebook(look), _Notebook(ahead)
    for table, before, after in steps:
        table.risks(before, after, now.note, later.note)
    now.read()
    later.read()
    return [table.risks(before, after, now.answer, later.answer) for table, before, after in steps]


def after_all(steps: Iterable[Step], look: Lookup) -> Lookup:
    """The look around when all steps are done."""
    return overlaid(
        look, {(table.name, key): live_value(after) for table, before, after in steps for key in _keys(before, after)}
    )


def _keys(before: Entry | None, after: Entry | None) -> set[str]:
    return {entry.key for entry in (before, after) if entry is not None}


def overlaid(look: Lookup, values: Mapping[tuple[str, str], str | None]) -> Lookup:
    """A look around in which some keys of tables have other values, or none."""

    def then(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        asked = list(keys)
        found = {key: value for key, value in look(table, asked).items() if (table, key) not in values}
        come = {key: value for (name, key), value in values.items() if name == table and value is not None}
        under = (key for key in asked if isinstance(key, Under) and any(key.covers(name) for name in come))
        return found | {key: come[key] for key in asked if key in come} | dict.fromkeys(under, "")

    return then
