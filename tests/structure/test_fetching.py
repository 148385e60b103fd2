"""What a page shows is fetched with the scope of whoever looks: no view asks the database, or a service, without it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.test_layers import BASE

#: Models whose rows may be somebody else's. Their managers are for services, which know a scope.
GUARDED = frozenset(
    (
        "AuditEvent",
        "BrokenGlass",
        "ChangeRequest",
        "OriginalFile",
        "OriginalPart",
        "Remark",
        "Review",
        "StoredFinding",
        "ENTRY_MODELS",
    )
)
#: Functions that fetch for the system itself. A page takes the one with a scope.
UNSCOPED = {
    "get_entry": "entries.find",
    "rows": "entries.seen_rows",
    "holders": "seeing.holders",
    "pending": "seeing.pending",
    "read_key": "views.access.key_of",
}
#: Where each may stand all the same, and why.
ALLOWED = {
    ("access", "read_key"),  # key_of itself
    ("history", "ChangeRequest"),  # when and by whom the files were taken over, without what was in them
    ("originals", "OriginalFile"),  # narrowed by seeing.originals in the same line
    ("threads", "Remark"),  # of a request that was found with a scope
}
VIEWS = sorted((BASE / "tables/views").glob("*.py"))


def unguarded(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager"):
            if isinstance(node.value, ast.Name) and node.value.id in GUARDED:
                yield node.value.id
        elif isinstance(node, ast.Call):
            function = node.func
            yield from (one.id for one in node.args[:1] if isinstance(one, ast.Name) and one.id in GUARDED)
            if isinstance(function, ast.Name) and function.id in UNSCOPED:
                yield function.id
            if isinstance(function, ast.Attribute) and function.attr in UNSCOPED:
                owner = function.value.id if isinstance(function.value, ast.Name) else ""
                if owner in ("entries", "releases", "applying", "converters"):
                    yield function.attr
        elif isinstance(node, ast.Name) and node.id == "ENTRY_MODELS":
            yield node.id


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_fetches_with_a_scope(path: Path) -> None:
    found = {(path.stem, name) for name in unguarded(ast.parse(path.read_text()))}
    assert found - ALLOWED == set()


def test_every_exception_is_still_one() -> None:
    found = {(path.stem, name) for path in VIEWS for name in unguarded(ast.parse(path.read_text()))}
    assert found >= ALLOWED


@pytest.mark.parametrize(
    "code",
    [
        "ChangeRequest.objects.get(pk=1)",
        "get_object_or_404(AuditEvent.objects, pk=1)",
        "get_object_or_404(AuditEvent, pk=1)",
        "entries.get_entry(cluster=c, table=t, key=k)",
        "key = read_key(request)",
        "releases.pending(cluster=c)",
        "ENTRY_MODELS['aliases']",
    ],
)
def test_the_ways_around_it_are_known(code: str) -> None:
    assert list(unguarded(ast.parse(code)))
