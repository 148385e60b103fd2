"""Entries that were meant to go: hand-kept files say so in the comment above them."""

from __future__ import annotations

import re
from datetime import date

from tables.sendmail.spec import Problem
from tables.sendmail.syntax.common import shown, warning
from tables.sendmail.syntax.fixes import remove

_UNTIL = re.compile(
    r"\b(?:expire[sd]?(?:\s+(?:on|at))?|until|till|bis|(?:remove|delete)\s+(?:after|on)|end\s+date)\s*:?\s*"
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))(?!\d)",
    re.IGNORECASE,
)


def expired(comment: str, today: date) -> Problem | None:
    """The problem of an entry whose comment names a day up to which it holds; the latest of several counts."""
    days = [day for found in _UNTIL.finditer(comment) if (day := _day(found)) is not None]
    if not days or max(days) >= today:
        return None
    line = next(line for line in comment.splitlines() if _UNTIL.search(line) or _UNTIL.search(comment))
    return warning(
        "comment.expired",
        f"The comment says that this entry holds up to {max(days).isoformat()}: “{shown(line.strip())}”.",
        "Remove the entry, or correct the date.",
        "comment",
        remove(),
    )


def _day(found: re.Match[str]) -> date | None:
    year, month, day, german_day, german_month, german_year = found.groups()
    try:
        return date(int(year or german_year), int(month or german_month), int(day or german_day))
    except ValueError:
        return None
