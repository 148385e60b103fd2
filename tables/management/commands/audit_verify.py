"""``manage.py audit_verify``: does the history hold?"""

from typing import Any

from django.core.management.base import CommandParser

from tables.management.command import TablesCommand
from tables.models import AuditEvent
from tables.verifying import verify


class Command(TablesCommand):
    help = (
        "Verify the audit chain, the change log against it, and the tables against the change log. "
        "Exit status 1 when something does not hold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *, json: bool, **options: Any) -> None:
        findings = list(verify())
        if json:
            shown = [{"subject": finding.subject, "message": finding.message} for finding in findings]
            self.print_json({"holds": not findings, "events": AuditEvent.objects.count(), "findings": shown})
        else:
            for finding in findings:
                self.stdout.write(self.style.ERROR(f"{finding.subject}: {finding.message}"))
            if not findings:
                self.stdout.write(f"Everything holds: {AuditEvent.objects.count()} audit events.")
        if findings:
            raise SystemExit(1)
