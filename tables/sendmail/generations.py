"""The previous state of the live files, kept until newer ones have proved themselves, and the way back to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tables.sendmail import manifest
from tables.sendmail.files import leftover, link, put, put_away, sync
from tables.sendmail.journal import Journal, Phase, Swap
from tables.sendmail.maildir import MailDir

#: Told of each point at which a publisher may be stopped.
Checkpoint = Callable[[str], None]


def nowhere(_point: str) -> None:
    """The checkpoint of a publisher that nobody watches."""


def swap(directory: MailDir, journal: Journal, swaps: Iterable[Swap], checkpoint: Checkpoint = nowhere) -> None:
    """Make every staged file live. When it returns, all are; until then :func:`restore` brings the old ones back."""
    journal.generation = _next(directory.generations)
    journal.save(directory.journal)
    kept = directory.generations / journal.generation
    kept.mkdir()
    checkpoint("generation made")
    journal.swaps = [_keep(item, kept) for item in swaps]
    manifest.save(kept, journal, at=datetime.now(UTC).isoformat())
    sync(kept)
    sync(directory.generations)
    checkpoint("kept")
    journal.phase = Phase.SWAPPING
    journal.save(directory.journal)
    checkpoint("swap journalled")
    for item in journal.swaps:
        _replace(item)
        checkpoint(f"swapped {Path(item.live).name}")
    _sync_parents(journal.swaps)


def _replace(item: Swap) -> None:
    if item.staged:
        put(Path(item.staged), Path(item.live))
    else:
        put_away(Path(item.live))


def _keep(item: Swap, generation: Path) -> Swap:
    item = replace(item, name=item.name or Path(item.staged).name)
    live = Path(item.live)
    if not live.exists():
        return item
    kept = generation / item.name  # the table's: links of two tables may lead to files of one name
    mtime_ns = live.stat().st_mtime_ns
    link(live, kept)
    return replace(item, kept=str(kept), mtime_ns=mtime_ns)


def restore(directory: MailDir, journal: Journal, checkpoint: Checkpoint = nowhere) -> None:
    """Bring the previous state back. It may be stopped anywhere and done again."""
    for item in journal.swaps:
        _bring_back(item)
        checkpoint(f"restored {Path(item.live).name}")
    _sync_parents(journal.swaps)
    journal.phase = Phase.RESTORED
    journal.save(directory.journal)
    forget(directory, journal)


def forget(directory: MailDir, journal: Journal) -> None:
    """Remove the generation of a publication that did not come about: a second name keeps makemap from its file."""
    if journal.generation:
        shutil.rmtree(directory.generations / journal.generation, ignore_errors=True)


def _bring_back(item: Swap) -> None:
    live = Path(item.live)
    leftover(live).unlink(missing_ok=True)
    if not item.kept:
        live.unlink(missing_ok=True)
        return
    kept = Path(item.kept)
    if not kept.exists():
        return  # an earlier attempt brought it back
    if live.exists() and kept.samefile(live):
        kept.unlink()  # it was never replaced
    else:
        put(kept, live)
    # Only now: whoever opened it while it was live reads on, and it counts as unchanged.
    os.utime(live, ns=(live.stat().st_atime_ns, item.mtime_ns))


def _sync_parents(swaps: Iterable[Swap]) -> None:
    for parent in {Path(item.live).parent for item in swaps}:
        sync(parent)


def _next(generations: Path) -> str:
    return f"{max((int(name) for name in _numbers(generations)), default=0) + 1:04d}"


def numbered(directory: MailDir) -> list[Path]:
    """Every generation that is kept, from the oldest on."""
    return [directory.generations / name for name in _numbers(directory.generations)]


def _numbers(generations: Path) -> list[str]:
    return sorted((entry.name for entry in generations.iterdir() if entry.name.isdecimal()), key=int)


def prune(directory: MailDir, keep: int) -> str:
    """Remove all but the newest ``keep`` generations; says which went."""
    gone = _numbers(directory.generations)[:-keep]
    for name in gone:
        shutil.rmtree(directory.generations / name, ignore_errors=True)
    return f"Removed generation {', '.join(gone)}.\n" if gone else ""


def clear_staging(directory: MailDir) -> None:
    """Remove what an earlier run was building, and make room for the next."""
    shutil.rmtree(directory.staging, ignore_errors=True)
    directory.staging.mkdir()
