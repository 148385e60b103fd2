"""The fixed cast, which several connections see at once: for tests that count who is told of something."""

from __future__ import annotations

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import sync_groups
from tests.people import CAST, make_person


@pytest.fixture
def cast(transactional_db: None, quick_settings: None) -> dict[str, User]:
    sync_groups()  # emptied with the other tables after the test before
    return {username: make_person(username, role) for username, role in CAST.items()}
