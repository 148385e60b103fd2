"""Reading and writing text in tests, without files."""

from __future__ import annotations

from io import BytesIO

from tables.sendmail.parse import read_table
from tables.sendmail.render import render
from tables.sendmail.spec import Entry, Parsed, Passage, Problem
from tables.sendmail.tables import TABLES

LOCAL = frozenset(("mx.test.example",))


def read(table: str, data: bytes | str) -> list[Parsed]:
    raw = data.encode() if isinstance(data, str) else data
    return list(read_table(TABLES[table], lambda: BytesIO(raw), local_names=LOCAL))


def items(table: str, data: bytes | str) -> list[Entry | Passage]:
    return [parsed.item for parsed in read(table, data)]


def entries(table: str, data: bytes | str) -> list[Entry]:
    return [item for item in items(table, data) if isinstance(item, Entry)]


def passages(table: str, data: bytes | str) -> list[str]:
    return [item.text for item in items(table, data) if isinstance(item, Passage)]


def problems(table: str, data: bytes | str) -> list[Problem]:
    return [problem for parsed in read(table, data) for problem in parsed.problems]


def written(table: str, parts: list[Entry | Passage]) -> bytes:
    return b"".join(render(TABLES[table], parts))


def again(table: str, data: bytes | str) -> bytes:
    """What comes out for what goes in."""
    return written(table, items(table, data))
