"""Lines of a file before and after a change, as a page or a letter shows them: what stays, goes and comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from django.utils import timezone

from tables import changes, dates
from tables.models import Change
from tables.sendmail.spec import ABOUT, Entry
from tables.sendmail.tables import TABLES
from tables.sendmail.text import visible


@dataclass(frozen=True, slots=True)
class Line:
    """One line with control characters written out. ``kind`` is same, removed or added."""

    kind: str
    text: str

    @property
    def sign(self) -> str:
        return {"removed": "−", "added": "+"}.get(self.kind, "")


def difference(before: Sequence[str], after: Sequence[str], *, clear: Callable[[str], str] = visible) -> list[Line]:
    """The lines of both, each as ``clear`` lets a page show it."""
    lines: list[Line] = []
    for what, old_start, old_end, new_start, new_end in SequenceMatcher(None, before, after, False).get_opcodes():
        if what == "equal":
            lines += [Line("same", clear(text)) for text in before[old_start:old_end]]
            continue
        lines += [Line("removed", clear(text)) for text in before[old_start:old_end]]
        lines += [Line("added", clear(text)) for text in after[new_start:new_end]]
    return lines


def of_text(table: str, before: str, after: str) -> list[Line]:
    """Of text between the entries of a file."""
    lines = [text.removesuffix("\n").split("\n") if text else [] for text in (before, after)]
    return difference(lines[0], lines[1], clear=TABLES[table].shown)


def difference_of(change: Change) -> list[Line]:
    before, after = changes.lines(change)
    return difference(before, after, clear=TABLES[change.table].shown)


class Told(NamedTuple):
    """Something beside the file that a change makes another; empty where there was or is none."""

    name: str
    before: str
    after: str


#: What the panel alone knows of an entry, as people call it.
NAMES = {"owner": "Owner", "ticket": "Ticket", "starts": "Begins", "ends": "Ends"}


def told(before: Entry | None, after: Entry | None) -> list[Told]:
    """What changes of what stands in no file."""
    pairs = {name: (_told(before, name), _told(after, name)) for name in ABOUT}
    return [Told(NAMES[name], was, is_) for name, (was, is_) in pairs.items() if was != is_]


def _told(entry: Entry | None, name: str) -> str:
    text: str = getattr(entry, name) if entry else ""
    moment = dates.moment_of(text) if name in {"starts", "ends"} else None
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}" if moment else visible(text)
