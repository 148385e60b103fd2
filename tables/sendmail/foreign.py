"""Is a file that bears a table's name that table's at all? A look at its beginning; for templates, at all of it.

What sendmail would read line by line without a word is refused here as a whole when it was beyond doubt made for
something else. Whatever is not recognised is parsed, and what is wrong with it is reported line by line.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from tables.sendmail.looks.base import Head, Look, on_line
from tables.sendmail.looks.binary import binary
from tables.sendmail.looks.formats import separated, settings, template, text_format
from tables.sendmail.looks.mailers import other_mailer
from tables.sendmail.looks.tables import another_table
from tables.sendmail.spec import Grade, Problem, TableSpec

#: Bytes at the beginning that are looked at in every way.
HEAD = 65_536

_BLOCK = 1 << 20
_TEMPLATE = re.compile(rb"\{%|\{\{|<%")


def look(spec: TableSpec, data: BinaryIO) -> Problem | None:
    """What is wrong with a file as a whole: it is not this table's. ``None`` for every file that may be."""
    beginning = data.read(HEAD)
    head = Head(beginning, whole=len(beginning) < HEAD)
    found = _looked(spec, head) or _template_below(data, beginning)
    if found is None:
        return None
    return Problem(
        "text.foreign",
        Grade.ERROR,
        f"{spec.name} looks like {found.what} ({found.because}), not like sendmail’s {spec.name}.",
        found.remedy,
        line=found.line,
    )


def _looked(spec: TableSpec, head: Head) -> Look | None:
    return (
        binary(head)
        or text_format(head)
        or other_mailer(spec, head)
        or settings(head)
        or separated(head)
        or another_table(spec, head)
    )


def _template_below(data: BinaryIO, before: bytes) -> Look | None:
    """A template whose first mark stands below the beginning: only lines that may have one are looked at."""
    number = before.count(b"\n") + 1
    line = before.rpartition(b"\n")[2]
    while block := data.read(_BLOCK):
        text = line + block + data.readline(_BLOCK)
        if _TEMPLATE.search(text) and (found := template(Head(text, whole=True))):
            place = number + (found.line or 1) - 1
            shown = found.because.rpartition(" on line ")[0]
            return Look(found.what, on_line(shown, [(place, "")]), found.remedy, place)
        number += text.count(b"\n")
        line = b""
    return None
