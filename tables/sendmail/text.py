"""Bytes of a file to ``str`` and back, without loss.

Valid UTF-8 becomes its characters. Every other byte ``b``, and NUL, becomes the private-use character
``chr(0xF700 + b)``, which PostgreSQL stores and ``encode`` turns back into the byte.
"""

from __future__ import annotations

import re

from tables.sendmail.secret import masked

_BASE = 0xF700
_HIGH = range(0x80, 0x100)


def _escaped(code: int) -> str:
    return "".join(chr(_BASE + byte) for byte in chr(code).encode())


_TO_TEXT: dict[int, int | str] = {0: _BASE, _BASE: _escaped(_BASE)}
_TO_TEXT |= {0xDC00 + byte: _BASE + byte for byte in _HIGH}
_TO_TEXT |= {_BASE + byte: _escaped(_BASE + byte) for byte in _HIGH}

_TO_BYTES: dict[int, int] = {_BASE: 0} | {_BASE + byte: 0xDC00 + byte for byte in _HIGH}

_VISIBLE: dict[int, str] = {code: f"\\x{code:02X}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_VISIBLE |= {
    ord("\r"): "\\r",
    ord("\n"): "\\n",
    ord("\v"): "\\v",
    ord("\f"): "\\f",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
#: Characters without width or that turn the direction of what follows them; those that join emoji and letters may stay.
_UNSEEN = (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, 0x200B, 0x200E, 0x200F, 0x3164, 0xFFA0)
_UNSEEN += (*range(0x202A, 0x202F), *range(0x2060, 0x2070))
_VISIBLE |= {code: f"\\u{code:04X}" for code in _UNSEEN}
_VISIBLE |= {_BASE: "\\x00", 0xFEFF: "\\uFEFF"} | {_BASE + byte: f"\\x{byte:02X}" for byte in _HIGH}
del _VISIBLE[ord("\t")]

#: An escaped byte: three bytes in UTF-8 for one in the file.
_ESCAPED = re.compile("[\uf700\uf780-\uf7ff]")

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def decode(data: bytes) -> str:
    """The text of ``data``; ``encode(decode(data)) == data`` for all bytes."""
    if data.isascii():
        text = data.decode("ascii")
        return text.replace("\0", chr(_BASE)) if "\0" in text else text
    return data.decode("utf-8", "surrogateescape").translate(_TO_TEXT)


def encode(text: str) -> bytes:
    """The bytes that ``text`` stands for. Raises ``UnicodeEncodeError`` for a surrogate that no byte made."""
    if text.isascii():
        return text.encode("ascii")
    return text.translate(_TO_BYTES).encode("utf-8", "surrogateescape")


def length(text: str) -> int:
    """How many bytes ``text`` takes in a file. Unlike ``encode`` it takes any text, also a lone surrogate."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass")) - 2 * len(_ESCAPED.findall(text))


def visible(text: str) -> str:
    """``text`` for a page or a message: escaped bytes, control characters written out, TAB kept, passwords hidden."""
    return written_out(masked(text))


def written_out(text: str) -> str:
    """The same with nothing hidden: for text in which no password stands, so that none can be feigned."""
    return text if text.isascii() and text.isprintable() else text.translate(_VISIBLE)


def fold(key: str) -> str:
    """``key`` in lower case as makemap folds it: ASCII letters only."""
    return key.lower() if key.isascii() else key.translate(_LOWER)
