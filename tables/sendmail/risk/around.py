"""What stands around a changed entry, before the change and after it."""

from __future__ import annotations

from collections.abc import Iterable

from tables.sendmail.risk.asking import askable
from tables.sendmail.spec import Entry, Lookup


def live_value(entry: Entry | None) -> str | None:
    """The value that has an effect, without the blanks and the CR at its end; ``None`` when there is none."""
    return entry.value.strip(" \t\r") if entry is not None and entry.enabled else None


class Around:
    """A change of one entry, and the tables around it.

    ``then`` answers how the tables look when everything that is done together with the change is done as well; without
    it, the change is the only one.
    """

    def __init__(
        self, table: str, before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None
    ) -> None:
        entry = after or before
        self.table = table
        self.key = entry.key if entry else ""
        self.old, self.new = live_value(before), live_value(after)
        self._look, self._then = look, then

    @property
    def same(self) -> bool:
        """Whether the change has no effect: the same value, or none, is live before and after it."""
        return self.old == self.new

    def read(self, table: str, keys: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Which of these keys stand in a table, and with what value: before the change, and after it.

        What is asked for does not hang on any answer: a page first collects all keys and then asks once.
        """
        asked = askable(keys)
        was = dict(self._look(table, asked))
        now = dict(self._then(table, asked)) if self._then else dict(was)
        if table == self.table and self.key in asked:
            _put(was, self.key, self.old)
            _put(now, self.key, self.new)
        return was, now


def _put(found: dict[str, str], key: str, value: str | None) -> None:
    found.pop(key, None)
    if value is not None:
        found[key] = value
