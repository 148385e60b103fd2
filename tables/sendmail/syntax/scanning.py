"""Text as sendmail's prescan() reads it before anything is compared (parseaddr.c)."""

from __future__ import annotations

import re

_MARKS = re.compile(r"[()\\]")


def without_comments(text: str) -> str:
    """``text`` without what stands in parentheses, which nest and may lack their end; a closing one too many goes too.

    Quotes and backslashes protect a parenthesis; in a comment only a backslash does. A last backslash alone vanishes.
    """
    if not _MARKS.search(text):
        return text
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in text:
        if escaped:
            escaped = False
            kept.append("" if depth else f"\\{char}")
        elif char == "\\":
            escaped = True
        elif not quoted and char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            kept.append(" " if char == "(" else "")
        elif not depth:
            kept.append(char)
            quoted ^= char == '"'
    return "".join(kept)
