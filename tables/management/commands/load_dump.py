"""``manage.py load_dump``: a new installation out of a file of ``manage.py dump``."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tables.actors import Actor
from tables.dumping import loading
from tables.management.command import TablesCommand, counted, filled, filled_path


class Command(TablesCommand):
    help = "Fill a new, empty installation from a dump, and prove that all of it is there; otherwise write nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=filled_path, help="what manage.py dump wrote")
        parser.add_argument("--dry-run", action="store_true", help="only read and check it")
        parser.add_argument("--digest", type=filled, metavar="SHA", help="refuse any dump but that of this digest")

    def handle(self, *, file: Path, digest: str | None, dry_run: bool, **options: Any) -> None:
        if digest and (found := loading.inspect(file).digest) != digest:
            raise CommandError(f"{file} is another dump: its digest is {found}. Name the right file.")
        loaded = loading.inspect(file) if dry_run else loading.load(path=file, actor=Actor.command())
        rows = sum(part.rows for part in loaded.parts)
        said = "could be loaded; nothing was written" if dry_run else "loaded"
        self.stdout.write(f"{counted(rows, 'row')} of {len(loaded.parts)} kinds {said}.")
        if not dry_run:
            self.stdout.write(
                f"Everything holds: {loaded.audit_number} audit events, {len(loaded.states)} states of tables "
                f"at {counted(loaded.releases, 'release')} and now."
            )
            self.stdout.write("Nobody has a password: run manage.py changepassword NAME for an administrator first.")
