"""Whatever is recorded anywhere reads as words on the page of the history: one line for it in ACTIONS."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.views.audit import ACTIONS

BASE = Path(__file__).resolve().parents[2]
MODULES = sorted(path for name in ("tables", "mailadmin") for path in (BASE / name).rglob("*.py"))
#: Record what they are told, wherever they are called.
RECORDERS = {"record", "Act"}


def recorded(tree: ast.Module) -> tuple[set[str], list[str]]:
    """The actions that a module records, and the expressions of which it cannot be told what they are."""
    found: set[str] = set()
    unclear: list[str] = []
    for expression in arguments(tree):
        names = values(tree, expression)
        if names is None:
            unclear.append(f"line {expression.lineno}: {ast.unparse(expression)}")
        else:
            found |= names
    return found, unclear


def arguments(tree: ast.Module) -> Iterator[ast.expr]:
    """What is handed on as an action: to a recorder, or to a function of the module that has such a parameter."""
    places = {function.name: place(function) for function in functions(tree) if place(function) is not None}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        by_name = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
        if name in RECORDERS | set(places):
            yield from by_name
        number = places.get(name)
        if number is not None and not by_name and len(node.args) > number:
            yield node.args[number]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def place(function: ast.FunctionDef) -> int | None:
    """Which argument of a call is the parameter ``action``; a method's own ``self`` is none of them."""
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    return names.index("action") if "action" in names else None


def values(tree: ast.Module, expression: ast.expr) -> set[str] | None:
    """Everything that an expression may be; ``None`` when that cannot be told."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return {expression.value}
    if isinstance(expression, ast.IfExp):
        both = (values(tree, expression.body), values(tree, expression.orelse))
        return None if None in both else set().union(*(one for one in both if one))
    if isinstance(expression, ast.Subscript) and isinstance(expression.value, ast.Name):
        return of_dictionary(tree, expression.value.id)
    if isinstance(expression, ast.Attribute) and expression.attr == "action":
        return of_classes(tree)
    if isinstance(expression, ast.Name) and expression.id == "action":
        return set()  # the parameter of a function, whose callers are looked at
    return None


def of_dictionary(tree: ast.Module, name: str) -> set[str] | None:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == name and isinstance(getattr(node, "value", None), ast.Dict):
            return {value.value for value in node.value.values if isinstance(value, ast.Constant)}  # type: ignore[union-attr]
    return None


def of_classes(tree: ast.Module) -> set[str]:
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assigned = [node for body in bodies for node in body if isinstance(node, ast.Assign)]
    return {
        node.value.value
        for node in assigned
        if getattr(node.targets[0], "id", "") == "action" and isinstance(node.value, ast.Constant) and node.value.value
    }


def records(path: Path) -> bool:
    return "audit" in path.read_text() and path.name != "audit.py"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if records(path)], ids=lambda path: str(path.relative_to(BASE))
)
def test_every_action_that_a_module_records_reads_as_words(path: Path) -> None:
    found, unclear = recorded(ast.parse(path.read_text()))
    assert unclear == []
    assert found <= set(ACTIONS), f"{sorted(found - set(ACTIONS))}: say in tables/views/audit.py how that reads"


def test_what_is_recorded_is_found_in_whatever_way_it_is_handed_on() -> None:
    every: set[str] = set()
    for path in MODULES:
        every |= recorded(ast.parse(path.read_text()))[0] if records(path) else set()
    assert {
        "entry-created",
        "publication-failed",
        "publication-started",
        "login-failed",
        "person-added",
        "second-factor-removed",
        "thread-opened",
        "request-approved",
        "export",
    } <= every


@pytest.mark.parametrize(
    "source",
    [
        "audit.record(actor=a, action='nonsense')",
        "def note(person, action):\n    audit.record(actor=person, action=action)\nnote(x, 'nonsense')",
        "WORDS = {1: 'nonsense'}\naudit.record(actor=a, action=WORDS[1])",
        "audit.record_many([audit.Act(actor=a, action='nonsense' if b else 'login')])",
    ],
)
def test_one_without_words_would_be_noticed(source: str) -> None:
    assert "nonsense" in recorded(ast.parse(source))[0]


def test_one_that_is_put_together_would_be_noticed() -> None:
    assert recorded(ast.parse("audit.record(actor=a, action=f'request-{state}')"))[1] != []
