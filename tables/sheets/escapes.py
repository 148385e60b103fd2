"""How text that a spreadsheet would take for something else is written, and read again as what it was.

CSV: what a spreadsheet takes for a formula gets an apostrophe before it, and so does what begins with one, so that
taking one off is always right (OWASP, "CSV Injection"). XLSX: cells are of the type text, where nothing is a formula;
characters that XML cannot hold are written as Excel writes them, ``_x0001_`` (ECMA-376, ST_Xstring).
"""

from __future__ import annotations

import re

#: What makes a formula, in the wide letters of East Asia too. An apostrophe is among them so that it can be told.
_STARTS = "=+-@\t\r'＝＋－＠"
_GUARD = "'"

_UNHELD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]|_(?=x(?:00[01][0-9A-Fa-f]|007[Ff]|[Ff]{3}[EeFf]|005[Ff])_)")
_WRITTEN = re.compile("_x(00[01][0-9A-Fa-f]|007[Ff]|[Ff]{3}[EeFf]|005[Ff])_")


def _is_taken_amiss(text: str) -> bool:
    # Blanks before it do not keep every spreadsheet from seeing a formula.
    return text[:1] in _STARTS or text.lstrip()[:1] in _STARTS


def guarded(text: str) -> str:
    """A text for a cell of CSV."""
    return _GUARD + text if text and _is_taken_amiss(text) else text


def unguarded(text: str) -> str:
    """What :func:`guarded` was given."""
    return text[1:] if text[:1] == _GUARD and text[1:] and _is_taken_amiss(text[1:]) else text


def held(text: str) -> str:
    """A text for a cell of XLSX."""
    return _UNHELD.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unheld(text: str) -> str:
    """What :func:`held` was given, or Excel."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
