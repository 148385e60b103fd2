"""An entry that comes back with dots where its passwords were hidden: typed in a form, or in an exported file."""

from __future__ import annotations

from dataclasses import replace

from tables.sendmail.render import comment_lines
from tables.sendmail.secret import MASK, is_auth, unmasked
from tables.sendmail.spec import Entry, TableSpec


def unhidden(spec: TableSpec, entry: Entry, current: Entry | None) -> Entry:
    """``entry`` with the passwords of what stands under the same key, for they were shown as dots and not changed.

    Under another key nothing is filled in: a password must not be sent to another host because somebody renamed its
    entry. Dots that stay in a value are an error of it (``access.masked-password``).
    """
    if not spec.holds_passwords or current is None or current.key != entry.key:
        return entry
    value = unmasked(entry.value, current.value, auth=is_auth(entry.key))
    comment = unmasked(entry.comment, current.comment)
    above = unmasked(entry.above, current.above or comment_lines(current.comment))
    raw = entry.raw.replace(entry.value, value) if MASK in entry.raw else entry.raw
    return replace(entry, value=value, comment=comment, above=above, raw=raw)
