"""The tests' databases, made by the migrations once and copied from then on: those take as long as a hundred tests.

``tests.all`` makes the first and names it in the environment; without it each database is made by the migrations.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

BASE = Path(__file__).resolve().parent.parent

#: Where the migrated database is: a file of SQLite, or a database of the server that the tests use.
NAME = "TESTS_MIGRATED"
#: What that is called on PostgreSQL.
TEMPLATE = "migrated"


def make(database_url: str, folder: Path, environment: Callable[[str], dict[str, str]]) -> str:
    """Make the database that those of the tests are copied from: a file in the folder, or beside the one of the server.

    ``environment`` gives the settings with a database. Answers what :data:`NAME` is to say.
    """
    if database_url.startswith("sqlite:"):
        made = folder / "migrated.sqlite3"
        for left in folder.glob(f"{made.name}*"):
            left.unlink()
        migrate(environment(f"sqlite:///{made}"))
        return str(made)
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(environment(database_url.replace("/postgres?", f"/{TEMPLATE}?")))
    return TEMPLATE


def migrate(environment: dict[str, str]) -> None:
    """Bring the database of these settings into being. Raises ``subprocess.CalledProcessError``."""
    command = [sys.executable, str(BASE / "manage.py"), "migrate", "--verbosity=0"]
    subprocess.run(command, check=True, env=environment)


def given() -> str:
    return os.environ.get(NAME, "")


def prepare(settings_dict: dict[str, Any]) -> None:
    """Have Django begin with a copy, in which nothing is left to migrate, and not look whether there is."""
    if not given():
        return
    settings_dict["TEST"]["MIGRATE"] = False
    if connection.vendor == "postgresql":
        settings_dict["TEST"]["TEMPLATE"] = given()
        return
    file = Path(settings_dict["TEST"]["NAME"])
    for left in file.parent.glob(f"{file.name}-*"):  # a journal of what stood there before
        left.unlink()
    shutil.copyfile(given(), file)


def is_kept() -> bool:
    """Whether Django is to take the file that lies there. On PostgreSQL it makes the copy itself."""
    return bool(given()) and connection.vendor == "sqlite"
