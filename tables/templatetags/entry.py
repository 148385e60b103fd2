"""Entries on a page: their text made visible, and the addresses of their pages."""

from urllib.parse import urlencode

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from tables import dates
from tables.converters import entry_url as address
from tables.sendmail import international
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import visible as made_visible
from tables.templatetags.panel import when

register = template.Library()


@register.filter
def visible(text: str) -> str:
    """Control characters and bytes that are no text, written out."""
    return made_visible(text)


@register.filter
def value_in(entry: Entry, table: TableSpec) -> str:
    """The value of an entry as a page may show it."""
    return table.shown(table.masked(entry).value)


@register.filter
def comment_in(entry: Entry, table: TableSpec) -> list[str]:
    """The lines of its comment."""
    return [table.shown(line) for line in entry.comment.split("\n")]


@register.filter
def hides_password(table: TableSpec, entry: Entry | None) -> bool:
    """Whether a page keeps something of the entry back."""
    return entry is not None and table.masked(entry) != entry


@register.filter
def in_letters(text: object) -> SafeString:
    """The international domains in a text as people read them; those that could pass for others are left out."""
    names = international.in_letters(str(text or ""))
    return format_html_join("", '<span class="letters">= <bdi>{}</bdi></span>', ((name,) for name in names))


@register.filter
def dated(text: str) -> SafeString:
    """A start or end of an entry, in the panel's time zone."""
    return when(dates.moment_of(text))


@register.filter
def table_named(name: str) -> TableSpec:
    return TABLES[name]


@register.simple_tag
def entry_url(page: str, table: TableSpec | str, key: str, back: str = "") -> str:
    """The address of a page about an entry; ``back`` is the query of the list to return to."""
    spec = TABLES[table] if isinstance(table, str) else table
    return address(page, spec, key) + (f"&{urlencode({'back': back})}" if back else "")
