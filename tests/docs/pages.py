"""The tables of a page of the documentation, as rows of cells."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "tables"

#: A cell ends at a pipe that no backslash precedes.
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of every row of the tables that begin with this header cell."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in _CELL.split(line.strip("|"))] if line.startswith("|") else []
        if not cells:
            inside = False
        elif inside and not set(cells[0]) <= set("-: "):
            found.append(cells)
        elif cells[0] == header:
            inside = True
    return found


def code(cell: str) -> str:
    """What stands in the only code span of a cell."""
    [text] = _CODE.findall(cell)
    return text.replace("\\|", "|")
