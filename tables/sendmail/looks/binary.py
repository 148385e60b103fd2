"""Files that are no text: known by the number that they begin with, or by their bytes."""

from __future__ import annotations

from tables.sendmail.looks.base import Head, Look

_UNPACK = "Unpack it and import the text that is in it."
_SOURCE = "Import the text from which it was made, not what a program made of it."
_EXPORT = "Save its entries as the table's own text and import that."

#: (offset, bytes, what, remedy). Those that begin with letters have more than letters in them somewhere.
_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x1f\x8b", "a gzip archive", _UNPACK),
    (0, b"BZh", "a bzip2 archive", _UNPACK),
    (0, b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"!<arch>\n", "an archive of ar or a Debian package", _UNPACK),
    (0, b"\x7fELF", "a program (ELF)", _SOURCE),
    (0, b"%PDF-", "a PDF", _EXPORT),
    (0, b"\x89PNG\r\n", "a picture (PNG)", _EXPORT),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (0, b"GIF8", "a picture (GIF)", _EXPORT),
    (0, b"SQLite format 3\0", "a database of SQLite", _EXPORT),
    (0, b"\xd0\xcf\x11\xe0", "a document of an old office program", _EXPORT),
)

#: Berkeley DB: hash and btree, in either byte order, at byte 12 (version 2 and later) or 0 (1.85).
_BERKELEY = {number.to_bytes(4, order) for number in (0x061561, 0x053162) for order in ("little", "big")}
_GDBM = {number.to_bytes(4, order) for number in (0x13579ACE, 0x13579ACD, 0x13579ACF) for order in ("little", "big")}

_TEXT = frozenset((*b"\t\n\v\f\r", *range(0x20, 0x7F), *range(0x80, 0x100)))
_ODD = bytes(sorted(set(range(256)) - _TEXT))
#: A short file with a few odd bytes is a table with a mishap in it, and is reported line by line.
_ENOUGH = 1024
_SHARE = 10


def binary(head: Head) -> Look | None:
    data = head.data
    return _map(data) or _zip(data) or _known(data) or _utf16(data) or _odd(data)


def _map(data: bytes) -> Look | None:
    if data[12:16] in _BERKELEY or data[:4] in _BERKELEY | _GDBM:
        return Look("a built map (.db)", "the number of Berkeley DB or GDBM at its start", f"{_SOURCE[:-1]}: no .db.")
    return None


def _zip(data: bytes) -> Look | None:
    if not data.startswith(b"PK\x03\x04"):
        return None
    if b"xl/" in data or b"[Content_Types].xml" in data:
        return Look("a spreadsheet or another office document", "a zip archive with office parts in it", _EXPORT)
    return Look("a zip archive", "its first bytes", _UNPACK)


def _known(data: bytes) -> Look | None:
    for offset, magic, what, remedy in _MAGIC:
        if data[offset : offset + len(magic)] == magic and _is_binary(data, magic):
            return Look(what, "its first bytes", remedy)
    return None


def _is_binary(data: bytes, magic: bytes) -> bool:
    return not magic.isalnum() or bool(data.translate(None, bytes(_TEXT)))


def _utf16(data: bytes) -> Look | None:
    """Windows' Unicode: a byte order mark, and NUL for every other byte of ASCII text."""
    order = {b"\xff\xfe": 1, b"\xfe\xff": 0}.get(data[:2])
    if order is None or len(data) < 4:
        return None
    high = data[2:][order::2]
    if high.count(0) * 2 <= len(high):
        return None
    return Look("text in UTF-16", "a byte order mark at its start", "Save it as UTF-8 without a mark and import that.")


def _odd(data: bytes) -> Look | None:
    odd = len(data) - len(data.translate(None, _ODD))
    if len(data) < _ENOUGH or odd * 100 <= _SHARE * len(data):
        return None
    share = odd * 100 // len(data)
    because = f"{share} % of its first {len(data)} bytes are no text"
    return Look("a binary file", because, "Import the text of the table.")
