"""Short ways for a test to use the panel as a person does."""

from __future__ import annotations

import time
from html import unescape
from typing import Any

from django.conf import settings
from django.test import Client

from mailadmin.accounts.models import User
from tables import changes
from tables.converters import entry_url
from tables.entries import get_cluster, get_entry
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES


def visitor(person: User) -> Client:
    """A browser in which this person has just logged in."""
    client = Client()
    client.force_login(person)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client


def let_the_log_in_age(client: Client) -> None:
    """As if the person had logged in longer ago than a decision of weight may be."""
    session = client.session
    then = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1
    session["account_authentication_methods"] = [{"method": "password", "at": then}]
    session.save()


def text(response: Any) -> str:
    """What the page says, its runs of blanks made one."""
    return " ".join(unescape(response.content.decode()).split())


def stands(table: str, key: str) -> Entry | None:
    return get_entry(cluster=get_cluster(), table=TABLES[table], key=key)


def standing(table: str, key: str) -> Entry:
    """The same, where there must be one."""
    entry = stands(table, key)
    assert entry is not None
    return entry


def form_of(table: str, original: str, **typed: str) -> dict[str, str]:
    """What a browser posts that was shown the entry as it stands now and changed only what is given."""
    entry = stands(table, original)
    shown = {"key": original, "value": "", "comment": "", "enabled": "on", "seen": changes.entry_checksum(entry)}
    if entry:
        shown |= {"value": entry.value, "comment": entry.comment}
    return shown | typed


def address(page: str, table: str, key: str) -> str:
    return entry_url(page, TABLES[table], key)


def post_new(client: Client, table: str, **typed: str) -> Any:
    return client.post(f"/tables/{table}/add/", {"enabled": "on", **typed})


def post_edit(client: Client, table: str, original: str, **typed: str) -> Any:
    return client.post(address("entry-edit", table, original), form_of(table, original, **typed))


def insist(client: Client, url: str, data: dict[str, str]) -> Any:
    """Post, and where there are warnings post again with the tick that one has seen them."""
    response = client.post(url, data)
    if response.status_code == 422 and response.context["findings"].warned:
        response = client.post(url, {**data, "confirmed": response.context["findings"].warned})
    return response
