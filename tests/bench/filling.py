"""A database with a million entries and ten thousand changes of history, and the people who look at it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role, sync_groups
from tables.actors import Actor
from tables.entries import get_cluster
from tables.importing import request_import
from tables.models import ChangeRequest
from tests.bench import texts
from tests.people import make_person
from tests.services.editing import approve

TABLE = "virtusertable"


def key_of(number: int) -> str:
    """The key of one of the entries, by its number in :func:`tests.bench.texts.virtual_users`."""
    domain, user = divmod(number, 50)
    return f"@customer{domain}.example" if user == 0 else f"user{user}@customer{domain}.example"


def any_key(chance: random.Random, count: int) -> str:
    """One that no catch-all is about: changing that would need a second person."""
    return key_of(chance.randrange(count // 50) * 50 + chance.randrange(1, 50))


def fill(count: int, changed: int, folder: Path, say: Callable[[str], None]) -> User:
    """A fresh database filled through the real import. Gives the person who edits."""
    call_command("migrate", verbosity=0)
    sync_groups()
    # Who may see and do all that is measured.
    person = make_person("alice", Role.POSTMASTER, Role.PUBLISHER)
    bob = make_person("bob", Role.APPROVER)
    file = folder / TABLE
    texts.write_virtusertable(file, count)
    call_command("import_tables", str(file), table=TABLE, verbosity=0)
    say(f"{count:,} entries imported")
    _change(count, changed, file, bob)
    file.unlink()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(f"{changed:,} of them changed")
    return person


def _change(count: int, changed: int, file: Path, bob: User) -> None:
    """Changes by requests of five hundred, as a command's author writes them."""
    chance = random.Random(1)
    keys = sorted({any_key(chance, count) for _ in range(changed)})
    for start in range(0, len(keys), 500):
        file.write_text("".join(f"{key}\tmoved{start}@store.example.net\n" for key in keys[start : start + 500]))
        done = request_import(cluster=get_cluster(), actor=Actor.command(), files={TABLE: file}, reason="another store")
        # So many by one author in one day are for a second person to approve.
        if done.request and done.request.state != ChangeRequest.State.APPLIED:
            approve(bob, done.request)
