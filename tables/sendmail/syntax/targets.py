"""The right-hand side of an alias taken apart: a list with quotes, as sendmail's recipient.c reads it."""

from __future__ import annotations

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
    return [_item(text) for part in _split(value) if (text := part.strip(" \t\v\f\r\n"))]


def _split(value: str) -> list[str]:
    """Parts between commas that stand outside quotes, comments and angle brackets."""
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
    name = bare(text)
    if name.startswith("|"):
        return Item(Target.PROGRAM, name[1:].strip(), text)
    if name.startswith("/"):
        return Item(Target.FILE, name, text)
    if name.lower().startswith(":include:"):
        return Item(Target.INCLUDE, name[9:].strip(), text)
    return Item(Target.ADDRESS, name, text)


def bare(text: str) -> str:
    """``text`` without the quotes around it or around what follows ``|``, and without ``Name <…>``."""
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1].strip()
    if text.startswith("|"):
        return "|" + text[1:].strip().strip('"')
    if text.endswith(">") and "<" in text:
        return bare(text[text.rindex("<") + 1 : -1].strip())
    return text.lstrip('"')
