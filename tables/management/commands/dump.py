"""``manage.py dump``: everything that is mailadmin's, in one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tables.actors import Actor
from tables.dumping import writing
from tables.management.command import TablesCommand, counted, filled_path


class Command(TablesCommand):
    help = (
        "Write all tables, the change log, the history and the people (without their passwords) into one file, "
        "from which load_dump makes a new installation. Passwords that stand in tables are in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=filled_path, help="a tar archive; what stood there is replaced")
        parser.add_argument(
            "--without-secrets",
            action="store_true",
            help="hide the passwords that stand in tables; such a file is for reading and cannot be loaded",
        )

    def handle(self, *, file: Path, without_secrets: bool, **options: Any) -> None:
        made = writing.dump(path=file, actor=Actor.command(), secrets=not without_secrets)
        rows = sum(part.rows for part in made.parts)
        self.stdout.write(f"{file}: {counted(rows, 'row')} of {len(made.parts)} kinds, digest {made.digest}.")
        self.stdout.write(f"The history ends with event {made.audit_number}, {made.audit_hash}.")
        if not without_secrets:
            self.stdout.write("Passwords that stand in tables are in it: keep it as you keep the database.")
        elif made.hidden:
            self.stdout.write(
                f"Passwords and files are hidden in {counted(made.hidden, 'row')}: the history, requests, tables and "
                "files that these are of cannot be verified with it, and load_dump refuses it."
            )
        else:
            self.stdout.write("No password stands in any table: nothing had to be hidden, and load_dump takes it.")
