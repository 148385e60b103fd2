"""``manage.py git_export``: the publications as commits in a git repository. The publisher does this by itself."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tables import audit
from tables.actors import Actor
from tables.commits import committing, troubles
from tables.commits.repository import Busy, GitError, Repository
from tables.commits.wording import branch_of
from tables.management.command import TablesCommand, counted, filled, progress_bar
from tables.models import Host
from tables.sendmail.text import visible

logger = logging.getLogger("mailadmin.publisher")


class Command(TablesCommand):
    help = (
        "Commit every publication that is not there yet to the git repository that MAILADMIN_GIT_REPOSITORY names, "
        "one branch a host. The publisher does it by itself for its own host."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--init", action="store_true", help="make the repository first")
        parser.add_argument(
            "--host", type=filled, metavar="HOST", help="only this mail host's; every one's if not given"
        )
        parser.add_argument("--quiet", action="store_true", help="say nothing; the host's page shows what is wrong")

    def handle(self, *, init: bool, host: str | None, quiet: bool, **options: Any) -> None:
        into = committing.repository()
        if into is None:
            raise CommandError("No git repository is set. Name one with MAILADMIN_GIT_REPOSITORY.")
        if init:
            into.init()
        for one in _hosts(host):
            if quiet:
                self._quietly(one, into)
            else:
                self._aloud(one, into)

    def _aloud(self, host: Host, into: Repository) -> None:
        detail = {"git": str(into.path), "host": host.name} | ({"secrets": True} if into.secrets else {})
        audit.record(actor=Actor.command(), action="export", cluster=host.cluster, detail=detail)
        with progress_bar(host.name, None) as bar:
            count = committing.commit_publications(host=host, into=into, progress=lambda done, _all: bar(done))
        self.stdout.write(f"{visible(host.name)}: {counted(count, 'publication')} committed to {branch_of(host.name)}.")

    def _quietly(self, host: Host, into: Repository) -> None:
        try:
            committing.commit_publications(host=host, into=into)
        except Busy as error:
            raise SystemExit(1) from error
        except GitError as error:
            if troubles.note(host=host, trouble=str(error)):
                logger.error("%s", error)
            raise SystemExit(1) from error
        if troubles.note(host=host, trouble=""):
            logger.info("The publications of %s are in %s again.", host.name, into.path)


def _hosts(name: str | None) -> list[Host]:
    found = Host.objects.select_related("cluster").order_by("name")
    hosts = list(found.filter(name=name) if name else found)
    if name and not hosts:
        raise CommandError(
            f"There is no host {visible(name)}. Known hosts: {', '.join(map(str, found)) or 'none yet'}."
        )
    return hosts
