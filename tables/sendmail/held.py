"""A host that somebody rolled back by hand: no publisher publishes there until the hold is released."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tables.sendmail.files import Ownership, sync, write_atomic
from tables.sendmail.maildir import MailDir
from tables.sendmail.manifest import Live


class HeldUnreadable(Exception):
    """Somebody holds the host, and nobody knows who."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} cannot be read, so this host counts as held and nothing is published here. "
            f"If nobody wants that, remove {path}."
        )


@dataclass(frozen=True, slots=True)
class Release:
    """Who let the publisher go on, on the host itself, and when."""

    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Held:
    #: In ISO 8601; tells one hold from the next.
    since: str
    #: The operating system's user.
    by: str
    reason: str
    from_release: int | None
    to_release: int | None
    #: The one that keeps what was live before the rollback.
    generation: str
    #: What is recorded of the files that are live now.
    files: list[dict[str, Any]] = field(default_factory=list)
    released: Release | None = None

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"held since {self.since[:16].replace('T', ' ')} UTC by {self.by}{why}"

    def save(self, directory: MailDir) -> None:
        write_state(held_path(directory), asdict(self), directory)

    @classmethod
    def load(cls, directory: MailDir) -> Self | None:
        """Raises :class:`HeldUnreadable`."""
        path = held_path(directory)
        try:
            return cls.read(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise HeldUnreadable(path) from error

    @classmethod
    def read(cls, found: dict[str, Any]) -> Self:
        released = found.pop("released", None)
        return cls(**found, released=Release(**released) if released else None)


def held_path(directory: MailDir) -> Path:
    return directory.state / "held"


def let_go(directory: MailDir) -> None:
    held_path(directory).unlink(missing_ok=True)
    sync(directory.state)


# --- what is live -----------------------------------------------------------------------------------------------------


def live_path(directory: MailDir) -> Path:
    return directory.state / "live.json"


def note_live(directory: MailDir, live: Live) -> None:
    """So that a rollback without the database knows what it replaces."""
    write_state(live_path(directory), asdict(live), directory)


def load_live(directory: MailDir) -> Live | None:
    try:
        return Live(**json.loads(live_path(directory).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_state(path: Path, value: dict[str, Any], directory: MailDir) -> None:
    """For the directory's owner to read, also when root wrote it by hand."""
    owner = Ownership.of(directory.state)
    write_atomic(path, [json.dumps(value, indent=1).encode()], Ownership(owner.uid, owner.gid, 0o600))
