"""``manage.py import_tables``: flat files into the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tables import disclosing, importing
from tables.checking import check_files
from tables.entries import is_empty
from tables.importing import FileReport, Outcome
from tables.management.command import (
    TablesCommand,
    actor_from,
    add_import_arguments,
    add_table_argument,
    became,
    cluster_from,
    counted,
    filled_path,
    problem_json,
    progress_bar,
    table_from,
)
from tables.searching import gaps
from tables.sendmail.spec import Entry, Parsed, Passage, Problem, TableSpec
from tables.sendmail.tables import TABLES


class Command(TablesCommand):
    help = (
        "Import sendmail's flat files. Into an empty cluster they are taken over as they are (a baseline); otherwise "
        "they become a change request, which is applied at once if nothing in it needs a second person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=filled_path, help="a directory such as /etc/mail, or one file with --table")
        add_table_argument(parser, "import only this table")
        add_import_arguments(parser, modes=(importing.MERGE, importing.REPLACE))
        parser.add_argument("--json", action="store_true", help="print entries and problems as JSON")
        parser.add_argument("--secrets", action="store_true", help="print passwords as they are, not as dots")
        parser.add_argument(
            "--force",
            action="append",
            choices=list(TABLES),
            default=[],
            metavar="TABLE",
            help="take the file of this table though it looks like something else; kept in the history",
        )

    def handle(self, *, path: Path, table: str | None, dry_run: bool, json: bool, **options: Any) -> None:
        files = importing.find_files(path, table_from(table))
        notes = options["verbosity"] > 1
        cluster_from(options["cluster"])  # a dry run refuses what the import would
        actor = actor_from(options["actor"])
        if options["secrets"]:
            disclosing.check_right(actor)
        outcome = Outcome(None, []) if dry_run else self._import(files, options)
        if json:
            self.print_json({"tables": self._described(files, options)} | self._request_json(outcome))
        elif dry_run:
            read = self._read(files, options)
            self._report([self._summed(name, files[name], items) for name, items in read.items()], notes=notes)
            self.stdout.write("Nothing was written.")
        else:
            self._report(outcome.reports, notes=notes)
            self.stdout.write(became(outcome.request))

    def _import(self, files: Mapping[str, Path], options: dict[str, Any]) -> Outcome:
        cluster, actor = cluster_from(options["cluster"]), actor_from(options["actor"])
        sizes = {name: file.stat().st_size for name, file in files.items()}
        done = dict.fromkeys(files, 0)
        with progress_bar("Importing", sum(sizes.values())) as advance_to:

            def progress(report: FileReport, read: int) -> None:
                done[report.table.name] = read
                advance_to(sum(done.values()))

            arguments = {
                "actor": actor,
                "files": files,
                "reason": options["reason"],
                "progress": progress,
                "force": options["force"],
            }
            if is_empty(cluster):
                outcome = importing.baseline(cluster=cluster, **arguments)
            else:
                outcome = importing.request_import(cluster=cluster, mode=options["mode"], **arguments)
        gaps.close_all()
        return outcome

    def _read(self, files: Mapping[str, Path], options: dict[str, Any]) -> dict[str, list[Parsed]]:
        """All items of the files, each with its own problems and those that show only beside the others."""
        looks = _looks(files, options["force"])
        files = {name: file for name, file in files.items() if name not in looks}
        names = importing.local_names(files)
        read = {name: list(self._items(TABLES[name], file, names, options)) for name, file in files.items()}
        found: dict[tuple[str, str], list[Problem]] = defaultdict(list)
        for finding in check_files(lambda name: _entries(read.get(name)), cluster_from(options["cluster"])):
            found[finding.table, finding.key].append(finding.problem)
        checked = {name: [*_with_findings(name, items, found), *_missing(name, found)] for name, items in read.items()}
        return checked | {name: [_refused(problem)] for name, problem in looks.items()}

    def _items(self, table: TableSpec, file: Path, names: frozenset[str], options: dict[str, Any]) -> Iterator[Parsed]:
        cluster = cluster_from(options["cluster"])
        for parsed in importing.read_file(table, file, names):
            yield importing.known_passwords(cluster, table, parsed)

    def _summed(self, name: str, file: Path, items: list[Parsed]) -> FileReport:
        problems = [problem for parsed in items for problem in parsed.problems]
        count = sum(isinstance(parsed.item, Entry) for parsed in items)
        return FileReport(TABLES[name], file, entries=count, problems=problems)

    def _report(self, reports: list[FileReport], *, notes: bool) -> None:
        for report in reports:
            self.print_problems(str(report.path), report.problems, notes=notes)
        for report in reports:
            found = self.summary(problem.grade for problem in report.problems)
            self.stdout.write(f"{report.table.name}: {counted(report.entries, 'entry')}{found and ', '}{found}")

    def _described(self, files: Mapping[str, Path], options: dict[str, Any]) -> dict[str, Any]:
        read = self._read(files, options)
        return {
            name: {
                "entries": [
                    _entry_json(_shown(TABLES[name], parsed.item, options), parsed.line)
                    for parsed in items
                    if isinstance(parsed.item, Entry)
                ],
                "problems": [problem_json(problem) for parsed in items for problem in parsed.problems],
            }
            for name, items in read.items()
        }

    def _request_json(self, outcome: Outcome) -> dict[str, Any]:
        if outcome.request is None:
            return {}
        return {"request": {"id": outcome.request.pk, "kind": outcome.request.kind, "state": outcome.request.state}}


def _entries(items: list[Parsed] | None) -> list[Entry] | None:
    return None if items is None else [parsed.item for parsed in items if isinstance(parsed.item, Entry)]


def _looks(files: Mapping[str, Path], force: Collection[str]) -> dict[str, Problem]:
    """What is wrong with files that are not their table's, those aside that a person takes all the same."""
    looks = {name: importing.foreign(TABLES[name], file) for name, file in files.items() if name not in force}
    return {name: problem for name, problem in looks.items() if problem}


def _refused(problem: Problem) -> Parsed:
    return Parsed(item=Passage(""), line=0, problems=(problem,))


def _shown(table: TableSpec, entry: Entry, options: Mapping[str, Any]) -> Entry:
    return entry if options["secrets"] else table.masked(entry)


def _entry_json(entry: Entry, line: int) -> dict[str, Any]:
    shown = {"key": entry.key, "value": entry.value, "comment": entry.comment, "enabled": entry.enabled}
    return shown | {"line": line}


def _with_findings(name: str, items: list[Parsed], found: Mapping[tuple[str, str], list[Problem]]) -> Iterator[Parsed]:
    for parsed in items:
        more = found.get((name, parsed.item.key), []) if isinstance(parsed.item, Entry) else []
        problems = tuple(replace(problem, line=parsed.line) for problem in more)
        yield replace(parsed, problems=parsed.problems + problems) if more else parsed


def _missing(name: str, found: Mapping[tuple[str, str], list[Problem]]) -> Iterator[Parsed]:
    """What no entry of the file has, because it is not there."""
    if problems := found.get((name, "")):
        yield Parsed(item=Passage(""), line=0, problems=tuple(problems))
