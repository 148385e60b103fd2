"""The way back to an earlier generation, found in the mail directory alone."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tables.sendmail import manifest
from tables.sendmail.files import copy, identity, link, sha256, sync
from tables.sendmail.generations import numbered
from tables.sendmail.journal import Swap
from tables.sendmail.maildir import MailDir
from tables.sendmail.manifest import Kept, Live, Manifest
from tables.sendmail.tables import TABLES


class NoWayBack(Exception):
    """There is nothing to go back to, or not all of it is there any more."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one live file. Without a source it goes: it did not exist then."""

    kept: Kept
    source: Path | None

    @property
    def live(self) -> Path:
        return Path(self.kept.live)

    @property
    def is_text(self) -> bool:
        return self.kept.name in TABLES


@dataclass(frozen=True, slots=True)
class WayBack:
    target: Manifest
    steps: list[Step]

    def recorded(self) -> list[dict[str, Any]]:
        """What is recorded of the files once the steps are done: what was recorded of them then."""
        maps = {step.kept.name: step for step in self.steps}
        return [_again(item, maps.get(f"{item['table']}.db")) for item in self.target.before.files]


def _again(item: dict[str, Any], step: Step | None) -> dict[str, Any]:
    """A map that was the recorded one is the recorded one again, under whatever number the disk gives it."""
    if step is None or not item.get("map") or item["map"] != step.kept.identity:
        return item
    return item | {"map": identity(step.live)}


def find(directory: MailDir, wanted: str = "") -> WayBack:
    """By what the generations from ``wanted`` (the newest if not given) on kept. Raises :class:`NoWayBack`."""
    known = list(manifest.usable(numbered(directory)))
    undone = known[: _place(directory, known, wanted) + 1]
    # The newest first: of each file the version that the oldest of them kept is what stays.
    steps = {kept.live: Step(kept, _source(directory, one, kept)) for one in undone for kept in one.files}
    for step in steps.values():
        _check(step)
    return WayBack(undone[-1], list(steps.values()))


def _place(directory: MailDir, known: list[Manifest], wanted: str) -> int:
    if not known:
        kept = directory.generations
        raise NoWayBack(f"No generation is kept in {kept} that could be gone back to.{_why(directory)}")
    if not wanted:
        return 0
    numbers = [int(one.generation) for one in known]
    if not wanted.isdecimal() or int(wanted) not in numbers:
        names = ", ".join(one.generation for one in known)
        raise NoWayBack(f"There is no way back to generation {wanted}. There is to: {names}.{_why(directory)}")
    return numbers.index(int(wanted))


def _why(directory: MailDir) -> str:
    """Why the newest generation that cannot be gone back to cannot."""
    kept = numbered(directory)
    known = len(list(manifest.usable(kept)))
    if known == len(kept):
        return ""
    try:
        manifest.load(kept[-known - 1])
    except manifest.ManifestUnreadable as error:
        return f" {error}"
    return f" The generation after {kept[-known - 1].name} is missing."


def _source(directory: MailDir, generation: Manifest, kept: Kept) -> Path | None:
    return directory.generations / generation.generation / kept.name if kept.existed else None


def _check(step: Step) -> None:
    """Refuse early what could not be done later."""
    if step.source and not step.source.is_file():
        raise NoWayBack(f"{step.source} is gone, so {step.live} cannot be brought back. Nothing was changed.")
    if not os.access(step.live.parent, os.W_OK | os.X_OK):
        raise NoWayBack(f"{step.live} cannot be replaced: {step.live.parent} is not writable. Run this as root.")
    if step.live.exists() and not step.live.is_file():
        raise NoWayBack(f"{step.live} is not a plain file any more, so it is not replaced. Move it away first.")


def stage(directory: MailDir, way: WayBack) -> Iterator[Swap]:
    """Make ready what is to be live, maps first: sendmail reads them. What is and shall be absent needs no step."""
    for step in sorted(way.steps, key=lambda step: step.is_text):
        if step.source or step.live.exists():
            yield _staged(directory, step)
    sync(directory.staging)


def _staged(directory: MailDir, step: Step) -> Swap:
    staged = ""
    if step.source:
        target = directory.staging / step.kept.name
        _second(step.source, target)
        os.utime(target, ns=(step.kept.mtime_ns, step.kept.mtime_ns))
        staged = str(target)
    seen = sha256(step.live) if step.is_text and step.live.exists() else ""
    kept = step.kept
    return Swap(kept.live, staged, name=kept.name, sha256=seen, needs_signal=kept.needs_signal)


def _second(source: Path, target: Path) -> None:
    """The generation keeps its own: somebody may want to come here again, and makemap reads no map of two names.

    With a full disk a second name must do; sendmail does not mind it.
    """
    try:
        copy(source, target)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        target.unlink(missing_ok=True)
        link(source, target)


def by_hand(live: Live | None, swaps: list[Swap]) -> list[Path]:
    """The texts about to be replaced that somebody changed since they were recorded."""
    known = {item["table"]: item["sha256"] for item in live.files} if live else {}
    return [Path(swap.live) for swap in swaps if swap.sha256 and known.get(swap.name, swap.sha256) != swap.sha256]
