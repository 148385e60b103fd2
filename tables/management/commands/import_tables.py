"""``manage.py import_tables``: flat files into the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tables import importing
from tables.entries import is_empty
from tables.importing import FileReport, Outcome
from tables.management.command import (
    TablesCommand,
    actor_from,
    add_cluster_argument,
    add_table_argument,
    cluster_from,
    counted,
    problem_json,
    progress_bar,
    table_from,
)
from tables.models import ChangeRequest
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.tables import TABLES


class Command(TablesCommand):
    help = (
        "Import sendmail's flat files. Into an empty cluster they are taken over as they are (a baseline); otherwise "
        "they become a change request, which is applied at once if nothing in it needs a second person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a directory such as /etc/mail, or one file with --table")
        add_table_argument(parser, "import only this table")
        parser.add_argument(
            "--mode",
            choices=[importing.MERGE, importing.REPLACE],
            default=importing.MERGE,
            help="merge adds and changes (default), replace also deletes what the file lacks",
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
        parser.add_argument("--json", action="store_true", help="print entries and problems as JSON")
        add_cluster_argument(parser)
        parser.add_argument("--actor", metavar="USER", help="who imports (default: the operating system's user)")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why; kept in the history")

    def handle(self, *, path: Path, table: str | None, dry_run: bool, json: bool, **options: Any) -> None:
        files = importing.find_files(path, table_from(table))
        notes = options["verbosity"] > 1
        outcome = Outcome(None, []) if dry_run else self._import(files, options)
        if json:
            self.print_json(self._described(files) | self._request_json(outcome))
        elif dry_run:
            self._report([self._read(name, file, files) for name, file in files.items()], notes=notes)
            self.stdout.write("Nothing was written.")
        else:
            self._report(outcome.reports, notes=notes)
            self.stdout.write(self._said(outcome.request))

    def _import(self, files: Mapping[str, Path], options: dict[str, Any]) -> Outcome:
        cluster, actor = cluster_from(options["cluster"]), actor_from(options["actor"])
        sizes = {name: file.stat().st_size for name, file in files.items()}
        done = dict.fromkeys(files, 0)
        with progress_bar("Importing", sum(sizes.values())) as advance_to:

            def progress(report: FileReport, read: int) -> None:
                done[report.table.name] = read
                advance_to(sum(done.values()))

            arguments = {"actor": actor, "files": files, "reason": options["reason"], "progress": progress}
            if is_empty(cluster):
                return importing.baseline(cluster=cluster, **arguments)
            return importing.request_import(cluster=cluster, mode=options["mode"], **arguments)

    def _read(self, name: str, file: Path, files: Mapping[str, Path]) -> FileReport:
        report = FileReport(TABLES[name], file)
        for parsed in importing.read_file(report.table, file, importing.local_names(files)):
            report.entries += isinstance(parsed.item, Entry)
            report.problems += parsed.problems
        return report

    def _report(self, reports: list[FileReport], *, notes: bool) -> None:
        for report in reports:
            self.print_problems(str(report.path), report.problems, notes=notes)
        for report in reports:
            grades = Counter(problem.grade for problem in report.problems)
            found = [counted(number, grade) for grade in Grade if (number := grades[grade])]
            self.stdout.write(f"{report.table.name}: {', '.join([counted(report.entries, 'entry'), *found])}")

    def _said(self, request: ChangeRequest | None) -> str:
        if request is None:
            return "The tables say this already. Nothing was changed."
        if request.kind == ChangeRequest.Kind.BASELINE:
            return "Taken over as the baseline."
        if request.state == ChangeRequest.State.APPLIED:
            return f"Applied as change request {request.pk}."
        risks = ", ".join(request.risks)
        return f"Change request {request.pk} waits for a second person ({risks})."

    def _described(self, files: Mapping[str, Path]) -> dict[str, Any]:
        names = importing.local_names(files)
        tables = {}
        for name, file in files.items():
            entries, problems = [], []
            for parsed in importing.read_file(TABLES[name], file, names):
                problems += [problem_json(problem) for problem in parsed.problems]
                if isinstance(parsed.item, Entry):
                    item = parsed.item
                    shown = {"key": item.key, "value": item.value, "comment": item.comment, "enabled": item.enabled}
                    entries.append(shown | {"line": parsed.line})
            tables[name] = {"entries": entries, "problems": problems}
        return {"tables": tables}

    def _request_json(self, outcome: Outcome) -> dict[str, Any]:
        if outcome.request is None:
            return {}
        return {"request": {"id": outcome.request.pk, "kind": outcome.request.kind, "state": outcome.request.state}}
