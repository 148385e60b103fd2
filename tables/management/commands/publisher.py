"""``manage.py publisher``: the long-running half of mailadmin on a mail host."""

import logging
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import connection

from tables import forwarding, housekeeping, publishing
from tables.errors import ChangeError
from tables.management import rollback
from tables.management.checker import Checker
from tables.management.command import TablesCommand, filled
from tables.management.committer import Committer
from tables.management.ear import Ear
from tables.management.hosts import StepPrinter, qualify_host_name
from tables.management.postman import Postman
from tables.management.reporter import Reporter
from tables.models import Host, Publication
from tables.publishing import holding
from tables.publishing.drift import Watch
from tables.publishing.errors import EXPECTED

logger = logging.getLogger("mailadmin.publisher")

#: Seconds to wait at most after an error; doubled from POLL_SECONDS each time.
LONGEST_WAIT = 60
HOUSE_KEEPING_SECONDS = 60
#: Seconds between two looks of one who is woken when there is something to do.
HEARING_SECONDS = 5

#: Points at which a publication can be left for the next publisher: nothing live has been touched.
SAFE_TO_STOP = {f"before {step}" for step in ("lock", "read", "plan", "build", "verify", "swap")}


class Command(TablesCommand):
    help = (
        "Publish on this mail host whenever somebody asks for it in the panel. Runs until it is ended with SIGTERM, "
        "which it obeys as soon as the files are whole; killed at any moment, the next one finishes or undoes its work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host",
            metavar="HOST",
            default="",
            help=f"the name to register under; {settings.HOST_NAME} if not given",
        )
        parser.add_argument(
            "--cluster",
            type=filled,
            metavar="NAME",
            help="the cluster whose tables it publishes, made if there is none of that name; "
            "without it the one that the host is in, or else the default one",
        )
        parser.add_argument(
            "--once", action="store_true", help="do what there is to do and end; exit status 1 when it failed"
        )
        rollback.add_arguments(parser)

    def handle(self, *, host: str, cluster: str | None, once: bool, **options: Any) -> None:
        qualify_host_name()
        if rollback.asked_for(options):
            rollback.carry_out(self, options)
            return
        loop = Loop(host, cluster or "")
        if once:
            self._once(loop)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, loop.stop)
        logger.info("Publisher of %s into %s started.", loop.name, settings.MAIL_DIR)
        loop.run()
        logger.info("Publisher of %s ended.", loop.name)

    def _once(self, loop: "Loop") -> None:
        try:
            publication = loop.look(StepPrinter(self.stdout.write))
        except (publishing.Locked, ChangeError, *EXPECTED) as error:
            raise CommandError(str(error), returncode=1) from error
        if publication is None:
            self.stdout.write(loop.nothing())
        elif publication.state != Publication.State.SUCCEEDED:
            raise CommandError(f"Release {publication.release.number}: {publication.error}", returncode=1)


class Loop:
    """Looks at the database whenever it is woken, and now and then in any case, until told to stop."""

    def __init__(self, name: str, cluster: str = "") -> None:
        self.name = name or settings.HOST_NAME
        self.cluster = cluster
        self.host: Host | None = None
        self.stopped = threading.Event()
        #: Set by whatever is a reason to look, or to stop, at once.
        self.woken = threading.Event()
        self.ear = Ear(self.woken)
        self.reporter = Reporter()
        self.next_house_keeping = 0.0
        self.checker = Checker(self.name)
        self.postman = Postman()
        self.committer = Committer()
        self.watch = Watch()

    def stop(self, _number: int, _frame: Any) -> None:
        self.stopped.set()
        self.woken.set()

    def checkpoint(self, point: str) -> None:
        if self.stopped.is_set() and point in SAFE_TO_STOP:
            raise publishing.Stopping

    def look(self, report: publishing.Report | None = None) -> Publication | None:
        """One look: note that we live, and converge."""
        if self.host is None:
            self.host = publishing.register_host(name=self.name, cluster=self.cluster)
        self.host.refresh_from_db()
        publishing.heartbeat(host=self.host)
        self.reporter.look(self.host)
        return publishing.converge(host=self.host, report=report, checkpoint=self.checkpoint)

    def nothing(self) -> str:
        """Why nothing was published."""
        if self.host is not None:
            self.host.refresh_from_db()
            if held := holding.words(self.host):
                return f"{held}. Nothing is published here until somebody releases the hold."
        return f"Nothing to publish on {self.name}."

    def keep_house(self) -> None:
        """Now and then, what nobody asks for."""
        if time.monotonic() >= self.next_house_keeping:
            self.next_house_keeping = time.monotonic() + HOUSE_KEEPING_SECONDS
            for done in housekeeping.keep():
                logger.info("%s", done)
            forwarding.forward()

    def check(self) -> None:
        """Between publications, have the tables checked when they changed; the findings are for the panel."""
        if self.host is not None:
            self.checker.look(self.host.cluster)

    def run(self) -> None:
        wait = settings.POLL_SECONDS
        self.ear.start()
        try:
            while True:
                self.woken.clear()
                if self.stopped.is_set():
                    break
                wait = self._pause() if self._looked() else min(wait * 2, LONGEST_WAIT)
                self.woken.wait(wait)
        finally:
            self.ear.stop()
            self.checker.stop()
            self.postman.stop()
            self.committer.stop()

    def _pause(self) -> int:
        """Whoever hears need not look so often: what comes by itself, such as a letter, may wait a few seconds."""
        return max(settings.POLL_SECONDS, HEARING_SECONDS) if self.ear.hearing.is_set() else settings.POLL_SECONDS

    def _looked(self) -> bool:
        """One look that nothing can end but a request to stop; false when something was wrong."""
        try:
            self.keep_house()
            self._tell(self.look())
            self.watch.look(self.host)
            self.check()
            self.postman.look()
            self.committer.look(self.host)
        except publishing.Stopping:
            logger.info("Asked to end: the publication waits for the next publisher.")
        except publishing.Locked as error:
            logger.info("%s", error)
        except DatabaseError as error:
            logger.warning("The database does not answer: %s", error)
            connection.close()
            return False
        except (ChangeError, *EXPECTED) as error:
            logger.error("%s", error)
            return False
        except Exception:
            logger.exception("The publisher met an error that it does not know. It goes on.")
            return False
        return True

    def _tell(self, publication: Publication | None) -> None:
        if publication is not None:
            said = f": {publication.error}" if publication.error else ""
            logger.info("%s %s%s", publication, publication.state, said)
