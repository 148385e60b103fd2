"""``manage.py check_tables``: is anything wrong in the tables?"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from json import dumps
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
        grades: Counter[Grade] = Counter()
        findings = _counted(check_cluster(cluster_from(cluster)), grades)
        if json:
            self._print_json(findings)
        else:
            for finding in findings:
                source = finding.table if finding.problem.line else f"{finding.table} {finding.key}".rstrip()
                self.print_problems(source, [finding.problem], notes=options["verbosity"] > 1)
            self.stdout.write(self.summary(grades.elements()) or "No problems.")
        if grades[Grade.ERROR]:
            raise SystemExit(1)

    def _print_json(self, findings: Iterator[Finding]) -> None:
        """``{"tables": {T: {"problems": […]}}}``, written as it is found: two million problems need no more memory."""
        found = next(findings, None)
        lead = '{"tables": {'
        for name in TABLES:
            self.stdout.write(f'{lead}"{name}": {{"problems": [', ending="")
            comma = "\n"
            while found is not None and found.table == name:
                line = dumps({"key": found.key} | problem_json(found.problem))
                self.stdout.write(f"{comma}{line}", ending="")
                comma, found = ",\n", next(findings, None)
            lead = "]},\n"
        self.stdout.write("]}}}")

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


def _counted(findings: Iterable[Finding], grades: Counter[Grade]) -> Iterator[Finding]:
    for finding in findings:
        grades[finding.problem.grade] += 1
        yield finding
