"""What a publisher does first: finish or put back what an earlier one was at when it was stopped."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from tables.models import Host, Publication
from tables.publishing.carrying import bring_back
from tables.publishing.outcome import fail, note_interruption, roll_back, succeed
from tables.publishing.progress import INTERRUPTED
from tables.publishing.site import Site
from tables.sendmail import generations, journal
from tables.sendmail.daemon import NotAlive
from tables.sendmail.held import Held, note_live
from tables.sendmail.journal import Journal, Phase
from tables.sendmail.manifest import Live

logger = logging.getLogger("mailadmin.publisher")

#: A publication that was interrupted this often is not tried again by itself.
TRIES = 2


def recover(*, host: Host, site: Site, checkpoint: generations.Checkpoint = generations.nowhere) -> None:
    """Leave the directory whole and no publication half-way. Called with the directory locked."""
    for left in (_interrupted_path(site), site.directory.journal):
        found = Journal.load(left) if left != site.directory.journal else mend(site, checkpoint)
        if found:
            checkpoint("files recovered")
            _recover_row(host, found)
            checkpoint("row recovered")
            journal.remove(left)
    for publication in _running(host):
        _interrupted(publication, "The publisher was stopped before it began to write.")


def mend(site: Site, checkpoint: generations.Checkpoint = generations.nowhere) -> Journal | None:
    """Leave the files whole, without the database. Called with the directory locked.

    Returned is what a publication left: its row is still to be settled, and its journal to be removed.
    """
    found = Journal.load(site.directory.journal)
    if found is None:
        return None
    _recover_files(site, found, checkpoint)
    if found.publication:
        return found
    journal.remove(site.directory.journal)
    return None


def set_aside(site: Site, found: Journal) -> None:
    """A rollback goes on without the database; the next publisher that has it settles the row."""
    found.save(_interrupted_path(site))
    journal.remove(site.directory.journal)


def unsettled(site: Site) -> bool:
    """Whether an earlier publisher left something to finish."""
    return site.directory.journal.exists() or _interrupted_path(site).exists()


def _interrupted_path(site: Site) -> Path:
    return site.directory.state / "interrupted.json"


def end_rollback(site: Site, found: Journal, checkpoint: generations.Checkpoint) -> None:
    """A proved rollback holds the host, and what is live now is noted for the next one."""
    Held.read(dict(found.hold)).save(site.directory)
    checkpoint("held")
    note_live(site.directory, Live(found.release or None, None, found.files))
    checkpoint("live noted")
    generations.clear_staging(site.directory)
    journal.remove(site.directory.journal)


def _running(host: Host) -> list[Publication]:
    running = Publication.objects.filter(host=host, state=Publication.State.RUNNING)
    return list(running.select_related("release", "host__cluster"))


def _recover_files(site: Site, found: Journal, checkpoint: generations.Checkpoint) -> None:
    what = f"publication {found.publication}" if found.publication else "a rollback"
    logger.warning("A publisher was stopped in phase %s of %s.", found.phase, what)
    if found.phase is Phase.BUILDING:
        generations.forget(site.directory, found)
    elif found.phase is Phase.SWAPPING:
        logger.warning("%s", bring_back(site, found, _daemon(site), checkpoint))
    elif found.phase is Phase.PROVED and found.publication:
        note_live(site.directory, Live(found.release, found.publication, found.files))
    elif found.phase is Phase.PROVED:
        end_rollback(site, found, checkpoint)
    generations.clear_staging(site.directory)


def _daemon(site: Site) -> Any:
    try:
        return site.daemon()
    except NotAlive:
        return None


def _recover_row(host: Host, found: Journal) -> None:
    publication = Publication.objects.filter(pk=found.publication, host=host, state=Publication.State.RUNNING).first()
    if publication is None:
        return
    if found.phase is Phase.PROVED:
        succeed(publication, files=found.files)
    elif found.error:
        roll_back(publication, error=found.error)
    elif found.phase is Phase.BUILDING:
        _interrupted(publication, "The publisher was stopped while it built; nothing live was touched.")
    else:
        _interrupted(publication, "The publisher was stopped while it swapped; what was live before was put back.")


def _interrupted(publication: Publication, message: str) -> None:
    """Let it be tried again, but not for ever."""
    earlier = [step for step in publication.steps if step["state"] == INTERRUPTED]
    step = {"step": "lock", "state": INTERRUPTED, "seconds": None, "message": message, "output": ""}
    steps = [*earlier, step]
    if len(steps) >= TRIES:
        publication.steps = steps
        fail(publication, error=f"{message} It happened {len(steps)} times. See its log, then publish again.")
        return
    with transaction.atomic():
        Publication.objects.filter(pk=publication.pk, state=Publication.State.RUNNING).update(
            state=Publication.State.QUEUED, steps=steps, started_at=None
        )
        note_interruption(publication, message)
    logger.warning("Publication %s is queued again at %s: %s", publication.pk, timezone.now(), message)
