"""``publisher --rollback``, ``--list`` and ``--release-hold``: by hand on the host, without the database."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tables.management.command import TablesCommand
from tables.publishing import rollback
from tables.publishing.errors import EXPECTED
from tables.sendmail.maildir import Locked
from tables.sendmail.manifest import Manifest


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--rollback",
        nargs="?",
        const="",
        metavar="GENERATION",
        help="make live again what was live before the newest publication, or before that generation was kept; "
        "needs no database, and holds the host",
    )
    parser.add_argument("--list", action="store_true", help="show what --rollback can go back to")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why it is rolled back; kept in the history")
    parser.add_argument("--release-hold", action="store_true", help="let the publisher go on after a rollback")


def asked_for(options: dict[str, Any]) -> bool:
    return options["rollback"] is not None or options["list"] or options["release_hold"]


def carry_out(command: TablesCommand, options: dict[str, Any]) -> None:
    try:
        if options["list"]:
            said = _listed(rollback.listed())
        elif options["release_hold"]:
            said = [rollback.release_hold(by=getpass.getuser())]
        else:
            said = rollback.roll_back(wanted=options["rollback"], by=getpass.getuser(), reason=options["reason"])
    except (Locked, *EXPECTED) as error:
        raise CommandError(str(error), returncode=1) from error
    for line in said:
        command.stdout.write(line)


def _listed(found: list[Manifest]) -> list[str]:
    if not found:
        return ["No generation is kept here that could be gone back to."]
    return ["generation  kept at               undoes", *(_line(one) for one in found)]


def _line(one: Manifest) -> str:
    names = ", ".join(kept.name for kept in one.files)
    return f"{one.generation:<10}  {rollback.when(one.at):<20}  {one.undoes}, back to {one.before} ({names})"
