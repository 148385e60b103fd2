"""What stands first in a dump: what is in it, and by what it is known to be whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from mailadmin import __version__
from tables.dumping.parts import APPS
from tables.errors import ChangeError
from tables.states import checksum

FORMAT = 1
NAME = "manifest.json"
#: Bytes that are kept free for it at the start: it is known last.
ROOM = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One model: ``size`` are its bytes before, ``sha256`` is of its files as they lie in the archive."""

    model: str
    columns: list[str]
    rows: int
    size: int
    files: int
    sha256: str
    #: The highest number that was ever given, so that none is given twice.
    last_id: int


@dataclass(frozen=True, slots=True)
class Manifest:
    migrations: list[str]
    made_at: str
    audit_number: int
    audit_hash: str
    parts: list[Part]
    #: {"CLUSTER TABLE CHANGE": [entries, SHA-256]}: the state now and at releases.
    states: dict[str, list[Any]] = field(default_factory=dict)
    releases: int = 0
    #: Rows in which passwords are hidden, and by which therefore nothing is proven.
    hidden: int = 0
    format: int = FORMAT
    #: What wrote it, for whoever looks for the version that reads it.
    version: str = __version__

    @property
    def digest(self) -> str:
        """Over all: every part is in it with its own."""
        return checksum(asdict(self))

    def as_bytes(self) -> bytes:
        text = json.dumps({**asdict(self), "digest": self.digest}, indent=1).encode()
        if len(text) > ROOM:
            raise ChangeError(f"The manifest has {len(text)} bytes, {ROOM} is the most. Prove fewer releases.")
        return text.ljust(ROOM)


def read(data: bytes) -> Manifest:
    try:
        given = json.loads(data)
        digest = given.pop("digest")
        form = given["format"]
        if form != FORMAT:
            raise ChangeError(
                f"The dump has format {form}, and this version reads {FORMAT}. Take the version it is of."
            )
        found = Manifest(**{**given, "parts": [Part(**part) for part in given["parts"]]})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ChangeError("The dump's manifest cannot be read: it was altered. Take another copy.") from error
    if found.digest != digest:
        raise ChangeError("The dump's manifest is not what was written: it was altered. Take another copy.")
    return found


def migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app in APPS)
