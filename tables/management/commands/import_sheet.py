"""``manage.py import_sheet``: a spreadsheet of one table as a change request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from tables import drafting
from tables.management.command import (
    TablesCommand,
    actor_from,
    add_import_arguments,
    became,
    cluster_from,
    counted,
    decoded,
    filled_path,
    progress_bar,
)
from tables.models import ChangeRequest
from tables.sendmail.tables import TABLES
from tables.sendmail.text import decode, visible
from tables.sheets import importing, mending
from tables.sheets.looking import ENCODINGS


class Command(TablesCommand):
    help = (
        "Import a CSV, XLSX or JSON sheet of one table. It becomes a change request, which is applied at once if "
        "nothing in it needs a second person. A row that is broken refuses all of it, unless a draft is wanted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=filled_path, help="the sheet; its format is seen from what is in it")
        parser.add_argument("--table", choices=list(TABLES), required=True, metavar="TABLE", help=", ".join(TABLES))
        add_import_arguments(parser, modes=(importing.MERGE, importing.REPLACE))
        parser.add_argument("--encoding", choices=list(ENCODINGS), default="", help="of a CSV, where it is in doubt")
        parser.add_argument("--leave-out-columns", action="store_true", help="pass over columns that nobody knows")
        parser.add_argument(
            "--draft", action="store_true", help="do not submit it: its author mends broken rows in the panel"
        )
        parser.add_argument("--json", action="store_true", help="print what came of it as JSON")
        parser.add_argument("--ticket", type=decoded, default="", metavar="NAME", help="where the wish is kept")

    def handle(self, *, path: Path, dry_run: bool, draft: bool, **options: Any) -> None:
        if not path.is_file():
            raise CommandError(f"{visible(decode(bytes(path)))} is not a file. Name the sheet.")
        if draft and not options["actor"]:
            raise CommandError("A draft is gone on with in the panel. Say with --actor whose it is.")
        with transaction.atomic():
            done = self._read(path, options)
            counts = drafting.summary(done.request) if done.request else drafting.Summary()
            if not options["json"]:
                self._print_broken(path, done.request)
            refused = bool(done.broken) and not draft
            if dry_run or refused:
                transaction.set_rollback(True)
            elif done.request and not draft:
                done.request = drafting.submit(
                    request=done.request,
                    actor=actor_from(options["actor"]),
                    reason=options["reason"],
                    ticket=options["ticket"],
                )
        if refused and not dry_run:
            rows = counted(done.broken, "broken row")
            raise CommandError(f"Nothing was imported because of {rows}. Mend the sheet, or let --draft keep the rest.")
        found = {"new": counts.create, "changed": counts.update, "gone": counts.delete, "broken": done.broken}
        request = None if dry_run else done.request
        if options["json"]:
            about = {"id": request.pk, "state": request.state} if request else None
            self.print_json({"rows": done.rows, "read as": done.said, **found, "request": about})
            return
        said = ", ".join(f"{number} {word}" for word, number in found.items() if number) or "nothing new"
        self.stdout.write(f"{options['table']}: {counted(done.rows, 'row')} read ({done.said}): {said}")
        self.stdout.write("Nothing was written." if dry_run else became(request))

    def _read(self, path: Path, options: dict[str, Any]) -> importing.Drafted:
        how = importing.How(
            name=decode(bytes(Path(path.name))),
            encoding=options["encoding"],
            leave_out_unknown=options["leave_out_columns"],
            mode=options["mode"],
        )
        with progress_bar("Reading", None) as advance_to:
            return importing.draft_from(
                cluster=cluster_from(options["cluster"]),
                actor=actor_from(options["actor"]),
                table=TABLES[options["table"]],
                path=path,
                how=how,
                reason=options["reason"],
                progress=lambda rows, _total: advance_to(rows),
            )

    def _print_broken(self, path: Path, request: ChangeRequest | None) -> None:
        for row in mending.rows_of(request) if request else ():
            self.print_problems(str(path), [replace(one, line=row.number) for one in mending.problems_of(row)])
