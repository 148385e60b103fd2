"""Short ways for a test to make a sheet and to have it read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.sheets import objects, separated, workbook
from tables.sheets.looking import kind_of
from tables.sheets.rows import Sheet, SheetRow
from tables.sheets.writing import write

VIRTUAL, ALIASES, RELAY, ACCESS = (TABLES[name] for name in ("virtusertable", "aliases", "relay-domains", "access"))


def in_csv(*rows: Sequence[str], mark: str = ",") -> bytes:
    return "".join(mark.join(row) + "\r\n" for row in rows).encode()


def in_xlsx(*rows: Iterable[Any], title: str = "Sheet", change: Callable[[Any], None] | None = None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def in_zip(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return file.getvalue()


def replaced_in(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A ZIP with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return file.getvalue()


def put(tmp_path: Path, data: bytes, name: str = "sheet") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read(path: Path, table: Any = VIRTUAL, **how: Any) -> tuple[Sheet, list[SheetRow]]:
    """The sheet in a file, whatever it is, and its rows."""
    unknown = how.pop("leave_out_unknown", False)
    kind, encoding = kind_of(path, **how)
    if kind == "xlsx":
        sheet = workbook.read(table, path, leave_out_unknown=unknown)
    else:
        reader = {"csv": separated.read, "json": objects.read}[kind]
        sheet = reader(table, path, encoding=encoding, leave_out_unknown=unknown)
    return sheet, list(sheet.rows)


def written(kind: str, entries: Iterable[Entry], table: Any = VIRTUAL, **more: Any) -> bytes:
    return b"".join(write(kind, table, entries, **more))
