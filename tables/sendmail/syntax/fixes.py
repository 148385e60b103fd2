"""The corrections that are beyond doubt, as what one click makes of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import shown, warning

_HASH = re.compile(r"(?<=[ \t])#")


def write_key(*keys: str) -> Fix:
    """The keys in place of the entry's own."""
    return Fix(f"Write {' and '.join(shown(key) for key in keys)}", keys=keys)


def write_value(value: str, remark: str = "") -> Fix:
    return Fix(f"Write {shown(value)}", value=value, remark=remark)


def remove(label: str = "Remove the entry") -> Fix:
    """For an entry that does nothing."""
    return Fix(label, keys=())


def remarked(text: str) -> tuple[str, str] | None:
    """(value, remark) of a text with a remark behind it: from the first # after a blank and outside quotes."""
    for found in _HASH.finditer(text):
        value = text[: found.start()].rstrip(" \t")
        if value and value.count('"') % 2 == 0:
            return value, text[found.start() :].strip(" \t#")
    return None


def trailing_comment(table: str, text: str) -> Problem:
    """The warning of ``value # remark``, and the two taken apart."""
    parts = remarked(text)
    return warning(
        f"{table}.trailing-comment",
        f"“{shown(text)}” has “#” in it: there are no comments at the end of a line, the whole text is the value.",
        "Move the remark into the comment.",
        "value",
        Fix(f"Write {shown(parts[0])} and keep the remark as a comment", value=parts[0], remark=parts[1])
        if parts
        else None,
    )


def closest(word: str, words: Iterable[str]) -> str:
    """The one of ``words`` that ``word`` is a slip of; empty when there is none."""
    found = get_close_matches(word, list(words), n=2, cutoff=0.75)
    return found[0] if found else ""
