"""``manage.py audit_archive``: the oldest events out of the database, into a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tables import archiving
from tables.actors import Actor
from tables.exporting import moment_of
from tables.management.command import TablesCommand, counted, filled, filled_path


class Command(TablesCommand):
    help = (
        "Move the events of before a day into a compressed file, which audit_verify --archive proves together with the "
        "rest. Never done by itself. The file holds passwords and is the only copy: keep it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", type=filled, required=True, metavar="DATE", help="the first day that stays")
        parser.add_argument("directory", type=filled_path, help="where to; yours, and nobody else may write there")

    def handle(self, *, before: str, directory: Path, **options: Any) -> None:
        moment = moment_of(before)
        archive = archiving.archive(actor=Actor.command(), before=moment, directory=directory)
        if archive is None:
            self.stdout.write(f"There are no events of before {before}.")
        else:
            self.stdout.write(f"{counted(archive.count, 'event')} to {directory / archive.file_name}.")
