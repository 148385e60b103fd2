"""What the tests of pages share."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Counts of attempts to log in, and of entries, belong to one test."""
    cache.clear()
    yield
    cache.clear()
