"""What can be done with many entries of a table at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from tables import dates, due
from tables.errors import ChangeError, Invalid
from tables.many.replacing import Replacement
from tables.many.rows import Make, RefusedError, refusal
from tables.sendmail.render import changed, switched
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.syntax.common import check_comment

#: What somebody typed, by the name of the field.
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Act:
    """``words`` follow “to ”. ``renames``: whether an entry may get another key."""

    words: str
    make: Make
    renames: bool = False


def _switch(enabled: bool) -> Callable[[Typed], Act]:
    def build(_typed: Typed) -> Act:
        now = due.stamp(timezone.now())
        return Act(
            f"switch {'on' if enabled else 'off'}",
            lambda table, entry: due.switched_by_hand(table, entry, enabled, now),
        )

    return build


def _delete(_typed: Typed) -> Act:
    return Act("delete", lambda _table, _entry: None)


def _about(name: str, *, clear: bool) -> Callable[[Typed], Act]:
    """Set an owner, a ticket or a date, or take it away."""
    word = dates.NAMES[name]

    def build(typed: Typed) -> Act:
        written = "" if clear else typed.get(name, "")
        if not clear and not written.strip():
            raise ChangeError(f"No {word} is given. Write one, or clear it.")
        about = dates.read({name: written}, before=None)
        now = timezone.now()

        def make(table: TableSpec, entry: Entry) -> Entry:
            if problems := dates.check(about, before=entry, now=now):
                raise RefusedError(problems[0])
            after = entry.knowing(about)
            return switched(table, after, False) if after.starts and after.enabled else after  # until then

        return Act(f"clear the {word}" if clear else f"set the {word} to {written.strip()}", make)

    return build


def _comment(*, add: bool) -> Callable[[Typed], Act]:
    def build(typed: Typed) -> Act:
        text = typed.get("comment", "").replace("\r\n", "\n").strip("\n")
        if add and not text:
            raise ChangeError("No comment is given. Write what is to be added.")
        if problems := check_comment(text):
            raise Invalid(problems)

        def make(table: TableSpec, entry: Entry) -> Entry:
            if not add and table.masked(entry).comment != entry.comment:
                raise RefusedError(
                    refusal("many.password", "The comment holds a password, which is not shown.", "Edit it by hand.")
                )
            whole = f"{entry.comment}\n{text}" if add and entry.comment else text
            return changed(table, entry, comment=whole)

        words = "add to the comment" if add else "replace the comment" if text else "clear the comment"
        return Act(words, make)

    return build


def _replace(typed: Typed) -> Act:
    wanted = Replacement.of(typed)
    return Act(wanted.words, wanted.make, renames="key" in wanted.places)


#: By the name that a form gives it.
ACTS: dict[str, Callable[[Typed], Act]] = {
    "on": _switch(True),
    "off": _switch(False),
    "delete": _delete,
    **{f"set-{name}": _about(name, clear=False) for name in dates.NAMES},
    **{f"clear-{name}": _about(name, clear=True) for name in dates.NAMES},
    "add-comment": _comment(add=True),
    "set-comment": _comment(add=False),
    "replace": _replace,
}


def act_of(name: str, typed: Typed) -> Act:
    """What was asked for. Raises :class:`ChangeError` where that makes no sense for any entry."""
    if name not in ACTS:
        raise ChangeError("Nothing was chosen to be done. Press one of the buttons.")
    return ACTS[name](typed)
