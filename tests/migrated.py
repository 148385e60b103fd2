"""The tests' databases, made by the migrations once and copied from then on: those take as long as a hundred tests.

``tests.all`` makes the first and names it in the environment; without it each database is made by the migrations.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.db import connection

BASE = Path(__file__).resolve().parent.parent

#: Where the migrated database is: a file of SQLite, or a database of the server that the tests use.
NAME = "TESTS_MIGRATED"
#: What that is called on PostgreSQL.
TEMPLATE = "migrated"


def migrate(environment: dict[str, str]) -> None:
    """Bring the database of these settings into being. Raises ``subprocess.CalledProcessError``."""
    command = [sys.executable, str(BASE / "manage.py"), "migrate", "--verbosity=0"]
    subprocess.run(command, check=True, env=environment)


def given() -> str:
    return os.environ.get(NAME, "")


def prepare(settings_dict: dict[str, Any]) -> None:
    """Have Django begin with a copy, in which its own migrating finds nothing left to do."""
    if not given():
        return
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
