"""Imports run one way: sendmail ← models ← services ← forms ← views ← urls; commands call services."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
SERVICE = 3

#: The floor on which each place stands. What is not named is a service.
FLOORS = {
    "tables.sendmail": 0,
    "tables.apps": 1,
    "tables.models": 1,
    "tables.migrations": 4,
    "tables.converters": 4,
    "tables.forms": 4,
    "tables.context": 4,
    "tables.templatetags": 4,
    "tables.views": 5,
    "tables.management": 5,
    "tables.urls": 6,
}
MODULES = sorted(path for path in (BASE / "tables").rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(BASE).with_suffix("").parts).removesuffix(".__init__")


def floor(module: str) -> int:
    places = [place for place in FLOORS if module == place or module.startswith(f"{place}.")]
    return FLOORS[max(places, key=len)] if places else SERVICE


@cache
def imported(path: Path) -> tuple[str, ...]:
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # ``from tables import audit`` imports tables.audit
            yield from (f"tables.{alias.name}" for alias in node.names) if node.module == "tables" else (node.module,)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_nothing_from_above(path: Path) -> None:
    mine = floor(name_of(path))
    above = [name for name in imported(path) if name.split(".")[0] == "tables" and floor(name) > mine]
    assert above == []


@pytest.mark.parametrize("path", [path for path in MODULES if "views" in path.parts], ids=name_of)
def test_nothing_but_urls_imports_a_view(path: Path) -> None:
    importers = [
        name_of(other)
        for other in MODULES
        if name_of(path) in set(imported(other)) and floor(name_of(other)) not in {FLOORS["tables.views"], 6}
    ]
    assert importers == []


@pytest.mark.parametrize("path", [path for path in MODULES if "sendmail" in path.parts], ids=name_of)
def test_the_core_needs_the_standard_library_and_idna_only(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"idna"}
    foreign = {name for name in imported(path) if not name.startswith("tables.sendmail")}
    assert {name.split(".")[0] for name in foreign} <= allowed


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "commands" in path.parts and path.stem != "__init__"], ids=name_of
)
def test_a_command_writes_no_entry_itself(path: Path) -> None:
    """Entries are written by the gate alone; a command that imported the models of entries could go around it."""
    assert not {"EntryModel", "ENTRY_MODELS"} & {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_no_file_has_grown_past_its_subject() -> None:
    long = {name_of(path): lines for path in MODULES if (lines := path.read_text().count("\n")) > 450}
    assert long == {}
