"""``manage.py plan``: what would publishing do?"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tables import publishing
from tables.management.command import TablesCommand
from tables.management.hosts import add_host_argument, host_from
from tables.publishing.errors import EXPECTED
from tables.sendmail import seen
from tables.sendmail.maps import entries
from tables.sendmail.plan import FilePlan, Plan
from tables.sendmail.text import written_out

#: Exit status when there is something to publish, as diff and terraform have it.
SOMETHING = 2


class Command(TablesCommand):
    help = (
        "Show what publishing would do on a mail host: the diff of each file, the maps to build, whether sendmail is "
        "signalled, and what is unsafe. Touches nothing. Exit status 2 when there is something to publish, otherwise 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_host_argument(parser)
        parser.add_argument("--json", action="store_true", help="print the plan as JSON")

    def handle(self, *, host: str, json: bool, **options: Any) -> None:
        try:
            plan = publishing.make_plan(host=host_from(host))
        except EXPECTED as error:
            raise CommandError(str(error)) from error
        if json:
            self.print_json(plan.as_json() | {"checksum": seen.checksum(plan)})
        else:
            self._show(plan)
        if not plan.empty:
            raise SystemExit(SOMETHING)

    def _show(self, plan: Plan) -> None:
        for place in plan.unused:
            self.stdout.write(f"{place.table.name} is not written on {plan.host}: {place.unused}")
        if plan.empty:
            self.stdout.write(f"Nothing to publish on {plan.host}: what is live is what the tables say.")
            return
        if not plan.from_disk:
            self.stdout.write(f"Not all files of {plan.host} can be read from here: compared with its last release.")
        for file in plan.files:
            if file.touched:
                self._show_file(file)
        self.stdout.write("sendmail will be signalled." if plan.signal else "No signal is needed.")
        self.stdout.write(f"Checksum of this plan: {seen.checksum(plan)}")
        for finding in plan.findings:
            self.stdout.write(self.style.ERROR(f"Unsafe: {finding}"))

    def _show_file(self, file: FilePlan) -> None:
        self.stdout.write(
            self.style.MIGRATE_HEADING(f"{file.path}: {file.summary or file.build_reason or 'text only'}")
        )
        for line in file.diff.splitlines():
            self.stdout.write(_coloured(self.style, written_out(line)))
        if file.diff_cut:
            self.stdout.write(f"… {file.diff_cut} more lines of this diff")
        if file.build:
            self.stdout.write(f"The map {file.table.name}.db will be built with {entries(file.entries)}.")


def _coloured(style: Any, line: str) -> str:
    if line.startswith("+"):
        return str(style.SUCCESS(line))
    return str(style.ERROR(line)) if line.startswith("-") else line
