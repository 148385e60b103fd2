"""What a publication has done so far, in its row as it goes, so that whoever looks sees it at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

from tables.models import Publication
from tables.publishing.errors import EXPECTED, Stopping, explain, output_of
from tables.sendmail.commands import Result
from tables.sendmail.generations import Checkpoint, nowhere
from tables.sendmail.secret import masked

logger = logging.getLogger("mailadmin.publisher")

#: The steps in order, by the names that people see.
STEPS = ("lock", "read", "plan", "build", "verify", "swap", "signal", "prove", "record")

SUCCEEDED, FAILED, RUNNING, SKIPPED = "succeeded", "failed", "running", "skipped"
INTERRUPTED, ROLLED_BACK = "interrupted", "rolled back"

#: Characters of output that one step keeps.
KEPT = 100_000

#: Told of the publication whenever one of its steps begins or ends.
Report = Callable[[Publication], None]


class Step:
    """One step while it runs."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry = entry

    def say(self, message: str) -> None:
        """The sentence that people see beside the step; like all of it without passwords."""
        self.entry["message"] = masked(message)

    def skip(self, message: str) -> None:
        self.entry["state"] = SKIPPED
        self.say(message)

    def add(self, output: Result | str) -> None:
        """Keep what a program printed, up to a limit."""
        text = masked(output if isinstance(output, str) else output.output)
        kept = f"{self.entry['output']}{text}"
        self.entry["output"] = kept if len(kept) <= KEPT else f"{kept[:KEPT]}\n…\n"


class Progress:
    """The steps of one publication."""

    def __init__(
        self, publication: Publication, *, report: Report | None = None, checkpoint: Checkpoint = nowhere
    ) -> None:
        self.publication = publication
        self.report = report
        self.checkpoint = checkpoint
        #: Once live files are being replaced, a database that is away must not stop the work half-way.
        self.must_go_on = False

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run one step; an error is kept in it and goes on."""
        self.checkpoint(f"before {name}")
        entry: dict[str, Any] = {"step": name, "state": RUNNING, "seconds": None, "message": "", "output": ""}
        self.publication.steps.append(entry)
        self.write()
        step = Step(entry)
        started = time.monotonic()
        try:
            yield step
        except Stopping:
            raise
        except EXPECTED as error:
            entry["state"] = FAILED
            step.say(explain(error, self._directory))
            step.add(output_of(error))
            raise
        else:
            entry["state"] = SUCCEEDED if entry["state"] == RUNNING else entry["state"]
        finally:
            entry["seconds"] = round(time.monotonic() - started, 3)
            self._log(entry)
            self.write()

    def _log(self, entry: dict[str, Any]) -> None:
        publication = self.publication
        about = {
            "host": publication.host.name,
            "publication": publication.pk,
            "release": publication.release.number,
            **{name: entry[name] for name in ("step", "state", "seconds")},
        }
        logger.info("%s: %s %s in %.3f s.", publication, about["step"], about["state"], about["seconds"], extra=about)

    @property
    def _directory(self) -> Path:
        return Path(self.publication.host.mail_dir)

    def note_plan(self, plan: dict[str, Any]) -> None:
        """Keep what is about to be done, for people to look at."""
        self.publication.plan = plan
        Publication.objects.filter(pk=self.publication.pk).update(plan=plan)

    def write(self) -> None:
        try:
            Publication.objects.filter(pk=self.publication.pk).update(steps=self.publication.steps)
        except DatabaseError:
            if not self.must_go_on:
                raise
            logger.exception("The progress of publication %s could not be written.", self.publication.pk)
            connection.close()
        if self.report:
            self.report(self.publication)
