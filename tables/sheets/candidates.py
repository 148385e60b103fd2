"""What a file asks for, row by row, of whatever format it is: a key, and what becomes of what stands under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tables import importing
from tables.errors import ChangeError
from tables.importing import placed
from tables.scopes import Scope
from tables.sendmail.hiding import unhidden
from tables.sendmail.layout import STEP
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec
from tables.sheets import meaning, objects, separated
from tables.sheets.columns import SheetRefused
from tables.sheets.looking import kind_of
from tables.sheets.meaning import Meant
from tables.sheets.rows import Sheet, SheetRow, problem


@dataclass(frozen=True, slots=True)
class Candidate:
    """``keys``: under which the entry may stand, the first of them the one it will have. ``texts``: to mend it by."""

    number: int
    keys: tuple[str, ...]
    texts: dict[str, str]
    errors: list[Problem]
    make: Callable[[Entry | None], Meant]


@dataclass(frozen=True, slots=True)
class Source:
    format: str
    said: str
    total: int
    candidates: Iterator[Candidate]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class How:
    """How a file is to be read. ``name``: what whoever sent it called it."""

    name: str = ""
    encoding: str = ""
    leave_out_unknown: bool = False
    mode: str = importing.MERGE


def source_of(table: TableSpec, path: Path, how: How, *, scope: Scope, end: int) -> Source:
    """The rows of a file of any format. Raises :class:`SheetRefused`."""
    kind, encoding = kind_of(path, name=how.name, encoding=how.encoding)
    if kind == "flat":
        return _flat(table, path, how, scope, end)
    if kind == "xlsx":
        from tables.sheets import workbook  # every program would else start with openpyxl, a tenth of its time

        sheet = workbook.read(table, path, leave_out_unknown=how.leave_out_unknown)
    else:
        read = separated.read if kind == "csv" else objects.read
        sheet = read(table, path, encoding=encoding, leave_out_unknown=how.leave_out_unknown)
    return Source(sheet.format, sheet.said, sheet.total, _candidates(table, sheet, scope, end), sheet.unknown)


def _candidates(table: TableSpec, sheet: Sheet, scope: Scope, end: int) -> Iterator[Candidate]:
    for place, row in enumerate(sheet.rows):
        yield candidate_of(table, row, scope=scope, position=end + place * STEP)


def candidate_of(table: TableSpec, row: SheetRow, *, scope: Scope, position: int) -> Candidate:
    errors = [*row.problems, *meaning.check_cells(row.texts)]
    texts = {name: meaning.storable(text)[: meaning.MOST_TEXT] for name, text in row.texts.items()}
    typed = texts.get("key", "")
    if not typed.strip() and not errors:
        errors = [problem("no-key", "The row has no key.", "Write the key, or leave the row out.", "key")]
    readable = not any(error.field in ("key", "") for error in errors)
    key = meaning.key_of(table, typed) if readable else ""

    def make(current: Entry | None) -> Meant:
        return meaning.meant(table, texts, current, position=position, scope=scope)

    # An odd key that stands there was written out as it is, and is looked for as it is, too.
    keys = () if not key else (key,) if typed == key else (key, typed)
    return Candidate(row.number, keys, texts, errors, make)


# --- flat files -------------------------------------------------------------------------------------------------------


def _flat(table: TableSpec, path: Path, how: How, scope: Scope, end: int) -> Source:
    if problem := importing.foreign(table, path):
        raise SheetRefused(f"{problem.message} {problem.remedy}")
    with path.open("rb") as file:
        total = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    return Source("flat", "flat file", max(total, 1), _of_lines(table, path, how.mode, scope, end))


def _of_lines(table: TableSpec, path: Path, mode: str, scope: Scope, end: int) -> Iterator[Candidate]:
    names = importing.local_names({table.name: path})
    try:
        for parsed in importing.read_file(table, path, names):
            errors = [one for one in parsed.problems if one.grade is Grade.ERROR]
            if isinstance(parsed.item, Entry):
                yield _of_entry(table, parsed.item, parsed.line, errors, mode, scope, end)
            elif errors:
                line = meaning.storable(parsed.item.text)[:2000]
                yield Candidate(parsed.line, (), {"line": line}, errors, lambda _current: Meant(Entry(""), []))
    except ChangeError as error:
        raise SheetRefused(str(error)) from error


def _of_entry(
    table: TableSpec, entry: Entry, line: int, errors: list[Problem], mode: str, scope: Scope, end: int
) -> Candidate:
    texts = {
        "key": entry.key,
        "value": entry.value,
        "comment": entry.comment,
        "enabled": "yes" if entry.enabled else "no",
    }
    if not table.has_value:
        del texts["value"]

    def make(current: Entry | None) -> Meant:
        wanted = placed(current, unhidden(table, entry, current), end, mode)
        if wanted == current:
            return Meant(wanted, [])
        mine = [one for one in errors if not one.rule.endswith(".masked-password")]
        return Meant(wanted, mine or meaning.errors_of(table, wanted, {}, current, scope))

    return Candidate(line, (entry.key,), texts, [], make)
