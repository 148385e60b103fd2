"""Where this host keeps each table and how its map is built: by its sendmail.cf, unless a setting says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tables.sendmail.mailcf import MailCf, MapLine
from tables.sendmail.spec import Kind, TableSpec
from tables.sendmail.tables import TABLES

#: What sendmail builds where it is not told (map.c, impl_map_open): its first database, Berkeley DB's hash.
USUAL_TYPE = "hash"
#: The types that are one file, ``NAME.db``. dbm has two files a map, cdb another name; Debian's makemap has neither.
BUILDABLE = ("hash", "btree")
IMPLICIT = "implicit"

_OVERRIDE = re.compile(r"(?:(?P<type>\w+):)?(?P<text>/[^:\s]+)(?::(?P<map>/[^:\s]+))?")


class BadOverride(ValueError):
    """A setting that names no table or no file. The message says which part and what to write."""


@dataclass(frozen=True, slots=True)
class Override:
    """What an operator says of one table; empty parts are as the configuration has them."""

    text: Path
    map_type: str = ""
    map: Path | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One table on a host. ``map`` ends in ``.db``; a class file has none."""

    table: TableSpec
    text: Path
    map: Path | None = None
    map_type: str = ""
    #: makemap's ``-N``: keys with a NUL byte at their end.
    null: bool = False
    #: What the rules find behind each value, and whether they find the value at all.
    appended: str = ""
    gives_values: bool = True
    #: The line of sendmail.cf that says all this; empty when a setting or nobody does.
    line: str = ""
    #: Why the table is not written here; empty when it is.
    unused: str = ""
    #: Why its map cannot be built; empty when it can.
    problem: str = ""

    @property
    def built_as(self) -> str:
        """What makemap is told; with another word than this the map is another one."""
        return f"{self.map_type} -N" if self.null else self.map_type


def plain(directory: Path, table: TableSpec, map_type: str = "") -> Whereabouts:
    """In the directory, under its own name."""
    text = directory / table.name
    if table.kind is Kind.CLASS:
        return Whereabouts(table, text)
    return Whereabouts(table, text, _db(text), map_type or USUAL_TYPE)


def everywhere(
    directory: Path, cf: MailCf, *, map_type: str = "", overrides: Mapping[str, Override] | None = None
) -> dict[str, Whereabouts]:
    """Every table by its name. A configuration that reads nothing in the directory says nothing about it."""
    known = cf.uses_directory(directory)
    return {table.name: _one(directory, cf if known else None, table, map_type, overrides) for table in TABLES.values()}


def _one(
    directory: Path, cf: MailCf | None, table: TableSpec, map_type: str, overrides: Mapping[str, Override] | None
) -> Whereabouts:
    found = _from_cf(directory, cf, table) if cf else plain(directory, table)
    if map_type and found.map:
        found = replace(found, map_type=map_type)
    override = (overrides or {}).get(table.name)
    return _checked(_overridden(found, override) if override else found)


def _from_cf(directory: Path, cf: MailCf, table: TableSpec) -> Whereabouts:
    if table.kind is Kind.CLASS:
        return _class_file(directory, cf, table)
    lines = cf.alias_files if table.kind is Kind.ALIASES else _map_lines(cf, table.cf_name)
    local = _chosen(table, [line for line in lines if line.path])
    if local is None:
        return _not_there(directory, cf, table, [line.line for line in lines])
    text = local.path or directory / table.name
    return Whereabouts(
        table,
        text,
        _db(text),
        USUAL_TYPE if local.map_type == IMPLICIT else local.map_type,
        null=local.null,
        appended=local.appended,
        gives_values=local.gives_values,
        line=local.line,
    )


def _map_lines(cf: MailCf, name: str) -> list[MapLine]:
    """The K line of a name; where that is a sequence, those of its parts in their order."""
    declared = cf.keyed.get(name)
    if declared is None:
        return []
    if declared.map_type != "sequence":
        return [declared]
    return [cf.keyed[part] for part in declared.arguments if part in cf.keyed] or [declared]


def _chosen(table: TableSpec, lines: list[MapLine]) -> MapLine | None:
    """Of several local files the one of the table's own name, or else the first."""
    own = (line for line in lines if line.path and line.path.name == table.name)
    return next(own, lines[0] if lines else None)


def _class_file(directory: Path, cf: MailCf, table: TableSpec) -> Whereabouts:
    files = cf.files.get(table.cf_name, [])
    own = (file for file in files if file.path.name == table.name)
    chosen = next(own, files[0] if files else None)
    if chosen is None:
        return _not_there(directory, cf, table, cf.class_lines(table.cf_name))
    return Whereabouts(table, chosen.path, line=chosen.line)


def _not_there(directory: Path, cf: MailCf, table: TableSpec, lines: list[str]) -> Whereabouts:
    """Without rules the configuration is no whole one, and tells of no table that it is not used."""
    found = plain(directory, table)
    if not cf.has_rules:
        return found
    if lines:
        return replace(found, unused=f"{cf.path} reads it from no local file ({_short(lines[0])}).", line=lines[0])
    return replace(found, unused=f"{cf.path} does not use it: the line {table.cf_line} is missing in its .mc file.")


def _overridden(found: Whereabouts, override: Override) -> Whereabouts:
    """What somebody names is used."""
    if found.map is None:
        return replace(found, text=override.text, unused="")
    known = found.map if found.line and not found.unused else None
    return replace(
        found,
        text=override.text,
        map=_db(override.map) if override.map else known or _db(override.text),
        map_type=override.map_type or found.map_type,
        unused="",
    )


def _checked(found: Whereabouts) -> Whereabouts:
    if found.map is None or found.unused or found.map_type in BUILDABLE:
        return found
    where = f" ({_short(found.line)})" if found.line else ""
    said = f"The map of {found.table.name} is of the type {found.map_type}{where}"
    remedy = f"makemap builds {' and '.join(BUILDABLE)} here: name one of them in the .mc file or in MAILADMIN_FILES."
    return replace(found, problem=f"{said}, which is not built. {remedy}")


def as_json(place: Whereabouts) -> dict[str, Any]:
    """For a report: another machine knows by it where the files of this one are."""
    return {
        "table": place.table.name,
        "text": str(place.text),
        "map": str(place.map or ""),
        "type": place.map_type,
        "line": place.line,
        "unused": place.unused,
        "problem": place.problem,
    }


def from_json(told: Mapping[str, Any]) -> Whereabouts | None:
    """The other way round; ``None`` for a table that is not known here. Another version may tell less."""
    table = TABLES.get(told["table"])
    if table is None:
        return None
    said = {name: told.get(name, "") for name in ("text", "map", "type", "line", "unused", "problem")}
    return Whereabouts(
        table,
        Path(said["text"]),
        Path(said["map"]) if said["map"] else None,
        said["type"],
        line=said["line"],
        unused=said["unused"],
        problem=said["problem"],
    )


def _db(path: Path) -> Path:
    return path if path.name.endswith(".db") else path.with_name(f"{path.name}.db")


def _short(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:60]}…"


def parse_overrides(words: Iterable[str]) -> dict[str, Override]:
    """``TABLE=[TYPE:]TEXT[:MAP]`` each. Raises :class:`BadOverride`."""
    return dict(_override(word) for word in words)


def _override(word: str) -> tuple[str, Override]:
    name, _, given = word.partition("=")
    match = _OVERRIDE.fullmatch(given)
    if name not in TABLES or match is None:
        raise BadOverride(
            f"{word!r} names no table and file. Write TABLE=[TYPE:]TEXT[:MAP] with absolute paths, for instance "
            "access=/etc/mail/access.txt or virtusertable=btree:/etc/mail/virtusertable; "
            f"the tables are {', '.join(TABLES)}."
        )
    if TABLES[name].kind is Kind.CLASS and (match["type"] or match["map"]):
        raise BadOverride(f"{word!r} gives {name} a map, which it has not. Write {name}=TEXT.")
    if match["type"] and match["type"] not in BUILDABLE:
        raise BadOverride(f"{word!r} asks for the type {match['type']}. The types are {' and '.join(BUILDABLE)}.")
    return name, Override(Path(match["text"]), match["type"] or "", Path(match["map"]) if match["map"] else None)
