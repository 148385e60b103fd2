"""``manage.py publish``: make what the tables say live, and wait until it is."""

import re
import time
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from tables import publishing, releases
from tables.actors import Actor
from tables.management.command import TablesCommand
from tables.management.hosts import StepPrinter, add_host_argument, host_from, qualify_host_name
from tables.models import Host, Publication
from tables.publishing import holding
from tables.publishing.errors import EXPECTED
from tables.seen_plans import SeenPlan

State = Publication.State

#: Seconds between two looks at what another publisher does.
POLL = 0.5


class Command(TablesCommand):
    help = (
        "Cut a release of what is applied now and make it live, step by step. On this machine it publishes itself "
        "unless a publisher is at work already; otherwise it waits for that host's publisher. Exit status 1 when it "
        "failed or was rolled back: what was live before is live then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_host_argument(parser)
        parser.add_argument("--reason", metavar="TEXT", default="", help="why; kept in the history")
        parser.add_argument("--json", action="store_true", help="print the publication as JSON when it has ended")
        parser.add_argument(
            "--override",
            action="store_true",
            help="publish even if the plan is unsafe or a file was changed by hand; your name is kept with it",
        )

        parser.add_argument(
            "--plan-checksum",
            type=_checksum,
            metavar="SHA",
            help="publish only if the plan on the host is the one for which plan --json printed this",
        )

    def handle(
        self, *, host: str, reason: str, json: bool, override: bool, plan_checksum: str | None, **options: Any
    ) -> None:
        qualify_host_name()
        chosen = host_from(host)
        plans = {chosen.pk: SeenPlan(plan_checksum)} if plan_checksum else None
        release = releases.cut(
            cluster=chosen.cluster, actor=Actor.command(), reason=reason, override=override, plans=plans
        )
        publication = Publication.objects.filter(release=release, host=chosen).latest("id")
        show = StepPrinter(self.stdout.write) if not json else StepPrinter(lambda _line: None)
        if not json:
            self.stdout.write(f"Release {release.number} on {chosen.name}:")
        ended = self._until_ended(publication, show)
        if json:
            self.print_json(as_json(ended))
        if ended.state != State.SUCCEEDED:
            raise CommandError(_complaint(ended), returncode=1)
        if not json:
            self.stdout.write(self.style.SUCCESS(f"Release {ended.release.number} is live on {chosen.name}."))

    def _until_ended(self, publication: Publication, show: StepPrinter) -> Publication:
        """Publish or wait for who does. A publication that a later one overtook ends when that one does."""
        until = time.monotonic() + 2 * settings.COMMAND_SECONDS
        here = publication.host.name == settings.HOST_NAME
        while True:
            if here:
                self._try(publication.host, show)
            publication = _followed(publication)
            if publication.ended:
                show(publication)
                return publication
            show(publication)
            if held := holding.words(publication.host):
                raise CommandError(_held(publication, held), returncode=1)
            if time.monotonic() > until:
                raise CommandError(_still_waiting(publication), returncode=1)
            time.sleep(POLL)

    def _try(self, host: Host, show: StepPrinter) -> None:
        try:
            publishing.converge(host=host, report=show)
        except publishing.Locked:
            return  # the running publisher has it; it is watched instead
        except EXPECTED as error:
            raise CommandError(f"{error} The next start of the publisher goes on with it.", returncode=1) from error


def _checksum(given: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", given):
        raise ArgumentTypeError("it is no checksum of a plan: manage.py plan --json prints it, 64 hexadecimal digits")
    return given


def _followed(publication: Publication) -> Publication:
    found = Publication.objects.select_related("release", "host").get(pk=publication.pk)
    if found.state != State.SUPERSEDED:
        return found
    return Publication.objects.select_related("release", "host").filter(host=found.host).latest("id")


def _complaint(publication: Publication) -> str:
    what = "was rolled back" if publication.state == State.ROLLED_BACK else publication.state
    return f"Release {publication.release.number} {what} on {publication.host.name}: {publication.error}"


def _held(publication: Publication, held: str) -> str:
    return (
        f"Release {publication.release.number} waits: {held}. Release the hold in the panel, "
        "or on that host with manage.py publisher --release-hold."
    )


def _still_waiting(publication: Publication) -> str:
    return (
        f"Release {publication.release.number} is still {publication.state} on {publication.host.name}. "
        "See whether the publisher runs there (systemctl status mailadmin-publisher); then it goes on by itself."
    )


def as_json(publication: Publication) -> dict[str, Any]:
    return {
        "host": publication.host.name,
        "release": publication.release.number,
        "state": publication.state,
        "error": publication.error,
        "steps": publication.steps,
        "files": publication.files,
    }
