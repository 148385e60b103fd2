"""What every test may rely on: a qualified host name and the choice of tests by database."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import settings as hypothesis_settings

from mailadmin.accounts.models import User
from tables import append_only
from tables.entries import get_cluster
from tables.models import Cluster
from tests import migrated, names
from tests.machine.summary import pytest_terminal_summary  # noqa: F401  pytest calls it
from tests.people import CAST, make_people

#: Fixtures that open the database, of pytest-django's.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}


#: A machine with much else to do is slow, not wrong: no example has a deadline.
hypothesis_settings.register_profile("mailadmin", deadline=None)
hypothesis_settings.load_profile("mailadmin")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="only the tests that use the database: the rest need not be run again on another one",
    )
    parser.addoption("--machine-minutes", type=float, default=5.0, help="how long each lane of make machine runs")
    parser.addoption("--machine-seed", type=int, help="begin make machine with this seed, to see a failure again")


def pytest_configure() -> None:
    names.settle()  # tests.all says so where it cannot be helped


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    runs = runs_again if config.getoption("--only-database") else runs_here
    config.hook.pytest_deselected(items=[item for item in items if not runs(item)])
    items[:] = [item for item in items if runs(item)]


def pytest_collection_finish() -> None:
    """The ten thousand tests themselves stay for good: the garbage collector need not look through them each time."""
    gc.collect()
    gc.freeze()


def runs_here(item: pytest.Item) -> bool:
    return connection.vendor == "postgresql" or item.get_closest_marker("postgresql") is None


def runs_again(item: pytest.Item) -> bool:
    return uses_database(item) and runs_here(item) and item.get_closest_marker("one_database") is None


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(autouse=True)
def quick_settings(settings: Any) -> None:
    """Passwords hash quickly, and static files come from where they are kept: the collected ones are for production."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STATIC_ROOT = None
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def own_directories(settings: Any, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test writes where another one, or a running panel, does."""
    settings.MAIL_DIR = tmp_path_factory.getbasetemp() / f"mail-{abs(hash(request.node.nodeid))}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    migrated.prepare(connection.settings_dict)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    return django_db_keepdb or migrated.is_kept()


@pytest.fixture
def transactional_db(transactional_db: None) -> Iterator[None]:
    """pytest-django empties all tables afterwards, which the append-only ones refuse: they let go for that moment."""
    append_only.install(connection)
    yield
    append_only.remove(connection)


@pytest.fixture
def people(db: None, quick_settings: None) -> dict[str, User]:
    return make_people({username: [role] for username, role in CAST.items()})


@pytest.fixture
def alice(people: dict[str, User]) -> User:
    """Postmaster."""
    return people["alice"]


@pytest.fixture
def bob(people: dict[str, User]) -> User:
    """Approver."""
    return people["bob"]


@pytest.fixture
def charlie(people: dict[str, User]) -> User:
    """Viewer."""
    return people["charlie"]


@pytest.fixture
def dora(people: dict[str, User]) -> User:
    """Administrator."""
    return people["dora"]


@pytest.fixture
def cluster(db: None) -> Cluster:
    return get_cluster()
