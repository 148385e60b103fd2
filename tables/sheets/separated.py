"""CSV: rows of text, with commas, semicolons or tabs between the cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TextIO

from tables.sendmail.spec import Problem, TableSpec
from tables.sheets.columns import LEFT_OUT, MOST, Header, SheetRefused, columns_of, read_header
from tables.sheets.escapes import unguarded
from tables.sheets.looking import label
from tables.sheets.rows import MOST_ROWS, Sheet, SheetRow, closed_if_refused, problem

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}


class _Lines:
    """The lines of a text one after the other, and those since they were last asked for."""

    def __init__(self, text: TextIO, first: list[str]) -> None:
        self.source = chain(first, text)
        self.since: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self.source)
        if len(self.since) < 50:
            self.since.append(line)
        return line

    def taken(self) -> str:
        text, self.since = "".join(self.since), []
        return text


def read(table: TableSpec, path: Path, *, encoding: str, leave_out_unknown: bool = False) -> Sheet:
    """The rows of a CSV file. Raises :class:`SheetRefused` when its first row will not do."""
    text = TextIOWrapper(path.open("rb"), encoding=encoding, newline="")
    with closed_if_refused(text):
        first, skipped, delimiter = _first_line(table, text)
        lines = _Lines(text, [first])
        rows = _records(lines, delimiter, skipped)
        _number, cells, trouble = next(rows, (0, [], None))
        if trouble:
            raise SheetRefused(f"The first row cannot be read: {trouble.message} {trouble.remedy}")
        header = read_header(table, cells, leave_out_unknown=leave_out_unknown)
    said = f"CSV with {_NAMES[delimiter]}, {label(encoding)}"
    return Sheet("csv", said, _count(path), _rows(text, header, rows), header.unknown)


def _count(path: Path) -> int:
    """About how many rows: lines less one."""
    with path.open("rb") as file:
        return max(sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")), 1)


def _first_line(table: TableSpec, text: TextIO) -> tuple[str, int, str]:
    """The line of names, how many lines stand before it, and what is between its cells."""
    for skipped, line in enumerate(text):
        bare = line.strip().lstrip("\ufeff")
        if bare.lower().startswith("sep=") and bare[4:5] in _NAMES:  # Excel's own word for it
            return text.readline(), skipped + 1, bare[4]
        if bare.strip(",;\t "):
            known = columns_of(table)
            found = {
                mark: sum(cell.strip(' "').lower() in known for cell in line.strip("\r\n").split(mark))
                for mark in _NAMES
            }
            best = max(found, key=lambda mark: (found[mark], line.count(mark)))
            return line, skipped, best
    raise SheetRefused("The file has no text. Choose one with a row of names and a row for each entry.")


def _records(lines: _Lines, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str], Problem | None]]:
    """(number, cells, what is wrong) of each row; one with a quotation mark astray is told and the next goes on."""
    reader, number = csv.reader(lines, delimiter=delimiter, strict=True), skipped
    while True:
        number += 1
        if number > MOST_ROWS:
            raise SheetRefused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, [lines.taken().rstrip("\r\n")[:2000]], _astray(error)
            continue
        lines.taken()
        yield number, cells, None


def _astray(error: csv.Error) -> Problem:
    if "limit" in str(error):
        return problem("long", f"A cell has more than {csv.field_size_limit():,} characters.", "Shorten it.")
    if "unexpected end" in str(error):
        return problem(
            "quote",
            "A quotation mark is opened here and never closed, so all that follows was read as one cell.",
            "Close it, or write two where one is meant, and import the file again.",
        )
    return problem(
        "quote",
        "A quotation mark stands where none may be.",
        "Put the whole cell in quotation marks, and write two where one is meant.",
    )


def _rows(text: TextIO, header: Header, records: Iterator[tuple[int, list[str], Problem | None]]) -> Iterator[SheetRow]:
    with text:
        for number, cells, trouble in records:
            row = SheetRow(number, {"key": cells[0]}, (trouble,)) if trouble else row_of(number, header, cells)
            if not row.is_empty:
                yield row


def row_of(number: int, header: Header, cells: list[str]) -> SheetRow:
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for place, name in enumerate(header.places):
        cell = cells[place] if place < len(cells) else ""
        if name and name != LEFT_OUT:
            texts[name] = unguarded(cell)
            if cell[:1] == "=":
                problems.append(formula(name, cell))
        elif cell.strip() and not name:
            problems.append(nameless(place))
    if any(cell.strip() for cell in cells[len(header.places) : MOST]):
        problems.append(nameless(len(header.places)))
    return SheetRow(number, texts, tuple(problems))


def formula(name: str, text: str) -> Problem:
    return problem(
        "formula",
        f"The cell {name} holds a formula, {text[:80]}, and formulas are not worked out.",
        "Write what it shows as text; an apostrophe before it makes it text in CSV.",
        name,
    )


def nameless(place: int) -> Problem:
    return problem(
        "nameless",
        f"There is something in column {place + 1}, which has no name in the first row.",
        "Give the column its name, or empty the cell.",
    )
