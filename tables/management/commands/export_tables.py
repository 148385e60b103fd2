"""``manage.py export_tables``: the tables as flat files."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tables import audit, exporting
from tables.actors import Actor
from tables.management.command import TablesCommand, add_cluster_argument, cluster_from, filled, filled_path


class Command(TablesCommand):
    help = "Write the flat files of the tables into a directory; no maps are built and nothing is signalled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=filled_path, help="where to write; made when it does not exist")
        parser.add_argument(
            "--at",
            type=filled,
            metavar="RELEASE|TIME",
            help="as it was at a release's number or a time (2026-01-31T12:00)",
        )
        add_cluster_argument(parser)

    def handle(self, *, directory: Path, at: str | None, cluster: str | None, **options: Any) -> None:
        chosen = cluster_from(cluster)
        number = exporting.change_number_at(chosen, at) if at else None
        # Before the first file, for who cannot be recorded may not have it; printed last, for a reader may leave early.
        audit.record(actor=Actor.command(), action="export", cluster=chosen, detail={"at": at or "now"})
        written = list(exporting.export(cluster=chosen, directory=directory, change_number=number))
        for table, path in written:
            self.stdout.write(f"{table.name}: {path}")
