"""What is written as a sheet is read as what it was, whatever stands in it, and never runs as a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from tables.sendmail.secret import MASK
from tables.sendmail.spec import Entry
from tables.sheets import writing
from tables.sheets.columns import COLUMNS, SheetRefused, columns_of
from tables.sheets.escapes import guarded, held, unguarded, unheld
from tables.sheets.writing import FORMATS, begun, texts_of, write
from tests.sheets.making import ACCESS, RELAY, VIRTUAL, put, read, written

SHEETS = ("csv", "xlsx", "json")
#: Any text that a database keeps: no NUL, no half characters.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "=1+1",
        "'=1",
        "''",
        "@x",
        "-",
        "+a",
        " =x",
        "\t=x",
        "_x0041_",
        "_x000D_",
        "_x005F_",
        "a\nb",
        "a\r\nb",
        '"',
        ";",
        "é",
    ]
)
ENTRIES = st.builds(
    Entry,
    key=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9),
    value=TEXT,
    comment=TEXT,
    enabled=st.booleans(),
    owner=TEXT,
    ticket=TEXT,
    starts=st.just("2030-01-31T12:00:00Z"),
)


@pytest.mark.parametrize("kind", SHEETS)
@settings(max_examples=25)
@given(entries=st.lists(ENTRIES.filter(lambda entry: entry.key.strip()), min_size=1, max_size=4))
@example(entries=[Entry("@example.com", "=cmd|' /C calc'!A0", comment="'=1\n@\t"), Entry("_x000D_", "_x0001_\x01\x7f")])
def test_a_sheet_comes_back_unchanged(kind: str, entries: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = put(Path(place), written(kind, entries))
        sheet, rows = read(path, name="x.csv")
    assert sheet.format == kind
    assert [list(row.texts.values()) for row in rows] == [texts_of(VIRTUAL, entry) for entry in entries]
    assert [row.problems for row in rows] == [()] * len(rows)


@given(TEXT)
def test_what_is_escaped_is_unescaped(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert unheld(held(text)) == text


@given(TEXT)
def test_no_cell_of_csv_begins_like_a_formula(text: str) -> None:
    assert guarded(text)[:1] not in tuple("=+-@\t\r")
    assert guarded(text).lstrip()[:1] not in tuple("=+-@")


def test_what_somebody_else_wrote_with_an_apostrophe_keeps_it() -> None:
    assert unguarded("'tis") == "'tis"
    assert unguarded("@example.com") == "@example.com"


def test_cells_of_xlsx_are_text_and_stay_text_when_they_are_edited() -> None:
    book = load_workbook(io.BytesIO(written("xlsx", [Entry("@example.com", "=1+1", comment="10.10")])))
    row = next(book.worksheets[0].iter_rows(min_row=2))
    assert {cell.data_type for cell in row[:4]} == {"s"}
    assert {cell.number_format for cell in row[:4]} == {"@"}
    assert row[1].value == "=1+1"


@pytest.mark.parametrize("table", [VIRTUAL, RELAY])
def test_a_sheet_has_the_columns_of_its_table(table: object) -> None:
    first = next(csv.reader(io.StringIO(written("csv", [], table).decode("utf-8-sig"))))
    assert tuple(first) == columns_of(table)  # type: ignore[arg-type]
    assert ("value" in first) == (table is VIRTUAL)
    assert set(first) <= set(COLUMNS)


@pytest.mark.parametrize("kind", FORMATS)
def test_passwords_are_dots_unless_they_are_asked_for(kind: str) -> None:
    entry = Entry("authinfo:smart.example", '"U:relay" "P:s3cr3t"', comment='was "P:older"')
    hidden = _texts(kind, written(kind, [entry], ACCESS))
    assert "s3cr3t" not in hidden
    assert "older" not in hidden
    assert MASK in hidden
    assert "s3cr3t" in _texts(kind, written(kind, [entry], ACCESS, secrets=True))


def _texts(kind: str, data: bytes) -> str:
    if kind != "xlsx":
        return data.decode()
    return str([cell.value for row in load_workbook(io.BytesIO(data)).worksheets[0] for cell in row])


@pytest.mark.parametrize("kind", ["csv", "json", "flat"])
def test_a_long_table_is_written_in_pieces_while_it_is_read(kind: str) -> None:
    taken = 0

    def entries() -> object:
        nonlocal taken
        for number in range(20_000):
            taken = number
            yield Entry(f"user{number}@example.com", "box@example.net")

    chunks = write(kind, VIRTUAL, entries())  # type: ignore[arg-type]
    next(chunks)
    assert taken < 5000
    assert max(map(len, chunks)) < 100_000


def test_more_rows_than_a_sheet_has_are_refused_before_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "EXCEL_ROWS", 3)
    three = [Entry(f"u{number}@example.com", "x") for number in range(3)]
    with pytest.raises(SheetRefused, match=r"has 3 rows, and these are more. Take CSV"):
        begun(write("xlsx", VIRTUAL, three))
    assert b"".join(begun(write("xlsx", VIRTUAL, three[:2]))).startswith(b"PK")


def test_a_text_too_long_for_a_cell_is_refused_with_its_key() -> None:
    with pytest.raises(
        SheetRefused, match=r"long@example.com has a text of 40,000 characters; a cell of XLSX holds 32,767"
    ):
        begun(write("xlsx", VIRTUAL, [Entry("long@example.com", "x" * 40_000)]))
