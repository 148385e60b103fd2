"""What the tests of pages share."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests import databases

#: Pages that ask the database for nothing of their own: what forms say and who may open what is the same on each. What
#: a limited person sees of the tables is asked on each by tests/services/test_scopes.py and test_zones.py.
ON_ONE_DATABASE = {
    "test_accounts_login",
    "test_accounts_password",
    "test_accounts_second_factor",
    "test_accounts_told",
    "test_bad_input",
    "test_entry_cidr",
    "test_entry_fixes",
    "test_entry_parts",
    "test_entry_passwords",
    "test_every_address",
    "test_every_pair",
    "test_international",
    "test_originals",
    "test_pages_a_errors",
    "test_people",
    "test_people_fresh",
    "test_people_roles",
    "test_secret_shown",
    "test_secrets",
    "test_teams",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    databases.rest(items, folder="web", files=ON_ONE_DATABASE)


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Counts of attempts to log in, and of entries, belong to one test."""
    cache.clear()
    yield
    cache.clear()
