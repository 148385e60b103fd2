"""How far a publication got, on the disk before each step that matters: whoever starts next finishes or puts back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from tables.sendmail.files import sync, write_atomic


class JournalUnreadable(Exception):
    """No publisher wrote this: it replaces its journal in one step."""

    def __init__(self, path: Path) -> None:
        kept = path.parent / "generations"
        super().__init__(
            f"{path} cannot be read, so nobody knows how far the last publication got. "
            f"Compare the live files with the newest of {kept}, mend them if need be, and remove the journal."
        )


class Phase(StrEnum):
    """What is true of the live files once this is written."""

    BUILDING = "building"  # nothing live was touched
    SWAPPING = "swapping"  # the previous generation is kept whole; any of the live files may be new
    RESTORED = "restored"  # the previous generation is live again
    PROVED = "proved"  # the new state is live and proved; it only remains to be recorded


@dataclass(frozen=True, slots=True)
class Swap:
    """One live file to be replaced, or (nothing staged) removed.

    ``kept`` is its previous version in the generation; empty: there was none.
    """

    live: str
    staged: str
    kept: str = ""
    #: Of the previous version, in nanoseconds: being kept changes it, coming back restores it.
    mtime_ns: int = 0
    #: Its name in the generation; empty: that of the staged file.
    name: str = ""
    #: Of the previous version of a text, as far as anybody looked.
    sha256: str = ""
    #: Whether sendmail reads it only when it starts.
    needs_signal: bool = False


@dataclass(slots=True)
class Journal:
    #: 0 for a rollback by hand.
    publication: int
    #: 0 for what was there before the first publication.
    release: int
    phase: Phase = Phase.BUILDING
    generation: str = ""
    swaps: list[Swap] = field(default_factory=list)
    #: Whether sendmail was told to read its class files again.
    signalled: bool = False
    #: Why the previous generation was put back; empty when the publisher was stopped in between.
    error: str = ""
    #: What is to be recorded of a proved publication.
    files: list[dict[str, Any]] = field(default_factory=list)
    #: What was live before: the fields of :class:`~tables.sendmail.manifest.Live`.
    before: dict[str, Any] = field(default_factory=dict)
    #: The generation that somebody goes back to by hand; empty for a publication.
    rolls_back_to: str = ""
    #: What holds the host once a rollback is proved: the fields of :class:`~tables.sendmail.held.Held`.
    hold: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        write_atomic(path, [json.dumps(asdict(self), indent=1).encode()])

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """What an earlier publisher left, if it left anything. Raises :class:`JournalUnreadable`."""
        try:
            found = json.loads(path.read_bytes())
            swaps = [Swap(**swap) for swap in found.pop("swaps")]
            return cls(**{**found, "phase": Phase(found["phase"]), "swaps": swaps})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise JournalUnreadable(path) from error


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    sync(path.parent)
