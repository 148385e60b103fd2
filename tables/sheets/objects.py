"""JSON: a list of objects, alone or as ``entries`` of an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tables.sendmail.spec import Problem, TableSpec
from tables.sendmail.text import visible
from tables.sheets.columns import SheetRefused, columns_of, read_header
from tables.sheets.looking import label
from tables.sheets.rows import MOST_ROWS, Sheet, SheetRow, problem

_SHAPE = 'Write [{"key": "…"}, …], or {"entries": [ … ]}.'


class _Object(dict[str, Any]):
    """An object, and which of its names stood in it twice."""

    double: tuple[str, ...] = ()


def read(table: TableSpec, path: Path, *, encoding: str, leave_out_unknown: bool = False) -> Sheet:
    found = _items(table, _loaded(path, encoding))
    if len(found) > MOST_ROWS:
        raise SheetRefused(f"The file has {len(found):,} entries; {MOST_ROWS:,} are read at most. Split it.")
    names = {name: None for item in found if isinstance(item, dict) for name in item}
    header = read_header(
        table, ["key", *(name for name in names if name != "key")], leave_out_unknown=leave_out_unknown
    )
    known = columns_of(table)
    return Sheet("json", f"JSON, {label(encoding)}", len(found), _rows(known, found), header.unknown)


def _loaded(path: Path, encoding: str) -> Any:
    try:
        return json.loads(path.read_text(encoding=encoding).lstrip("\ufeff"), object_pairs_hook=_object)
    except RecursionError:
        raise SheetRefused(f"The JSON is nested too deep. {_SHAPE}") from None
    except ValueError as error:
        raise SheetRefused(f"The file begins like JSON, but is none: {error}. Mend it, or write it anew.") from None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        names = [name for name, _value in pairs]
        made.double = tuple(sorted({name for name in names if names.count(name) > 1}))
    return made


def _items(table: TableSpec, loaded: Any) -> list[Any]:
    if isinstance(loaded, dict):
        of = loaded.get("table", table.name)
        if of != table.name:
            raise SheetRefused(f"The file says that it is of {visible(str(of))[:60]}, not of {table.name}.")
        loaded = loaded.get("entries")
    if not isinstance(loaded, list):
        raise SheetRefused(f"The JSON is no list of entries. {_SHAPE}")
    return loaded


def _rows(known: tuple[str, ...], found: list[Any]) -> Iterator[SheetRow]:
    for number, item in enumerate(found, 1):
        if not isinstance(item, dict):
            text = json.dumps(item)[:200]
            yield SheetRow(number, {"key": text}, (problem("shape", "This is no object.", 'Write {"key": "…"}.'),))
            continue
        texts, problems = {}, []
        for name, value in item.items():
            if name.strip().lower() in known and value is not None:
                texts[name.strip().lower()], trouble = _text(name.strip().lower(), value)
                problems += [trouble] if trouble else []
        if isinstance(item, _Object) and item.double:
            problems.append(
                problem("double", f"The name {visible(item.double[0])[:40]} stands in it twice.", "Leave one of them.")
            )
        row = SheetRow(number, texts, tuple(problems))
        if not row.is_empty:
            yield row


def _text(name: str, value: Any) -> tuple[str, Problem | None]:
    if isinstance(value, str):
        return value, None
    if isinstance(value, bool):
        text = "yes" if value else "no"
        return text, None if name == "enabled" else of_kind(name, "yes or no", str(value).lower())
    if isinstance(value, int):
        return str(value), None
    return json.dumps(value)[:200], of_kind(name, "something else", json.dumps(value)[:60])


def of_kind(name: str, kind: str, shown: str) -> Problem:
    return problem("kind", f"The cell {name} holds {kind} ({shown}), where text belongs.", "Write it as text.", name)
