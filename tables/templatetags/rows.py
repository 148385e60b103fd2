"""The rows of a list. What differs in them is a few texts and addresses, so what they are in is drawn once for a page.

Fifty rows with five links each were more than half of the time that a list took.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.text import visible
from tables.templatetags.entry import in_letters, value_in

register = template.Library()

#: What stands for a row's own text while a form is drawn: characters of private use, which escaping leaves alone.
_FIRST = 0xE000
_HOLE = re.compile("([\ue000-\ue0ff])")


class Form:
    """What rows have in common, with a hole for each name. What fills one is escaped and not looked at again."""

    def __init__(self, draw: Callable[[Mapping[str, str]], str], *names: str) -> None:
        marks = {chr(_FIRST + place): name for place, name in enumerate(names)}
        parts = _HOLE.split(draw({name: mark for mark, name in marks.items()}))
        #: Text and names in turn.
        self._parts = [marks[part] if place % 2 else part for place, part in enumerate(parts)]

    def filled(self, texts: Mapping[str, str]) -> SafeString:
        return mark_safe("".join(texts[part] if place % 2 else part for place, part in enumerate(self._parts)))  # noqa: S308


@dataclass(frozen=True, slots=True)
class Parts:
    """What a row has of its own. ``key`` is for the form of many, ``letters`` for international domains."""

    name: str
    key: str
    opens: str
    letters: str
    value: str
    value_letters: str
    actions: str


_PARTS = tuple(Parts.__dataclass_fields__)


class Drawer:
    """The rows of one table, for somebody who may or may not edit. ``ticked``: each has a box."""

    def __init__(self, table: TableSpec, *, may_edit: bool, back: str, ticked: bool) -> None:
        self.table, self._may_edit, self._back = table, may_edit, urlencode({"back": back}) if back else ""
        self._opens = reverse("entry-edit" if may_edit else "entry-history", args=[table])
        context = {"table": table, "may_edit": may_edit}
        self._actions = {
            on: Form(
                lambda holes, on=on: _drawn("tables/_row_actions.html", {**context, "on": on, **holes}),  # type: ignore[misc]
                "name",
                "key",
                "way_back",
            )
            for on in (True, False)
        }
        self._row = Form(
            lambda holes: _drawn("tables/_row.html", {"table": table, "listed": ticked, "parts": holes}),
            *_PARTS,
        )

    def parts(self, entry: Entry) -> Parts:
        """Texts as they are, but for what is markup."""
        key, value = urlencode({"key": entry.key}), value_in(entry, self.table)
        name, way_back = visible(entry.key), f"{key}&{self._back}" if self._back else key
        actions = self._actions[entry.enabled]
        return Parts(
            name=name,
            key=entry.key,
            opens=f"{self._opens}?{way_back if self._may_edit else key}",
            letters=in_letters(entry.key),
            value=value,
            value_letters=in_letters(value),
            actions=actions.filled({"name": escape(name), "key": key, "way_back": escape(way_back)}),
        )

    def plain(self, entry: Entry) -> SafeString:
        """The row of an entry of which there is nothing to say but its text."""
        parts = self.parts(entry)
        return self._row.filled({name: conditional_escape(getattr(parts, name)) for name in _PARTS})


def _drawn(name: str, context: Mapping[str, object]) -> str:
    return " ".join(render_to_string(name, dict(context)).split())


@register.simple_tag
def drawer_of(table: TableSpec, may_edit: bool, back: str, ticked: object = None) -> Drawer:
    """``{% drawer_of table may_edit back listed as drawer %}``; ``back`` is the query of the list to return to."""
    return Drawer(table, may_edit=may_edit, back=back, ticked=bool(ticked))


@register.filter
def drawn_plainly(entry: Entry, drawer: Drawer) -> SafeString:
    return drawer.plain(entry)


@register.filter
def parts_of(entry: Entry, drawer: Drawer) -> Parts:
    return drawer.parts(entry)
