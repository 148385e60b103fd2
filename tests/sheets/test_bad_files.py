"""Files that are not what they seem, rows that are not what they should be: each is told what it is and what to do."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from tables.sheets import looking, workbook
from tables.sheets.columns import MOST, SheetRefused, UnknownColumns
from tables.sheets.looking import EncodingInDoubt
from tests.sheets.making import RELAY, in_csv, in_xlsx, in_zip, put, read, replaced_in

ROW = ("a@example.com", "alice")
HEADER = ("key", "value")
NOON = datetime(2026, 1, 31, 12, 0)  # noqa: DTZ001  a cell knows no zone


# --- the first row ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [in_csv, in_xlsx], ids=["csv", "xlsx"])
@pytest.mark.parametrize(
    ("header", "said"),
    [
        (("Schlüssel", "Wert"), "has no column “key”: it says “Schlüssel”, “Wert”"),
        (
            ("value", "comment"),
            "has no column “key”: it says “value”, “comment”. The columns of virtusertable",
        ),
        (("key", "value", "Value"), "The column “value” stands in the first row more than once"),
        (("key", "value", "colour"), "Nobody knows the column “colour”."),
    ],
)
def test_a_first_row_that_will_not_do_is_refused(tmp_path: Path, make: Any, header: tuple[str, ...], said: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(put(tmp_path, make(header, (*ROW, "x"))), name="x.csv")
    assert said in str(refused.value)


def test_unknown_columns_are_left_out_when_somebody_says_so(tmp_path: Path) -> None:
    path = put(tmp_path, in_csv((*HEADER, "colour"), (*ROW, "red")))
    with pytest.raises(UnknownColumns):
        read(path)
    sheet, rows = read(path, leave_out_unknown=True)
    assert sheet.unknown == ("colour",)
    assert rows[0].texts == {"key": ROW[0], "value": ROW[1]}


def test_a_table_without_values_knows_no_column_for_them(tmp_path: Path) -> None:
    with pytest.raises(UnknownColumns, match="Nobody knows the column “value”"):
        read(put(tmp_path, in_csv(HEADER, ROW)), RELAY)


def test_the_order_of_columns_and_the_case_of_their_names_are_free(tmp_path: Path) -> None:
    _sheet, rows = read(put(tmp_path, in_csv(("Value", " KEY "), ("alice", "a@example.com"))))
    assert rows[0].texts == {"value": "alice", "key": "a@example.com"}


def test_more_columns_than_are_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetRefused, match="columns; 64 are read at most"):
        read(put(tmp_path, in_csv(("key", *(f"c{number}" for number in range(MOST))))))


# --- what the file is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty."),
        (b"\r\n \r\n", "has no text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "an old Excel file, or one with a password. Save it as XLSX"),
        (b"%PDF-1.7", "“list.csv” is a PDF."),
        (b"\x1f\x8b\x08rest", "packed with gzip"),
        (b"<html><table><tr><td>key</td></tr></table>", "is a web page or XML"),
        (in_zip(readme=b"hello"), "a ZIP archive, and no XLSX"),
        (in_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "an OpenDocument sheet"),
        (in_zip(xl__workbook_dot_bin=b"x"), "a binary workbook (XLSB)"),
        (b"PK\x03\x04 and no more", "begins like XLSX, but is damaged"),
        (in_zip(xl__workbook_dot_xml=b"<no"), "begins like XLSX, but is damaged inside"),
        (b'{"key": "a@example.com"', "begins like JSON, but is none"),
        (b'{"table": "aliases", "entries": []}', "says that it is of aliases, not of virtusertable"),
        (b'{"key": "a@example.com"}', "The JSON is no list of entries."),
        (b'[{"a":' * 1 + b"[" * 200_000, "nested too deep"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_file_that_is_no_sheet_is_named_for_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(put(tmp_path, data), name="list.csv")
    assert said in str(refused.value)


def test_a_file_is_what_is_in_it_whatever_its_name_says(tmp_path: Path) -> None:
    assert read(put(tmp_path, in_xlsx(HEADER, ROW)), name="list.csv")[0].format == "xlsx"
    assert read(put(tmp_path, in_csv(HEADER, ROW)), name="list.xlsx")[0].format == "csv"
    assert read(put(tmp_path, json.dumps([{"key": "a@example.com"}]).encode()), name="x.xlsx")[0].format == "json"
    assert looking.kind_of(put(tmp_path, b"a@example.com\talice\n"), name="virtusertable.txt") == ("flat", "")
    assert looking.kind_of(put(tmp_path, b"[192.0.2.1]\tREJECT\n")) == ("flat", "")


def test_a_file_above_the_bound_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_BYTES", 10)
    with pytest.raises(SheetRefused, match=r"are taken here. Split it"):
        read(put(tmp_path, in_csv(HEADER, ROW)))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = put(tmp_path, replaced_in(in_xlsx(HEADER, ROW), "xl/worksheets/sheet1.xml", lambda _old: b" " * 40_000_000))
    assert bomb.stat().st_size < 100_000
    monkeypatch.setattr(workbook, "load_workbook", None)  # would be called to unpack it
    with pytest.raises(SheetRefused, match=r"bytes would unpack to 40,0.*200 times its size"):
        read(bomb)


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    parts = {f"p{number}": b"" for number in range(2001)} | {"xl__workbook_dot_xml": b""}
    with pytest.raises(SheetRefused, match="has 2,002 parts"):
        read(put(tmp_path, in_zip(**parts)))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_entities_are_not_expanded(tmp_path: Path, part: str) -> None:
    secret = put(tmp_path, b"secret", "secret")
    doctype = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()

    def change(old: bytes) -> bytes:
        return doctype + old.split(b"?>", 1)[-1].replace(b"alice", b"&e;")

    with pytest.raises(SheetRefused, match="has entities of XML in it"):
        read(put(tmp_path, replaced_in(in_xlsx(HEADER, ROW), part, change)))


def test_which_sheet_is_meant_is_not_guessed(tmp_path: Path) -> None:
    two = in_xlsx(HEADER, ROW, title="One", change=lambda book: book.create_sheet("Two"))
    with pytest.raises(SheetRefused, match=r"has 2 sheets .“One”, “Two”.*call the one to be read virtusertable"):
        read(put(tmp_path, two))
    named = in_xlsx(HEADER, ROW, title="Virtusertable", change=lambda book: book.create_sheet("Notes"))
    assert len(read(put(tmp_path, named))[1]) == 1


# --- encodings and separators -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
def test_an_encoding_that_shows_is_taken_and_said(tmp_path: Path, encoding: str, said: str) -> None:
    text = "key,value,comment\r\na@example.com,alice,Müller\r\n"
    sheet, rows = read(put(tmp_path, text.encode(encoding)))
    assert rows[0].texts["comment"] == "Müller"
    assert sheet.said == f"CSV with commas, {said}"


def test_an_encoding_in_doubt_is_asked_for(tmp_path: Path) -> None:
    path = put(tmp_path, "key,comment\r\na@example.com,Müller €\r\n".encode("windows-1252"))
    with pytest.raises(EncodingInDoubt, match=r"byte 28 is not. As Windows-1252 it would say “.*Müller €” there"):
        read(path)
    sheet, rows = read(path, encoding="windows-1252")
    assert (rows[0].texts["comment"], sheet.said) == ("Müller €", "CSV with commas, Windows-1252")


def test_an_encoding_that_is_not_the_one_said_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetRefused, match="is not Windows-1252 throughout: byte 4 is not"):
        read(put(tmp_path, b"key\n\x81\n"), encoding="windows-1252")


@pytest.mark.parametrize(("mark", "said"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs")])
def test_what_stands_between_cells_is_found_and_said(tmp_path: Path, mark: str, said: str) -> None:
    sheet, rows = read(put(tmp_path, in_csv((*HEADER, "comment"), (*ROW, "x"), mark=mark)))
    assert sheet.said == f"CSV with {said}, UTF-8"
    assert rows[0].texts == {"key": ROW[0], "value": ROW[1], "comment": "x"}


def test_the_line_that_excel_writes_about_it_is_understood(tmp_path: Path) -> None:
    sheet, rows = read(put(tmp_path, b"sep=;\r\nkey;value\r\na@example.com;x,y\r\n"))
    assert "semicolons" in sheet.said
    assert (rows[0].number, rows[0].texts["value"]) == (3, "x,y")


# --- rows -------------------------------------------------------------------------------------------------------------


def test_empty_rows_are_skipped_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    for data in (
        in_csv(HEADER, ROW, ("", ""), (), ("b@example.com", "bob")),
        in_xlsx(HEADER, ROW, (None, ""), (), ("b@example.com", "bob")),
    ):
        _sheet, rows = read(put(tmp_path, data))
        assert [row.number for row in rows] == [2, 5]


def first_problem(tmp_path: Path, data: bytes, **how: Any) -> tuple[str, str]:
    _sheet, rows = read(put(tmp_path, data), **how)
    assert len(rows) >= 1
    found = rows[0].problems[0]
    assert found.remedy
    return found.rule, found.message


@pytest.mark.parametrize(
    ("cell", "rule", "said"),
    [
        ("=1+1", "sheet.formula", "holds a formula, =1+1"),
        (NOON, "sheet.date", "2026-01-31 12:00:00"),
        (date(2026, 1, 31), "sheet.date", "2026-01-31"),
        (time(10, 1), "sheet.date", "10:01:00"),
        (10.1, "sheet.number", "the number 10.1, and what was typed there (such as zeros) cannot be told"),
        (10**17, "sheet.number", "1e+17"),
        (True, "sheet.kind", "holds a yes or no (TRUE)"),
        ("#N/A", "sheet.error", "shows the error #N/A"),
    ],
)
def test_a_cell_that_is_no_text_is_explained(tmp_path: Path, cell: Any, rule: str, said: str) -> None:
    found, message = first_problem(tmp_path, in_xlsx(HEADER, (cell, "alice")))
    assert found == rule
    assert said in message


def test_a_whole_number_is_its_digits_unless_a_format_adds_some(tmp_path: Path) -> None:
    def zeros(book: Any) -> None:
        book.worksheets[0]["B3"].number_format = "00000"

    _sheet, rows = read(put(tmp_path, in_xlsx(HEADER, (ROW[0], 12345), (ROW[0], 7), change=zeros)))
    assert rows[0].texts["value"] == "12345"
    assert not rows[0].problems
    assert rows[1].problems[0].rule == "sheet.number"


def test_dates_and_truths_are_welcome_where_they_belong(tmp_path: Path) -> None:
    _sheet, rows = read(put(tmp_path, in_xlsx(("key", "enabled", "starts"), ("a@example.com", False, NOON))))
    assert rows[0].texts == {"key": "a@example.com", "enabled": "no", "starts": "2026-01-31T12:00:00"}
    assert not rows[0].problems


def test_merged_cells_are_explained_and_refused_in_the_first_row(tmp_path: Path) -> None:
    def merge(where: str) -> Any:
        return lambda book: book.worksheets[0].merge_cells(where)

    _sheet, rows = read(put(tmp_path, in_xlsx(HEADER, ROW, ROW, ROW, change=merge("A2:A3"))))
    assert [[found.rule for found in row.problems] for row in rows] == [["sheet.merged"], ["sheet.merged"], []]
    with pytest.raises(SheetRefused, match="Cells of the first row are merged"):
        read(put(tmp_path, in_xlsx(HEADER, ROW, change=merge("A1:B1"))))


def test_a_formula_in_csv_is_not_taken_for_text(tmp_path: Path) -> None:
    assert first_problem(tmp_path, in_csv(HEADER, ("=A1", "x")))[0] == "sheet.formula"
    assert not read(put(tmp_path, in_csv(HEADER, ("'=A1", "x"))))[1][0].problems


def test_something_in_a_column_without_a_name_is_explained(tmp_path: Path) -> None:
    for data in (in_csv(HEADER, (*ROW, "note")), in_xlsx(HEADER, (*ROW, "note"))):
        assert first_problem(tmp_path, data) == (
            "sheet.nameless",
            "There is something in column 3, which has no name in the first row.",
        )


def test_a_quotation_mark_astray_breaks_its_row_alone(tmp_path: Path) -> None:
    _sheet, rows = read(put(tmp_path, b'key,value\n"a"b@example.com,x\nb@example.com,bob\n"c@example.com,x\n'))
    assert [(row.number, [found.rule for found in row.problems]) for row in rows] == [
        (2, ["sheet.quote"]),
        (3, []),
        (4, ["sheet.quote"]),
    ]
    assert "never closed" in rows[2].problems[0].message


def test_what_json_says_twice_or_in_another_kind_is_explained(tmp_path: Path) -> None:
    data = b'[{"key": "a", "key": "b"}, {"key": ["x"]}, 7, {"key": "n@example.com", "value": 5, "comment": null}]'
    _sheet, rows = read(put(tmp_path, data))
    assert [[found.rule for found in row.problems] for row in rows] == [
        ["sheet.double"],
        ["sheet.kind"],
        ["sheet.shape"],
        [],
    ]
    assert rows[3].texts == {"key": "n@example.com", "value": "5"}
