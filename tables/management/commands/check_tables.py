"""``manage.py check_tables``: is anything wrong in the tables?"""

from __future__ import annotations

import signal
from typing import Any, NoReturn

from django.core.management.base import CommandError, CommandParser

from tables import surveys
from tables.actors import Actor
from tables.checking import check_cluster
from tables.management.command import TablesCommand, add_cluster_argument, cluster_from, counted, problem_json
from tables.models import Cluster
from tables.sendmail.lint import Finding
from tables.sendmail.spec import Grade
from tables.sendmail.tables import TABLES


class Command(TablesCommand):
    help = (
        "Check every enabled entry and what they say together. Lines are those of the files that a publication would "
        "write. Exit status 1 when there is an error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--json", action="store_true", help="print the problems as JSON")
        what.add_argument("--store", action="store_true", help="keep them for the panel and print how many there are")
        parser.add_argument("--host", metavar="HOST", default="", help="whose publisher checks, with --store")
        add_cluster_argument(parser)

    def handle(self, *, json: bool, store: bool, host: str, cluster: str | None, **options: Any) -> None:
        if store:
            self._store(cluster_from(cluster), Actor.publisher(host) if host else Actor.command())
            return
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

    def _store(self, cluster: Cluster, actor: Actor) -> None:
        signal.signal(signal.SIGTERM, _end)
        run = surveys.run(cluster=cluster, by=actor.name)
        if run is None:
            raise CommandError("Another check is at work. Its findings will be kept.")
        counts = {Grade.ERROR: run.errors, Grade.WARNING: run.warnings, Grade.NOTE: run.notes}
        said = [counted(number, grade) for grade, number in counts.items() if number]
        self.stdout.write(f"{', '.join(said) or 'No problems'}; kept for the panel in {run.seconds:.1f} s.")
        if run.errors:
            raise SystemExit(1)


def _end(_number: int, _frame: Any) -> NoReturn:
    """Told to end: the turn is given back on the way out."""
    raise SystemExit(128 + signal.SIGTERM)


def _of_table(findings: list[Finding], table: str) -> list[dict[str, Any]]:
    return [{"key": found.key} | problem_json(found.problem) for found in findings if found.table == table]
