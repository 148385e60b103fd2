"""Short ways for a test to read and send an entry in parts."""

import re
from typing import Any

from django.test import Client

from tables.sendmail.secret import masked
from tables.sendmail.tables import TABLES
from tests.web.visits import address, form_of, insist


def names_in(page: str) -> set[str]:
    return set(re.findall(r'name="((?:part-)?[a-z]+)"', page))


def value_in(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page)
    assert found, f"{name} is not on the page"
    return found[1]


def posted_of(table: str, key: str, **changed: str) -> dict[str, str]:
    """What a browser sends that was shown the parts of this entry and changed only what is given."""
    shown = form_of(table, key)
    parts = TABLES[table].parts
    answers = parts.answers(key, masked(shown["value"]))
    assert answers is not None
    own = {name if name in ("key", "value") else f"part-{name}": said for name, said in parts.shown(answers).items()}
    del shown["value"]
    return {**shown, **own, **{f"part-{name}": said for name, said in changed.items()}}


def edit(client: Client, table: str, key: str, **changed: str) -> Any:
    return insist(client, address("entry-edit", table, key), posted_of(table, key, **changed))
