"""XLSX, read by openpyxl row by row: no formula is worked out, no entity expanded, no link followed."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from tables.sendmail.spec import Problem, TableSpec
from tables.sendmail.text import visible
from tables.sheets.columns import LEFT_OUT, MOST, Header, SheetRefused, read_header
from tables.sheets.escapes import unheld
from tables.sheets.objects import of_kind
from tables.sheets.rows import MOST_ROWS, Sheet, SheetRow, closed_if_refused, problem
from tables.sheets.separated import formula, nameless

#: A packed file may grow to this many bytes; and beyond the first it must not be packed more closely than sheets are.
MOST_UNPACKED, UNSUSPECTED, RATIO = 768 * 1024 * 1024, 16 * 1024 * 1024, 200
MOST_PARTS = 2000
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
_ROW = re.compile(rb"<(?:\w+:)?row[\s>]")
#: Whole numbers up to here are themselves: a spreadsheet keeps 15 digits.
_EXACT = 10**15
_BROKEN = (
    *(ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OSError),
    *(zipfile.BadZipFile, zlib.error, ParseError, DefusedXmlException, NotImplementedError, RuntimeError),
)


def read(table: TableSpec, path: Path, *, leave_out_unknown: bool = False) -> Sheet:
    """The rows of the one sheet, or of the one that is called like the table. Raises :class:`SheetRefused`."""
    refuse_bomb(path)
    file = path.open("rb")  # not its name: openpyxl would go by that
    with closed_if_refused(file):
        sheet, merged, total = _opened(file, table)
        with _Readable():
            rows = enumerate(sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST + 1), 1)
            first, names = _first_row(rows)
        if any(top <= first <= bottom for _left, top, _right, bottom in merged):
            raise SheetRefused("Cells of the first row are merged. Unmerge them, so that each column has its own name.")
        header = read_header(table, names, leave_out_unknown=leave_out_unknown)
    said = f"XLSX, sheet “{visible(sheet.title)[:40]}”"
    return Sheet("xlsx", said, max(total - 1, 1), _rows(file, rows, header, merged), header.unknown)


# --- before anything is parsed ----------------------------------------------------------------------------------------


def refuse_bomb(path: Path) -> None:
    """Refuse what is no workbook, and what would grow without measure. A ZIP cannot unpack to more than it says."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            kind = archive.read("mimetype")[:100] if "mimetype" in archive.namelist() else b""
    except _BROKEN:
        raise SheetRefused("The file begins like XLSX, but is damaged. Save it anew.") from None
    names = {part.filename for part in parts}
    if b"opendocument" in kind:
        raise SheetRefused("The file is an OpenDocument sheet. Save it as XLSX or CSV.")
    if "xl/workbook.bin" in names:
        raise SheetRefused("The file is a binary workbook (XLSB). Save it as XLSX.")
    if "xl/workbook.xml" not in names:
        raise SheetRefused("The file is a ZIP archive, and no XLSX. Unpack it, and choose the sheet itself.")
    if any(part.flag_bits & 1 for part in parts):
        raise SheetRefused("The file has a password. Save it without one.")
    _refuse_growth(path.stat().st_size, parts)


def _refuse_growth(packed: int, parts: list[zipfile.ZipInfo]) -> None:
    size = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS:
        raise SheetRefused(f"The file has {len(parts):,} parts; {MOST_PARTS:,} are read at most. Save it anew.")
    if size > MOST_UNPACKED or (size > UNSUSPECTED and size > packed * RATIO):
        raise SheetRefused(
            f"The file of {packed:,} bytes would unpack to {size:,}; {MOST_UNPACKED:,} and {RATIO} times its size "
            "are read at most. Save it anew with the table alone, or as CSV."
        )


class _Readable:
    """What goes wrong inside a damaged or hostile workbook is one sentence."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        # openpyxl puts an error of its own around it.
        if isinstance(error, DefusedXmlException) or (error and isinstance(error.__cause__, DefusedXmlException)):
            raise SheetRefused("The file has entities of XML in it, which no spreadsheet writes. Save it anew.")
        if isinstance(error, _BROKEN):
            raise SheetRefused("The file begins like XLSX, but is damaged inside. Save it anew.")


def _opened(file: BinaryIO, table: TableSpec) -> tuple[Any, list[tuple[int, int, int, int]], int]:
    """The sheet, its merged ranges, and how many rows it has."""
    with _Readable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts that are not for us, such as pictures
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = _sheet_of(book, table)
        return (sheet, *_looked_through(book, sheet))


def _sheet_of(book: Any, table: TableSpec) -> Any:
    sheets = list(book.worksheets)
    if found := [sheet for sheet in sheets if sheet.title.strip().lower() == table.name]:
        return found[0]
    if len(sheets) != 1:
        named = ", ".join(f"“{visible(sheet.title)[:40]}”" for sheet in sheets[:8]) or "none"
        raise SheetRefused(
            f"The workbook has {len(sheets)} sheets ({named}). Leave one, or call the one to be read {table.name}."
        )
    return sheets[0]


def _looked_through(book: Any, sheet: Any) -> tuple[list[tuple[int, int, int, int]], int]:
    """The merged ranges, which stand after the rows, and how many rows there are."""
    merged: list[tuple[int, int, int, int]] = []
    count, rest = 0, b""
    with book._archive.open(sheet._worksheet_path) as source:  # noqa: SLF001  read-only sheets tell of no ranges
        while chunk := source.read(1 << 20):
            text = rest + chunk
            cut = text.rfind(b"<") if len(text) > 200 else 0
            text, rest = text[:cut], text[cut:]
            count += len(_ROW.findall(text))
            merged += [range_boundaries(found.decode()) for found in _MERGED.findall(text)]
    merged += [range_boundaries(found.decode()) for found in _MERGED.findall(rest)]
    return merged, count


# --- rows -------------------------------------------------------------------------------------------------------------


def _first_row(rows: Iterator[tuple[int, tuple[Any, ...]]]) -> tuple[int, list[str]]:
    for number, cells in rows:
        texts = ["" if cell.value is None else str(cell.value) for cell in cells]
        if any(text.strip() for text in texts):
            return number, texts
    raise SheetRefused("The sheet is empty. Choose one with a row of names and a row for each entry.")


def _rows(
    file: BinaryIO, rows: Iterator[tuple[int, tuple[Any, ...]]], header: Header, merged: list[tuple[int, int, int, int]]
) -> Iterator[SheetRow]:
    with file, _Readable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, cells in rows:
            if number > MOST_ROWS:
                raise SheetRefused(f"The sheet has more than {MOST_ROWS:,} rows. Split it.")
            row = _row(number, header, cells, [one for one in merged if one[1] <= number <= one[3]] if merged else [])
            if not row.is_empty:
                yield row


def _row(number: int, header: Header, cells: tuple[Any, ...], merged: list[tuple[int, int, int, int]]) -> SheetRow:
    texts: dict[str, str] = dict.fromkeys(header.columns, "")
    problems: list[Problem] = []
    for place, cell in enumerate(cells):
        if cell.value is None:
            continue
        name = header.places[place] if place < len(header.places) else ""
        if name and name != LEFT_OUT:
            texts[name], trouble = text_of(name, cell)
            problems += [trouble] if trouble else []
        elif not name and str(cell.value).strip():
            problems.append(nameless(place))
    for left, top, right, bottom in merged[:1]:
        where = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom}"
        problems.append(
            problem("merged", f"Cells of this row are merged ({where}).", "Unmerge them, and fill in each.")
        )
    return SheetRow(number, texts, tuple(problems))


def text_of(name: str, cell: Any) -> tuple[str, Problem | None]:
    """The text of a cell, where it is one beyond doubt."""
    value = cell.value
    if cell.data_type == "f":
        shown = visible(str(getattr(value, "text", value)))[:200]
        return shown, formula(name, shown)
    if cell.data_type == "e":
        return str(value), problem("error", f"The cell {name} shows the error {value}.", "Write what is meant.", name)
    if isinstance(value, str):
        return unheld(value), None
    if isinstance(value, bool):
        text = "yes" if value else "no"
        return text, None if name == "enabled" else of_kind(name, "a yes or no", "TRUE" if value else "FALSE")
    if isinstance(value, datetime | date | time | timedelta):
        return _moment(name, value)
    return _number(name, cell, value)


def _moment(name: str, value: datetime | date | time | timedelta) -> tuple[str, Problem | None]:
    if name in ("starts", "ends") and isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}", None
    trouble = problem(
        "date",
        f"The cell {name} holds a date or time ({value}), and what was typed there cannot be told.",
        "Give the cell the format Text, and write it again.",
        name,
    )
    return str(value), trouble


def _number(name: str, cell: Any, value: Any) -> tuple[str, Problem | None]:
    """A whole number without a format of its own is its digits; 10.1 may have been 10.10."""
    if isinstance(value, int) and abs(value) < _EXACT and cell.number_format in ("General", "0", "@"):
        return str(value), None
    trouble = problem(
        "number",
        f"The cell {name} holds the number {value}, and what was typed there (such as zeros) cannot be told.",
        "Give the cell the format Text, and write it again.",
        name,
    )
    return str(value), trouble
