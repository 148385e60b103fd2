"""A fix carried out on an entry: what stands in its place."""

from __future__ import annotations

from dataclasses import replace

from tables.sendmail.render import changed, renamed
from tables.sendmail.spec import Entry, Fix, TableSpec
from tables.sendmail.text import fold


def fixed(spec: TableSpec, entry: Entry, fix: Fix) -> list[Entry]:
    """The entries that take the place of ``entry``: one, several where its key is split, none where it goes.

    The comment stays with the first; the others stand at the same position, so that they follow it in the file.
    """
    comment = "\n".join(part for part in (entry.comment, fix.remark) if part)
    entry = changed(spec, entry, value=fix.value, comment=comment)
    if fix.keys is None:
        return [entry]
    return [renamed(spec, entry if index == 0 else _bare(entry), key) for index, key in enumerate(fix.keys)]


def _bare(entry: Entry) -> Entry:
    return replace(entry, comment="", above="", raw="")


def respelt(spec: TableSpec, typed: str, key: str) -> str:
    """``key`` (folded) with its tag spelt as it was typed: ``Connect:``, as cf/README has it."""
    tag = spec.tag(key)
    return typed[: len(tag)] + key[len(tag) :] if fold(typed[: len(tag)]) == tag else key
