"""``manage.py audit_export``: the history as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from tables import audit_export, forwarding
from tables.exporting import moment_of, write_whole
from tables.management.command import TablesCommand, actor_from, counted, filled

STANDARD_OUTPUT = "-"


class Command(TablesCommand):
    help = (
        "Write the history as JSON lines, the oldest event first. Passwords are dots, and a line says whether it has "
        "any; with --secrets they are as they are. Each export is itself in the history."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=filled, metavar="TIME", help="from this time on (2026-01-31T12:00)")
        parser.add_argument("--until", type=filled, metavar="TIME", help="until this time, without it")
        parser.add_argument("--after", type=int, default=0, metavar="NUMBER", help="after the event of this number")
        parser.add_argument("--output", type=filled, default=STANDARD_OUTPUT, metavar="FILE", help="where to; - prints")
        parser.add_argument("--secrets", action="store_true", help="write passwords as they are, not as dots")
        parser.add_argument("--syslog", action="store_true", help="send what waits to the syslog server now instead")
        parser.add_argument("--actor", type=filled, metavar="USER", help="who exports (the operating system's user)")

    def handle(self, *, output: str, after: int, secrets: bool, syslog: bool, **options: Any) -> None:
        if syslog:
            self._send()
            return
        if output != STANDARD_OUTPUT and Path(output).is_dir():
            raise CommandError(f"{output} is a directory. Name a file in it.")
        export = audit_export.export(
            actor=actor_from(options["actor"]),
            since=_moment(options["since"]),
            until=_moment(options["until"]),
            after=after,
            secrets=secrets,
        )
        if output == STANDARD_OUTPUT:
            for line in export.lines:
                self.stdout.write(line)
            return
        write_whole(Path(output), _bytes(export.lines), private=True)
        self.stdout.write(f"{counted(export.total, 'event')} to {output}.")

    def _send(self) -> None:
        if settings.AUDIT_SYSLOG is None:
            raise CommandError("No syslog server is set. Name one in MAILADMIN_AUDIT_SYSLOG.")
        sent = forwarding.forward(seconds=inf)
        if trouble := forwarding.trouble():
            waiting = counted(trouble.waiting, "event")
            raise CommandError(f"{trouble.target} takes nothing: {trouble.error}. {waiting} left; nothing is lost.")
        self.stdout.write(f"{counted(sent, 'event')} to {settings.AUDIT_SYSLOG}.")


def _moment(given: str | None) -> datetime | None:
    return moment_of(given) if given else None


def _bytes(lines: Iterator[str]) -> Iterator[bytes]:
    for line in lines:
        yield f"{line}\n".encode()
