"""What every test may rely on: a qualified host name and the choice of tests by database."""

import pytest

from deploy import linux

#: Fixtures that open the database, of pytest-django's.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="only the tests that use the database: the rest need not be run again on another one",
    )


def pytest_configure() -> None:
    linux.qualify_host_name()  # or else each sendmail sleeps for a minute; tests.all says so where it cannot be helped


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-database"):
        others = [item for item in items if not uses_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if uses_database(item)]


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)
