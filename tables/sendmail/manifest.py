"""What is written down with each generation, so that somebody can go back to it at night without the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tables.sendmail.files import Ownership, identity, write
from tables.sendmail.journal import Journal, Swap

NAME = "manifest.json"


class ManifestUnreadable(Exception):
    """The generation cannot be gone back to, because nobody knows what it kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One live file as it was before a publication replaced it."""

    live: str
    #: In the generation; also of a file that did not exist.
    name: str
    existed: bool
    #: Of a text, as it was found then.
    sha256: str = ""
    identity: str = ""
    uid: int = 0
    gid: int = 0
    mode: int = 0
    mtime_ns: int = 0
    #: Whether sendmail reads it only when it starts.
    needs_signal: bool = False

    @classmethod
    def of(cls, swap: Swap) -> Self:
        """Called while the file is still live."""
        if not swap.kept:
            return cls(swap.live, swap.name, existed=False, needs_signal=swap.needs_signal)
        live = Path(swap.live)
        owner = Ownership.of(live)
        return cls(
            live=swap.live,
            name=swap.name,
            existed=True,
            sha256=swap.sha256,
            identity=identity(live),
            uid=owner.uid,
            gid=owner.gid,
            mode=owner.mode,
            mtime_ns=swap.mtime_ns,
            needs_signal=swap.needs_signal,
        )


@dataclass(frozen=True, slots=True)
class Live:
    """What is, or was, live in a directory. Without a release: what was there before the first publication."""

    release: int | None = None
    publication: int | None = None
    #: What was recorded of each file, as in ``Publication.files``.
    files: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"release {self.release}" if self.release else "what was there before the first publication"


@dataclass(frozen=True, slots=True)
class Manifest:
    generation: str
    #: When the files were replaced, in ISO 8601.
    at: str
    #: What was live until then, and is again once somebody goes back here.
    before: Live
    #: What came instead.
    release: int | None
    publication: int | None
    #: The generation that was gone back to then; empty for a publication.
    rolled_back_to: str
    files: list[Kept]

    @property
    def undoes(self) -> str:
        what = f"release {self.release}" if self.release else "what was there before the first publication"
        return f"the rollback to {what}" if self.rolled_back_to else what


def save(generation: Path, journal: Journal, *, at: str) -> None:
    manifest = Manifest(
        generation=generation.name,
        at=at,
        before=Live(**journal.before),
        release=journal.release or None,
        publication=journal.publication or None,
        rolled_back_to=journal.rolls_back_to,
        files=[Kept.of(swap) for swap in journal.swaps],
    )
    write(generation / NAME, [json.dumps(asdict(manifest), indent=1).encode()])


def load(generation: Path) -> Manifest:
    """Raises :class:`ManifestUnreadable`."""
    try:
        found = json.loads((generation / NAME).read_bytes())
        before = Live(**found.pop("before"))
        files = [Kept(**kept) for kept in found.pop("files")]
        return Manifest(**{**found, "before": before, "files": files})
    except FileNotFoundError as error:
        raise ManifestUnreadable(
            f"Generation {generation.name} has no {NAME}: an older version kept it. "
            f"What it kept lies in {generation}; copy it by hand if you need it."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ManifestUnreadable(
            f"{generation / NAME} cannot be read. "
            "What the generation kept lies beside it; copy it by hand if you need it."
        ) from error


def usable(generations: Iterable[Path]) -> Iterator[Manifest]:
    """From the newest on, until one that cannot be undone: no way leads past it."""
    expected = None
    for generation in sorted(generations, key=lambda path: int(path.name), reverse=True):
        number = int(generation.name)
        if expected not in {None, number}:
            return
        try:
            yield load(generation)
        except ManifestUnreadable:
            return
        expected = number - 1
