"""The parts of a list's rows that differ in a name and an address only, drawn once for all rows of a page.

Fifty rows with four links each were half of the time that a list took.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.text import visible

register = template.Library()

#: What stands for a row's own text while the form is drawn: characters of private use, which escaping leaves alone.
_HOLES = {"name": "\ue000", "key": "\ue001", "way_back": "\ue002"}
_HOLE = re.compile("([\ue000-\ue002])")
_NAMES = {mark: name for name, mark in _HOLES.items()}


class Actions:
    """The actions of any entry of a table, for somebody who may or may not edit."""

    def __init__(self, table: TableSpec, *, may_edit: bool, back: str) -> None:
        self.back, self._may_edit = back, may_edit
        self._opens = reverse("entry-edit" if may_edit else "entry-history", args=[table])
        context = {"table": table, "may_edit": may_edit, **_HOLES}
        self._forms = {on: _HOLE.split(_drawn({**context, "on": on})) for on in (True, False)}

    def of(self, entry: Entry) -> SafeString:
        key = urlencode({"key": entry.key})
        here = {"name": escape(visible(entry.key)), "key": key, "way_back": escape(self._way_back(key))}
        # Every second part is a hole; what fills it is escaped and not looked at again.
        filled = (here[_NAMES[part]] if place % 2 else part for place, part in enumerate(self._forms[entry.enabled]))
        return mark_safe("".join(filled))  # noqa: S308

    def opens(self, entry: Entry) -> str:
        """The address that an entry's key leads to."""
        key = urlencode({"key": entry.key})
        return f"{self._opens}?{self._way_back(key) if self._may_edit else key}"

    def _way_back(self, key: str) -> str:
        return f"{key}&{urlencode({'back': self.back})}" if self.back else key


def _drawn(context: Mapping[str, object]) -> str:
    return " ".join(render_to_string("tables/_row_actions.html", dict(context)).split())


@register.simple_tag
def actions_for(table: TableSpec, may_edit: bool, back: str) -> Actions:
    """``{% actions_for table may_edit back as actions %}``; ``back`` is the query of the list to return to."""
    return Actions(table, may_edit=may_edit, back=back)


@register.filter
def actions_of(entry: Entry, actions: Actions) -> SafeString:
    return actions.of(entry)


@register.filter
def opened_by(entry: Entry, actions: Actions) -> str:
    return actions.opens(entry)
