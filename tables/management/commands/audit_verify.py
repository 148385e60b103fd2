"""``manage.py audit_verify``: does the history hold?"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError

from tables.actors import Actor
from tables.management.command import TablesCommand, filled_path
from tables.management.failures import about_database
from tables.models import AuditEvent
from tables.verifying import note, verify


class Command(TablesCommand):
    help = (
        "Verify the audit chain, the change log against it, and the tables against the change log. "
        "Exit status 1 when something does not hold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument(
            "--archive",
            dest="files",
            type=filled_path,
            nargs="+",
            default=[],
            metavar="FILE",
            help="all files that audit_archive wrote, to be proven with the rest",
        )

    def handle(self, *, json: bool, files: list[Path], **options: Any) -> None:
        findings = list(verify(files))
        if json:
            shown = [{"subject": finding.subject, "message": finding.message} for finding in findings]
            self.print_json({"holds": not findings, "events": AuditEvent.objects.count(), "findings": shown})
        else:
            for finding in findings:
                self.stdout.write(self.style.ERROR(f"{finding.subject}: {finding.message}"))
            if not findings:
                self.stdout.write(f"Everything holds: {AuditEvent.objects.count()} audit events.")
        self._note(len(findings), len(files))
        if findings:
            raise SystemExit(1)

    def _note(self, findings: int, archived: int) -> None:
        """In the history, whose page shows it. Whoever may only read the database can verify it all the same."""
        try:
            note(actor=Actor.command(), findings=findings, archived=archived)
        except DatabaseError as error:
            self.stderr.write(f"That it was verified is not kept: {about_database(error)}")
