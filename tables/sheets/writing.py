"""Entries as a CSV, XLSX, JSON or flat file: a stream of bytes, memory bounded."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from typing import TYPE_CHECKING

from tables.sendmail.render import render
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.text import visible
from tables.sheets.columns import SheetRefused, columns_of
from tables.sheets.escapes import guarded, held

if TYPE_CHECKING:
    from openpyxl import Workbook

#: Rows that a sheet of Excel has, the first row with the names included; and characters that a cell of it holds.
EXCEL_ROWS, EXCEL_CELL = 1_048_576, 32_767

_CHUNK = 65_536
#: So that Excel reads UTF-8 as what it is.
_BOM = "\ufeff"
_WIDTHS = {"key": 36, "value": 44, "comment": 44, "starts": 22, "ends": 22}


def write(name: str, table: TableSpec, entries: Iterable[Entry], *, secrets: bool = False) -> Iterator[bytes]:
    """The bytes of a file of that format (:data:`FORMATS`) with these entries; passwords are dots unless ``secrets``.

    A row that cannot be written raises :class:`SheetRefused`; XLSX does so before the first byte.
    """
    return FORMATS[name].write(table, entries if secrets else map(table.masked, entries))


def begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, the first of them made already: what refuses does so here, and not in the midst of an answer."""
    return chain([next(chunks, b"")], chunks)


def texts_of(table: TableSpec, entry: Entry) -> list[str]:
    """The cells of an entry's row."""
    return ["yes" if text is True else "no" if text is False else text for text in _fields(table, entry)]


def _fields(table: TableSpec, entry: Entry) -> list[str | bool]:
    return [getattr(entry, name) for name in columns_of(table)]


def _csv(table: TableSpec, entries: Iterable[Entry]) -> Iterator[bytes]:
    text = StringIO()
    text.write(_BOM)
    writer = csv.writer(text)
    writer.writerow(columns_of(table))
    for entry in entries:
        writer.writerow(map(guarded, texts_of(table, entry)))
        if text.tell() > _CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _json(table: TableSpec, entries: Iterable[Entry]) -> Iterator[bytes]:
    pieces = [f'{{"table": {json.dumps(table.name)}, "entries": [']
    size, between = 0, "\n"
    for entry in entries:
        row = json.dumps(dict(zip(columns_of(table), _fields(table, entry), strict=True)), ensure_ascii=False)
        pieces += between, row
        size, between = size + len(row), ",\n"
        if size > _CHUNK:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join([*pieces, "\n]}\n"]).encode()


def _xlsx(table: TableSpec, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Built on disk as a whole, for a ZIP says at its end what is in it."""
    with tempfile.TemporaryFile() as file:
        _workbook(table, entries).save(file)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _workbook(table: TableSpec, entries: Iterable[Entry]) -> Workbook:
    from openpyxl import Workbook  # a tenth of the time in which any program starts
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name)
    sheet.freeze_panes = "A2"
    names = columns_of(table)
    for letter, name in zip("ABCDEFGH", names, strict=False):
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 12)
    cells = [WriteOnlyCell(sheet) for _name in names]
    for cell in cells:
        # The format of text: else a cell that somebody edits becomes a formula, a number or a date.
        cell.number_format = "@"
    for number, texts in enumerate(chain([names], (texts_of(table, entry) for entry in entries)), 1):
        if number > EXCEL_ROWS:
            sheet.close()
            raise SheetRefused(
                f"A sheet of XLSX has {EXCEL_ROWS:,} rows, and these are more. "
                "Take CSV, JSON or the flat file, or a search that finds fewer."
            )
        for cell, text in zip(cells, texts, strict=True):
            if len(text) > EXCEL_CELL:
                sheet.close()
                raise SheetRefused(_too_long(texts[0], len(text)))
            cell._value, cell.data_type = held(text), "s"  # noqa: SLF001  set as a value it might become a formula
        sheet.append(cells)
    return book


def _too_long(key: str, length: int) -> str:
    return (
        f"{visible(key)[:60]} has a text of {length:,} characters; a cell of XLSX holds {EXCEL_CELL:,}. "
        "Take CSV, JSON or the flat file."
    )


@dataclass(frozen=True, slots=True)
class Format:
    label: str
    #: What a file's name ends with.
    ending: str
    media: str
    write: Callable[[TableSpec, Iterable[Entry]], Iterator[bytes]]


#: What a table can be written as, and read.
FORMATS = {
    "csv": Format("CSV", ".csv", "text/csv; charset=utf-8", _csv),
    "xlsx": Format("XLSX", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "json": Format("JSON", ".json", "application/json", _json),
    "flat": Format("Flat file", "", "text/plain; charset=utf-8", render),
}
