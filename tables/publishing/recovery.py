"""What a publisher does first: finish or put back what an earlier one was at when it was stopped."""

from __future__ import annotations

import logging
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
from tables.sendmail.journal import Journal, Phase

logger = logging.getLogger("mailadmin.publisher")

#: A publication that was interrupted this often is not tried again by itself.
TRIES = 2


def recover(*, host: Host, site: Site, checkpoint: generations.Checkpoint = generations.nowhere) -> None:
    """Leave the directory whole and no publication half-way. Called with the directory locked."""
    found = Journal.load(site.directory.journal)
    if found:
        _recover_files(site, found, checkpoint)
        checkpoint("files recovered")
        _recover_row(host, found)
        checkpoint("row recovered")
        journal.remove(site.directory.journal)
    for publication in _running(host):
        _interrupted(publication, "The publisher was stopped before it began to write.")


def _running(host: Host) -> list[Publication]:
    running = Publication.objects.filter(host=host, state=Publication.State.RUNNING)
    return list(running.select_related("release", "host__cluster"))


def _recover_files(site: Site, found: Journal, checkpoint: generations.Checkpoint) -> None:
    logger.warning("A publisher was stopped in phase %s of publication %s.", found.phase, found.publication)
    if found.phase is Phase.BUILDING:
        generations.forget(site.directory, found)
    elif found.phase is Phase.SWAPPING:
        logger.warning("%s", bring_back(site, found, _daemon(site), checkpoint))
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
