"""Which tests rest on the second database, because they ask it for nothing of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest


def rest(items: Iterable[pytest.Item], *, folder: str, files: Collection[str]) -> None:
    """Mark the tests of these files (by their stems) in ``tests/FOLDER/``."""
    for item in items:
        if f"tests/{folder}/" in item.nodeid and item.path.stem in files:
            item.add_marker(pytest.mark.one_database)
