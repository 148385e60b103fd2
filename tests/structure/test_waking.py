"""Whatever queues a publication wakes the publishers, in the same function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
MODULES = sorted((BASE / "tables").rglob("*.py"))

#: The publisher queues that itself, and carries it out at once.
ITSELF = {"catch_up"}


def asleep(tree: ast.Module) -> set[str]:
    """Functions that make a publication and wake nobody."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    calls = {
        node.name: {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
        for node in functions
    }
    return {
        name for name, called in calls.items() if "Publication.objects.create" in called and "waking.wake" not in called
    }


def test_one_that_wakes_nobody_is_found() -> None:
    made = (
        "def a():\n    Publication.objects.create()\ndef b():\n    Publication.objects.create()\n    waking.wake(c)\n"
    )
    assert asleep(ast.parse(made)) == {"a"}


def test_there_are_functions_that_queue() -> None:
    assert sum("Publication.objects.create(" in path.read_text() for path in MODULES) >= 3


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_whatever_queues_wakes(path: Path) -> None:
    assert asleep(ast.parse(path.read_text())) <= ITSELF
