"""What a file is by what is in it, whatever its name says, and in which encoding its text is."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from tables.sendmail.text import visible
from tables.sheets.columns import COLUMNS, SheetRefused

#: Bytes of a file that may be uploaded.
MOST_BYTES = 64 * 1024 * 1024

_HEAD = 65_536
#: How files begin that are no table, and what they are.
_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file, or one with a password", "Save it as XLSX without a password."),
    (b"%PDF", "a PDF", "Upload the spreadsheet that it was made of."),
    (b"\x1f\x8b", "packed with gzip", "Unpack it first."),
    (b"BZh", "packed with bzip2", "Unpack it first."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first."),
    (b"7z\xbc\xaf", "packed with 7-Zip", "Unpack it first."),
    (b"Rar!", "packed with RAR", "Unpack it first."),
    (b"\x89PNG", "a picture", "Upload the spreadsheet itself."),
    (b"\xff\xd8\xff", "a picture", "Upload the spreadsheet itself."),
    (b"{\\rtf", "a text document (RTF)", "Upload the spreadsheet itself."),
    (b"SQLite format 3", "a database", "Export the table from it as CSV."),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What a person may say that a text is in, and what that is called.
ENCODINGS = {"utf-8": "UTF-8", "windows-1252": "Windows-1252", "iso-8859-1": "ISO 8859-1 (Latin-1)", "utf-16": "UTF-16"}
_LABELS = {**ENCODINGS, "utf-8-sig": "UTF-8", "utf-32": "UTF-32", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[{\]])')
_MARKUP = re.compile(r"\s*<(?:!doctype|html|\?xml|table|svg)", re.IGNORECASE)


class EncodingInDoubt(SheetRefused):
    """Text that is no UTF-8: a person must say what it is."""


def label(encoding: str) -> str:
    return _LABELS[encoding]


def refuse_size(path: Path) -> None:
    size = path.stat().st_size
    if not size:
        raise SheetRefused("The file is empty. Choose one with a row of names and a row for each entry.")
    if size > MOST_BYTES:
        raise SheetRefused(
            f"The file has {size / 1048576:,.0f} MB; {MOST_BYTES // 1048576} are taken here. "
            "Split it, or have it imported by manage.py import_tables."
        )


def kind_of(path: Path, *, name: str = "", encoding: str = "") -> tuple[str, str]:
    """(format, encoding) of a file; the encoding is empty where bytes are read as they are."""
    refuse_size(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx", ""
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise SheetRefused(f"{_called(name)} is {what}. {remedy}")
    taken, doubt = _encoding_of(path, head, encoding)
    beginning = head.decode(taken or "latin-1", "ignore").lstrip("\ufeff")
    if _MARKUP.match(beginning):
        raise SheetRefused(f"{_called(name)} is a web page or XML. Save it as XLSX or CSV.")
    if _JSON.match(beginning):
        return "json", _decided(taken, doubt)
    if _is_separated(beginning, name):
        return "csv", _decided(taken, doubt)
    return "flat", ""


def _called(name: str) -> str:
    return f"“{visible(name)[:80]}”" if name else "The file"


def _is_separated(beginning: str, name: str) -> bool:
    """Whether it begins as a sheet does: flat files have no row of names."""
    first = next((line for line in beginning.splitlines() if line.strip()), "")
    if first.lower().startswith("sep="):
        return True
    cells = {cell.strip().strip('"').lower() for cell in re.split(r"[,;\t]", first)}
    return bool(cells & set(COLUMNS)) or name.lower().endswith((".csv", ".tsv"))


def _decided(taken: str, doubt: str) -> str:
    if not taken:
        raise EncodingInDoubt(doubt)
    return taken


def _encoding_of(path: Path, head: bytes, said: str) -> tuple[str, str]:
    """The encoding of the text, or why it is in doubt."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), "")
    guess = marked or said or _wide(head) or "utf-8"
    with path.open("rb") as file:
        place = _undecodable(file, guess)
    if place is None:
        return guess, ""
    if marked or said:
        raise SheetRefused(
            f"The file is not {label(guess)} throughout: byte {place:,} is not. Say another encoding, or save it anew."
        )
    return "", _in_doubt(path, place)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark has a NUL in every other byte of what is ASCII."""
    even, odd = head[0:200:2], head[1:200:2]
    if len(odd) > 1 and odd.count(0) * 10 > len(odd) * 7 and not even.count(0):
        return "utf-16-le"
    if len(even) > 1 and even.count(0) * 10 > len(even) * 7 and not odd.count(0):
        return "utf-16-be"
    return ""


def _undecodable(file: BinaryIO, encoding: str) -> int | None:
    """The place of the first byte that the encoding does not know."""
    decoder, done = codecs.getincrementaldecoder(encoding)(), 0
    while True:
        chunk = file.read(_HEAD)
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return max(done - (len(error.object) - len(chunk)), 0) + error.start
        if not chunk:
            return None
        done += len(chunk)


def _in_doubt(path: Path, place: int) -> str:
    with path.open("rb") as file:
        file.seek(max(place - 20, 0))
        before, after = file.read(min(place, 20)), file.read(20)
    around = before.rpartition(b"\n")[2] + after.partition(b"\n")[0]
    sample = visible(around.decode("windows-1252", "replace").strip())
    return (
        f"The text is not UTF-8: byte {place:,} is not. As Windows-1252 it would say “{sample}” there. "
        "If that is right say Windows-1252, or else another encoding, or save the file as UTF-8."
    )
