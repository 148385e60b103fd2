"""The ids of all rules, as the code of the core names them.

A rule's id is the first argument of whatever makes a problem: written out (``"key.missing"``), with the table before
the dot (``f"{table}.cidr"``, here ``*.cidr``), or handed on by a function that takes the part after the dot.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CORE = Path(__file__).parents[2] / "tables" / "sendmail"


@dataclass(frozen=True)
class Maker:
    """A function that makes a problem: where its rule stands among the arguments, and what is put before it."""

    position: int
    name: str  # of the argument
    before: str = ""


MAKERS = {name: Maker(0, "rule") for name in ("error", "warning", "note", "refusal", "Problem", "NotLocal")}


def ids(folder: Path = CORE) -> set[str]:
    """Every id or ``*.name`` pattern in the code below ``folder``."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.py"))]
    return {found for tree in trees for found in _of_module(tree)}


def _of_module(tree: ast.Module) -> Iterator[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    makers = dict(MAKERS)
    while more := {
        name: maker for function in functions for name, maker in _maker(function, makers) if name not in makers
    }:
        makers |= more
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (maker := makers.get(_name(node.func))):
            yield from _patterns(_argument(node, maker), maker.before)
        elif isinstance(node, ast.Assign) and [_name(target) for target in node.targets] == ["rule"]:
            yield from _patterns(node.value, "")


def _maker(function: ast.FunctionDef, makers: dict[str, Maker]) -> Iterator[tuple[str, Maker]]:
    """The function itself, when it hands a part of its rule on from an argument."""
    names = [argument.arg for argument in function.args.args]
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and (maker := makers.get(_name(node.func)))):
            continue
        before, argument = _handed_on(_argument(node, maker))
        if argument in names:
            yield function.name, Maker(names.index(argument), argument, maker.before + before)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _argument(call: ast.Call, maker: Maker) -> ast.expr | None:
    if len(call.args) > maker.position:
        return call.args[maker.position]
    return next((keyword.value for keyword in call.keywords if keyword.arg == maker.name), None)


def _handed_on(node: ast.expr | None) -> tuple[str, str]:
    """(what stands before it, the name) when the rule ends with a variable."""
    if isinstance(node, ast.Name):
        return "", node.id
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.FormattedValue):
        return _text(node.values[:-1]), _name(node.values[-1].value)
    return "", ""


def _patterns(node: ast.expr | None, before: str) -> Iterator[str]:
    """The rule of a call that names it, or both where it depends; none where that is for its own callers to do."""
    if isinstance(node, ast.Constant):
        yield f"{before}{node.value}"
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
        yield before + _text(node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*_patterns(node.body, before), *_patterns(node.orelse, before))


def _text(values: list[ast.expr]) -> str:
    """A table before the dot, whatever it is called, becomes a star."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in values)
