"""The right-hand side of an alias taken apart: a list with quotes, as sendmail's recipient.c reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What one item of the list is."""

    ADDRESS = "address"
    PROGRAM = "program"
    FILE = "file"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its kind, what it names without quotes, and its text as written."""

    kind: Target
    name: str
    text: str


def items(value: str) -> list[Item]:
    """The items of a value, empty ones left out."""
    return [_item(text) for part in split(value) if (text := part.strip(" \t\v\f\r\n"))]


def split(value: str) -> list[str]:
    """Parts, exactly as written, between commas that stand outside quotes, comments and angle brackets."""
    parts, start, quoted, depth, escaped = [], 0, False, 0, False
    for index, char in enumerate(value):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
        elif char == "," and not depth:
            parts.append(value[start:index])
            start = index + 1
    return [*parts, value[start:]]


def _item(text: str) -> Item:
    """What sendmail may deliver to. It sees a program, file or list through comments, quotes, ``Name <…>``, groups,
    routes and local hosts (``list:|/bin/x;``, ``host!|/bin/x``, ``"|/bin/x"@localhost``), so we look through them too.
    """
    name = bare(text)
    plain = _COMMENT.sub(" ", text) if '"' not in text else text
    plain = plain.replace('"', "").replace("\\", "")
    if _INCLUDE.search(plain):
        return Item(Target.INCLUDE, _INCLUDE.split(plain, maxsplit=1)[1].strip(" >;"), text)
    if "|" in text:
        return Item(Target.PROGRAM, plain.partition("|")[2].strip(" >;"), text)
    if found := _FILE.search(plain):
        return Item(Target.FILE, plain[found.end() - 1 :].strip(" >;"), text)
    return Item(Target.ADDRESS, name, text)


_COMMENT = re.compile(r"\([^()]*\)")
_INCLUDE = re.compile(r":\s*include\s*:", re.IGNORECASE)
_FILE = re.compile(r"(?:\A|[\s:!<])/")


def bare(text: str) -> str:
    """``text`` of an address without the quotes around it and without ``Name <…>``."""
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1].strip()
    if text.endswith(">") and "<" in text:
        return bare(text[text.rindex("<") + 1 : -1].strip())
    return text.lstrip('"')
