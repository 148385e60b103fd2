"""Tables and keys in URLs.

A table is part of the path. A key may hold any character (``/``, ``%``, ``@``, blanks, or nothing at all), so it is a
query parameter, ``?key=…``, percent-encoded as the URL standard says.
"""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.urls import reverse

from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import UnknownTable, get
from tables.sendmail.text import visible


class TableConverter:
    """``<table:table>`` in a path, as the declaration of that table."""

    regex = "[^/]+"

    def to_python(self, value: str) -> TableSpec:
        try:
            return get(visible(value))
        except UnknownTable as error:
            raise Http404(str(error)) from None

    def to_url(self, value: TableSpec | str) -> str:
        return value if isinstance(value, str) else value.name


def entry_url(name: str, table: TableSpec, key: str) -> str:
    """The address of a page about one entry, e.g. ``entry_url("entry-edit", table, "To:a/b@example.org")``."""
    return f"{reverse(name, args=[table])}?{urlencode({'key': key})}"


def read_key(request: HttpRequest) -> str:
    """The key that a page is about. A request without one, or with one that no table can hold, has no page."""
    key = request.GET.get("key")
    if key is None:
        raise Http404("This address names no entry: the key is missing. Choose the entry from its table.")
    if "\0" in key:
        raise Http404(f"There is no entry “{visible(key)}”: a key cannot hold a NUL character.")
    return key
