"""What a row of a sheet makes of the entry that stands under its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils import timezone

from tables import dates, due
from tables.errors import Invalid
from tables.scopes import Scope
from tables.sendmail.hiding import unhidden
from tables.sendmail.render import changed, switched
from tables.sendmail.spec import ABOUT, Entry, Grade, Problem, TableSpec
from tables.sendmail.syntax.typed import check_typed, replaced
from tables.sendmail.tables import check_entry, normalise_key
from tables.sendmail.text import decode, visible
from tables.sheets.rows import problem

_NUL = decode(b"\0")
#: Characters of one cell.
MOST_TEXT = 60_000
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True, slots=True)
class Meant:
    """The entry that a row asks for, and the errors that keep it from being one."""

    wanted: Entry
    errors: list[Problem]


def storable(text: str) -> str:
    """The same as a database takes it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", _NUL).encode("utf-8", "replace").decode()


def check_cells(texts: Mapping[str, str]) -> list[Problem]:
    """What no cell may hold, whatever its column is."""
    return [found for name, text in texts.items() if (found := _check_cell(name, text))]


def _check_cell(name: str, text: str) -> Problem | None:
    if len(text) > MOST_TEXT:
        return problem("long", f"The cell {name} has {len(text):,} characters.", f"Write {MOST_TEXT:,} at most.", name)
    if text.isprintable():
        return None
    if "\0" in text:
        return problem("nul", f"The cell {name} has a NUL character in it.", "Take it out.", name)
    if name != "comment" and ("\n" in text.strip() or "\r" in text.strip()):
        return problem("line-break", f"The cell {name} has a line break in it.", "Write it as one line.", name)
    if any("\ud800" <= character <= "\udfff" for character in text):
        return problem("surrogate", f"The cell {name} has half a character in it.", "Write the text anew.", name)
    return None


def key_of(table: TableSpec, text: str) -> str:
    return normalise_key(table, text)


def meant(
    table: TableSpec, texts: Mapping[str, str], current: Entry | None, *, position: int, scope: Scope, now: str = ""
) -> Meant:
    """What the cells make of ``current``; a column that is not there leaves what it is about as it is."""
    try:
        wanted = _wanted(table, texts, current, position, now or due.stamp(timezone.now()))
    except Invalid as error:
        return Meant(current or Entry(key_of(table, texts.get("key", ""))), error.problems)
    if wanted == current:
        return Meant(wanted, [])
    return Meant(wanted, errors_of(table, wanted, texts, current, scope))


def errors_of(
    table: TableSpec, wanted: Entry, texts: Mapping[str, str], current: Entry | None, scope: Scope
) -> list[Problem]:
    typed = replace(wanted, key=texts.get("key", wanted.key), value=texts.get("value", wanted.value))
    original = current.key if current else None
    found = replaced(check_entry(table, wanted), check_typed(table, typed, original))
    not_theirs = scope.objection(table, wanted) or (scope.objection(table, current) if current else None)
    return [*([not_theirs] if not_theirs else []), *(one for one in found if one.grade is Grade.ERROR)]


def _wanted(table: TableSpec, texts: Mapping[str, str], current: Entry | None, position: int, now: str) -> Entry:
    base = current or Entry(key_of(table, texts.get("key", "")), position=position)
    typed = _typed(table, texts, base)
    if current is None:
        entry = typed
    else:
        entry = changed(table, current, value=typed.value, comment=typed.comment)
        if "starts" in texts or typed.enabled == current.enabled:
            entry = switched(table, entry, typed.enabled)
        else:
            entry = due.switched_by_hand(table, entry, typed.enabled, now)
    about = {name: texts[name] for name in ABOUT if name in texts and texts[name] != getattr(base, name)}
    if about:
        entry = entry.knowing(dates.read(about, before=current))
    if entry.starts and entry.enabled and entry != current:
        entry = switched(table, entry, enabled=False)  # until then
    return entry


def _typed(table: TableSpec, texts: Mapping[str, str], base: Entry) -> Entry:
    """The cells as an entry. What was written out and not touched is what stands there, with its dots and blanks."""
    shown = table.masked(base)
    value, comment = texts.get("value", base.value), texts.get("comment", base.comment)
    value = base.value if value in (base.value, shown.value) else value.strip()
    known = comment in (base.comment, shown.comment)
    comment = base.comment if known else comment.replace("\r\n", "\n").strip("\n")
    typed = replace(base, value=value, comment=comment, enabled=_enabled(texts.get("enabled", ""), base))
    return typed if (value, comment) == (base.value, base.comment) else _unhidden(table, typed, base)


def _unhidden(table: TableSpec, typed: Entry, base: Entry) -> Entry:
    filled = unhidden(table, replace(typed, above="", raw=""), base)
    return replace(typed, value=filled.value, comment=filled.comment)


def _enabled(text: str, base: Entry) -> bool:
    word = text.strip().lower()
    if not word:
        return base.enabled
    if word not in _YES + _NO:
        raise Invalid(
            [problem("enabled", f"“{visible(text)[:40]}” is neither yes nor no.", "Write yes or no.", "enabled")]
        )
    return word in _YES
