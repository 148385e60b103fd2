"""Whatever the code records in the history reads as words there: all of it is found by reading the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from tables.views.audit import ACTIONS

BASE = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for name in ("tables", "mailadmin") for path in (BASE / name).rglob("*.py"))
TREES = [ast.parse(path.read_text()) for path in SOURCES if path != BASE / "tables/views/audit.py"]

#: The classes that each defines; an act of the history is defined in tables/audit.py.
OWN_CLASSES = [{node.name for node in tree.body if isinstance(node, ast.ClassDef)} for tree in TREES]

Node = TypeVar("Node", bound=ast.AST)

#: By where it can be called from (a number of TREES, or everywhere) and name: the parameters of a function.
Functions = dict[tuple[int | None, str], tuple[str, ...]]

#: What makes an event.
MAKERS: Functions = {(None, "record"): ("actor", "action"), (None, "Act"): ("actor", "action")}


def nodes(kind: type[Node]) -> Iterator[tuple[int, Node]]:
    for number, tree in enumerate(TREES):
        yield from ((number, node) for node in ast.walk(tree) if isinstance(node, kind))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def called(known: Functions, number: int, call: ast.Call) -> tuple[str, ...]:
    name = name_of(call)
    if name in OWN_CLASSES[number]:  # another thing of that name
        return ()
    return known.get((number, name), ()) or known.get((None, name), ())


def recorders() -> Functions:
    """The functions that are given an action and hand it on to what makes an event."""
    found = dict(MAKERS)
    while True:
        more: Functions = {}
        for number, function in nodes(ast.FunctionDef):
            place = (number if function.name.startswith("_") else None, function.name)
            calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
            if "action" in parameters(function) and any(called(found, number, call) for call in calls):
                more[place] = parameters(function)
        if more.keys() <= found.keys():
            return found
        found |= more


def parameters(function: ast.FunctionDef) -> tuple[str, ...]:
    given = function.args
    return tuple(one.arg for one in [*given.posonlyargs, *given.args, *given.kwonlyargs] if one.arg != "self")


def given_action(call: ast.Call, places: tuple[str, ...]) -> ast.expr | None:
    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
    by_place = dict(zip(places, call.args, strict=False))
    return by_name.get("action", by_place.get("action"))


def constants() -> dict[str, str]:
    """Text that a module gives a name in capitals."""
    return {
        target.id: node.value.value
        for _number, node in nodes(ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def texts(value: ast.expr, names: dict[str, str]) -> Iterator[str | None]:
    """What an expression can be; ``None`` where that cannot be read. What is handed on was read where it came in."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from texts(value.body, names)
            yield from texts(value.orelse, names)
        case ast.Name(id="action") | ast.Attribute(attr="action"):
            pass
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield names.get(name)
        case _:
            yield None


@cache
def recorded() -> set[str | None]:
    names, known = constants(), recorders()
    found: set[str | None] = set()
    for number, call in nodes(ast.Call):
        places = called(known, number, call)
        action = given_action(call, places) if places else None
        if isinstance(action, ast.Subscript):
            found |= set(listed(TREES[number]))
        elif action is not None:
            found |= set(texts(action, names))
    return found


def listed(tree: ast.Module) -> Iterator[str | None]:
    """What stands in a module's ACTIONS."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["ACTIONS"]:
            assert isinstance(node.value, ast.Dict)
            yield from (value.value if isinstance(value, ast.Constant) else None for value in node.value.values)


def test_every_action_that_is_recorded_reads_as_words() -> None:
    found = recorded()
    assert None not in found, "an action that cannot be read from the code"
    assert found <= set(ACTIONS), sorted(map(str, found - set(ACTIONS)))


def test_all_ways_of_recording_are_seen() -> None:
    """By name, by place, of a dictionary, of a constant, through a function, in a command."""
    assert recorded() >= {
        *("password-reset", "login", "entry-created", "audit-archived", "drift-found", "publication-failed"),
        *("thread-opened", "remark-added", "export", "second-factor-added", "recovery-codes-made"),
    }


def test_no_words_are_there_for_what_nobody_records() -> None:
    assert set(ACTIONS) - recorded() == set()
