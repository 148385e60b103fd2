"""``manage.py export_tables``: the tables as flat files or spreadsheets."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from tables import audit, disclosing, exporting, originals
from tables.management.command import (
    TablesCommand,
    actor_from,
    add_cluster_argument,
    cluster_from,
    counted,
    filled,
    filled_path,
)
from tables.sheets import exporting as exporting_sheets
from tables.sheets.writing import FORMATS


class Command(TablesCommand):
    help = "Write the tables into a directory, as flat files or sheets; no maps are built and nothing is signalled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=filled_path, help="where to write; made when it does not exist")
        parser.add_argument(
            "--at",
            type=filled,
            metavar="RELEASE|TIME",
            help="as it was at a release's number or a time (2026-01-31T12:00)",
        )
        parser.add_argument(
            "--format",
            choices=list(FORMATS),
            default="flat",
            help="flat (default) or a sheet",
        )
        parser.add_argument("--secrets", action="store_true", help="write passwords as they are, not as dots")
        parser.add_argument("--actor", type=filled, metavar="USER", help="who exports (the operating system's user)")
        add_cluster_argument(parser)

    def handle(self, *, directory: Path, at: str | None, secrets: bool, **options: Any) -> None:
        chosen, actor = cluster_from(options["cluster"]), actor_from(options["actor"])
        originals.refuse_limited(actor)
        if secrets:
            disclosing.check_right(actor)
        number = exporting.change_number_at(chosen, at) if at else None
        # Before the first file, for who cannot be recorded may not have it; printed last, for a reader may leave early.
        sheets = options["format"] != "flat"
        detail: dict[str, object] = {"at": at or "now"} | ({"secrets": True} if secrets else {})
        detail |= {"format": options["format"]} if sheets else {}
        audit.record(actor=actor, action="export", cluster=chosen, detail=detail)
        if sheets:
            found = exporting_sheets.export(
                cluster=chosen, directory=directory, kind=options["format"], change_number=number, secrets=secrets
            )
        else:
            found = exporting.export(cluster=chosen, directory=directory, change_number=number, secrets=secrets)
        written = list(found)
        for table, path, _hidden in written:
            self.stdout.write(f"{table.name}: {path}")
        for table, _path, hidden in written:
            if hidden:
                lines = counted(hidden, "line")
                self.stdout.write(f"Passwords are masked in {lines} of {table.name}; --secrets writes them.")
