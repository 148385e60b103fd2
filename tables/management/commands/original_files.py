"""``manage.py original_files``: the files that were imported, and their exact bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tables import originals
from tables.exporting import write_whole
from tables.management.command import (
    TablesCommand,
    actor_from,
    add_cluster_argument,
    add_table_argument,
    cluster_from,
    filled,
    filled_path,
)
from tables.models import Cluster, OriginalFile
from tables.sendmail.text import visible


class Command(TablesCommand):
    help = (
        "List the files that were imported, the newest first; with --id and --out write the exact bytes of one of "
        "them, which the history records."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_table_argument(parser, "only the files of this table")
        parser.add_argument("--json", action="store_true", help="print the list as JSON")
        parser.add_argument("--id", type=int, metavar="N", help="the file to write, by its number in the list")
        parser.add_argument("--out", type=filled_path, metavar="FILE", help="where to write it; must not exist yet")
        parser.add_argument("--masked", action="store_true", help="write dots for its passwords")
        parser.add_argument("--actor", type=filled, metavar="USER", help="who asks (the operating system's user)")
        add_cluster_argument(parser)

    def handle(self, *, id: int | None, out: Path | None, json: bool, **options: Any) -> None:  # noqa: A002
        cluster = cluster_from(options["cluster"])
        if (id is None) != (out is None):
            raise CommandError("--id and --out go together: which file, and where to write it.")
        if id is not None and out is not None:
            self._write(cluster, id, out, options)
        elif json:
            self.print_json({"files": [_as_json(file) for file in _listed(cluster, options["table"])]})
        else:
            self._list(cluster, options["table"])

    def _list(self, cluster: Cluster, table: str | None) -> None:
        for file in _listed(cluster, table):
            said = " (holds passwords)" if file.has_password else ""
            self.stdout.write(
                f"{file.pk}: {file.table} from {visible(file.path)}, {file.size} bytes, {file.sha256}, read "
                f"{file.read_at:%Y-%m-%d %H:%M} by {visible(file.actor_name)}, request {file.request_id}{said}"
            )

    def _write(self, cluster: Cluster, pk: int, out: Path, options: dict[str, Any]) -> None:
        file = OriginalFile.objects.select_related("cluster", "request").filter(cluster=cluster, pk=pk).first()
        if file is None:
            raise CommandError(f"There is no imported file {pk}. Run original_files without --id for the list.")
        if out.exists():
            raise CommandError(f"{out} exists already. Name a file that does not.")
        chunks = originals.take(actor=actor_from(options["actor"]), file=file, hide=options["masked"])
        write_whole(out, chunks, private=file.has_password)
        self.stdout.write(f"{file.table} of request {file.request_id}: {out}")


def _listed(cluster: Cluster, table: str | None) -> Any:
    found = OriginalFile.objects.filter(cluster=cluster).order_by("-id")
    return (found.filter(table=table) if table else found).iterator()


def _as_json(file: OriginalFile) -> dict[str, Any]:
    return {
        "id": file.pk,
        "table": file.table,
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "has_password": file.has_password,
        "read_at": file.read_at.isoformat(),
        "actor": file.actor_name,
        "request": file.request_id,
    }
