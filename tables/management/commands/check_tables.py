"""``manage.py check_tables``: is anything wrong in the tables?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from tables.checking import check_cluster
from tables.management.command import TablesCommand, add_cluster_argument, cluster_from, problem_json
from tables.sendmail.lint import Finding
from tables.sendmail.spec import Grade
from tables.sendmail.tables import TABLES


class Command(TablesCommand):
    help = (
        "Check every enabled entry and what they say together. Lines are those of the files that a publication would "
        "write. Exit status 1 when there is an error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the problems as JSON")
        add_cluster_argument(parser)

    def handle(self, *, json: bool, cluster: str | None, **options: Any) -> None:
        findings = list(check_cluster(cluster_from(cluster)))
        if json:
            self.print_json({"tables": {name: {"problems": _of_table(findings, name)} for name in TABLES}})
        else:
            for finding in findings:
                source = f"{finding.table} {finding.key}" if not finding.problem.line else finding.table
                self.print_problems(source, [finding.problem], notes=options["verbosity"] > 1)
            self.stdout.write(self.summary(finding.problem.grade for finding in findings) or "No problems.")
        if any(finding.problem.grade is Grade.ERROR for finding in findings):
            raise SystemExit(1)


def _of_table(findings: list[Finding], table: str) -> list[dict[str, Any]]:
    return [{"key": found.key} | problem_json(found.problem) for found in findings if found.table == table]
