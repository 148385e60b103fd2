"""A new database as ``manage.py migrate`` leaves it, in a file of its own: made once for a worker, then copied."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import migrated


def copy_to(path: Path) -> None:
    path.write_bytes(_made())


@cache
def _made() -> bytes:
    if (made := Path(migrated.given())).is_file():
        return made.read_bytes()
    with TemporaryDirectory() as directory:
        file = Path(directory) / "new.sqlite3"
        own = {"MAILADMIN_STATE_DIR": directory, "MAILADMIN_DATABASE_URL": f"sqlite:///{file}"}
        migrated.migrate({**os.environ, **own})
        assert not file.with_name(f"{file.name}-wal").exists(), "all of it is in the one file"
        return file.read_bytes()
