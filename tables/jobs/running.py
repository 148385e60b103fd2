"""Starting a job, doing it, and how far it is.

A job is done by a process of its own, so that neither a worker of the web server nor the browser has to wait for it.
How far it is stands in a file and not in the database: SQLite lets nobody write there while the job does.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import progress
from tables.errors import ChangeError
from tables.jobs.works import WORKS
from tables.models import Job
from tables.models.jobs import LONGEST_ADDRESS

#: Changes from which on a page hands its work over to a job.
MANY = 3_000
#: Seconds between two notes of how far a job is, and after which one that nobody began is given up.
NOTE, PATIENCE = 0.3, 60

log = logging.getLogger(__name__)

Launch = Callable[[Job], int | None]


@dataclass(frozen=True, slots=True)
class Far:
    """How far a job is. ``total`` is 0 where nobody knows."""

    what: str = ""
    done: int = 0
    total: int = 0


def in_a_process(job: Job) -> int | None:
    """Have another process do it; its number."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "job", str(job.pk)]
    begun = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True, cwd=settings.BASE_DIR
    )
    _begun[:] = [one for one in _begun if one.poll() is None] + [begun]
    return begun.pid


#: The processes that this one began and has not seen the end of.
_begun: list[subprocess.Popen[bytes]] = []


#: How a job is started; tests put another in its place.
launch: Launch = in_a_process


def start(*, person: User, work: str, title: str, arguments: dict[str, Any], back: str) -> Job:
    """Note a job and have it begun once the note is in the database. ``back`` is where to go on should it fail."""
    kept = back if len(back) <= LONGEST_ADDRESS else back.partition("?")[0]
    job = Job.objects.create(person=person, work=work, title=title, arguments=arguments, address=kept)
    transaction.on_commit(lambda: _begin(job))
    return job


def _begin(job: Job) -> None:
    if pid := launch(job):
        Job.objects.filter(pk=job.pk).update(pid=pid)


def do(pk: int) -> Job:
    """Do a job that waits, once."""
    if not Job.objects.filter(pk=pk, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, pid=os.getpid(), started_at=timezone.now()
    ):
        raise ChangeError(f"Job {pk} does not wait to be done.")
    job = Job.objects.select_related("person").get(pk=pk)
    state, said, address = Job.State.FAILED, "", job.address
    try:
        with progress.heard_by(_notes(job)):
            result = WORKS[job.work](job.person, job.arguments)
        state, said, address = Job.State.DONE, result.said, result.address
    except ChangeError as error:
        said = str(error)
    except Exception:
        said = "Something went wrong that nobody thought of. Nothing was changed; the server's log says what it was."
        log.exception("Job %d failed", pk)
    finally:
        _file(job).unlink(missing_ok=True)
        Job.objects.filter(pk=pk).update(state=state, said=said, address=address, ended_at=timezone.now())
    job.refresh_from_db()
    return job


def _notes(job: Job) -> progress.Listener:
    last = [0.0]
    file = _file(job)
    file.parent.mkdir(parents=True, exist_ok=True)

    def note(what: str, done: int, total: int) -> None:
        if time.monotonic() - last[0] < NOTE:
            return
        last[0] = time.monotonic()
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps([what, done, total]))
        unfinished.replace(file)

    return note


def far(job: Job) -> Far:
    """How far it is, as far as that was noted."""
    try:
        what, done, total = json.loads(_file(job).read_text())
        return Far(str(what), int(done), int(total))
    except (OSError, ValueError, TypeError):
        return Far()


def settle(job: Job) -> Job:
    """The job as it is now. One whose process is gone failed: its transaction went with it, so nothing was changed."""
    if job.ended:
        return job
    waits = job.state == Job.State.QUEUED
    late = (timezone.now() - job.created_at).total_seconds() > PATIENCE
    gone = late if waits else not _lives(job)
    if gone:
        said = "It was interrupted before its end. Nothing was changed; start it again."
        alive = Job.objects.filter(pk=job.pk, state=job.state)
        alive.update(state=Job.State.FAILED, said=said, ended_at=timezone.now())
        job.refresh_from_db()
    return job


def _lives(job: Job) -> bool:
    """Whether its process is there, and is that."""
    if job.pid is None or job.pid == os.getpid():
        return True
    try:
        return str(job.pk).encode() in Path(f"/proc/{job.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _file(job: Job) -> Path:
    return Path(settings.STATE_DIR) / "jobs" / f"{job.pk}.json"
