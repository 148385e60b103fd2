"""``manage.py send_letters``: one round of the e-mails that wait. The publisher does this by itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from tables.letters import digests, outbox
from tables.management.command import TablesCommand, counted


class Command(TablesCommand):
    help = "Write the daily digests that are due and send the letters that wait. The publisher does it by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--digest",
            action="store_true",
            help=f"write today's digests now, before {settings.DIGEST_HOUR}:00; nobody gets a second one today",
        )
        parser.add_argument("--quiet", action="store_true", help="say nothing; the panel shows what is wrong")

    def handle(self, *, digest: bool, quiet: bool, **options: Any) -> None:
        if not settings.EMAIL_ON:
            raise CommandError("Letters are switched off. Set MAILADMIN_EMAIL=yes to have them sent.")
        written = digests.write_due(early=digest)
        done = outbox.send(at_once=not quiet)
        if quiet:
            return
        self.stdout.write(self._said(written, done))
        if error := done.error or outbox.trouble():
            raise CommandError(f"Not everything could be sent: {error}")

    def _said(self, written: int, done: outbox.Sent) -> str:
        parts = [f"{counted(written, 'digest')} written", f"{counted(done.sent, 'letter')} sent"]
        others = {"no longer needed": done.dropped, "to be tried again": done.failed, "given up": done.given_up}
        return ", ".join([*parts, *(f"{number} {words}" for words, number in others.items() if number)]) + "."
