"""People and tables that several connections see at once: committed, and emptied after each test."""

from __future__ import annotations

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role, sync_groups
from tables.entries import get_cluster
from tables.models import Cluster
from tests.people import CAST, make_person

#: The fixed cast, and one more for each side of a race.
MORE = {"amy": Role.POSTMASTER, "ben": Role.APPROVER, "dan": Role.ADMINISTRATOR}

Cast = dict[str, User]


@pytest.fixture
def cast(transactional_db: None, quick_settings: None) -> Cast:
    sync_groups()  # emptied with the other tables after the test before
    return {username: make_person(username, role) for username, role in {**CAST, **MORE}.items()}


@pytest.fixture
def cluster(cast: Cast) -> Cluster:
    return get_cluster()
