"""Search and replace: some text, or a whole value, by another.

Plain text only. A regular expression that somebody types can take longer than the server has, and one that is bounded
enough to be safe says hardly more than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tables.errors import ChangeError
from tables.many.rows import RefusedError, refusal
from tables.sendmail.render import changed, renamed
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import normalise_key
from tables.sendmail.text import visible

PLACES = ("value", "comment", "key")
#: Characters that may be looked for, or put instead.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Replacement:
    """``whole``: only where nothing else stands in that place."""

    find: str
    put: str
    whole: bool = False
    places: tuple[str, ...] = ("value",)

    @classmethod
    def of(cls, typed: Mapping[str, str]) -> Replacement:
        """What a form says: ``find``, ``put``, ``whole`` and ``in-value``, ``in-comment``, ``in-key``."""
        places = tuple(name for name in PLACES if typed.get(f"in-{name}"))
        wanted = cls(typed.get("find", ""), typed.get("put", ""), bool(typed.get("whole")), places)
        if not wanted.find:
            raise ChangeError("No text to look for is given. Write what is to be replaced.")
        if not places:
            raise ChangeError("Nowhere to look is chosen. Choose values, comments or keys.")
        if (longest := max(len(wanted.find), len(wanted.put))) > MOST:
            raise ChangeError(f"The text has {longest} characters. Write {MOST} at most.")
        return wanted

    @property
    def words(self) -> str:
        return f"replace “{visible(self.find)}” by “{visible(self.put)}”"

    def make(self, table: TableSpec, entry: Entry) -> Entry:
        """The entry with the text replaced in it. Raises :class:`RefusedError`."""
        if table.masked(entry) != entry:
            # Whether the text stands in what is hidden must not be found out by looking for it.
            message = "It holds a password, which is not shown, and was not searched."
            raise RefusedError(refusal("many.password", message, "Edit it by hand."))
        after = changed(
            table,
            entry,
            value=self._in("value", entry.value) if table.has_value else None,
            comment=self._in("comment", entry.comment),
        )
        return renamed(table, after, self._key(table, entry.key))

    def _in(self, place: str, text: str) -> str:
        if place not in self.places:
            return text
        if self.whole:
            return self.put if text == self.find else text
        return text.replace(self.find, self.put)

    def _key(self, table: TableSpec, key: str) -> str:
        """Keys are kept as sendmail looks them up, mostly in small letters: what is looked for is written so, too."""
        if "key" not in self.places:
            return key
        folded = Replacement(normalise_key(table, self.find) or self.find, self.put, self.whole, self.places)
        other = folded._in("key", key)
        return normalise_key(table, other) if other != key else key
