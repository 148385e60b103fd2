"""The publisher as a process: it starts, publishes what is asked for elsewhere, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import new_database
from tests.integration.daemon import wait_for
from tests.places import place

pytestmark = pytest.mark.sendmail

Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def directory() -> Iterator[Path]:
    with place() as found:
        (found / "mail").mkdir()
        yield found


@pytest.fixture
def environment(directory: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MAILADMIN_STATE_DIR": str(directory),
        "MAILADMIN_DATABASE_URL": f"sqlite:///{directory}/panel.sqlite3",
        "MAILADMIN_HOST": "mx.test.example",
        "MAILADMIN_SENDMAIL_CF": str(directory / "none.cf"),
    }


@pytest.fixture
def manage(environment: dict[str, str]) -> Manage:
    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    return manage


@pytest.fixture
def publisher(directory: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    new_database.copy_to(directory / "panel.sqlite3")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "manage.py", "publisher"], env=environment, stderr=log)
    try:
        wait_for(lambda: "started" in (directory / "log").read_text(), 60)
        yield process
    finally:
        process.kill()
        process.wait()


def seen(directory: Path) -> bool:
    with closing(sqlite3.connect(directory / "panel.sqlite3")) as database:
        return bool(database.execute("SELECT count(*) FROM tables_host WHERE seen_at IS NOT NULL").fetchone()[0])


def found(directory: Path) -> tuple[str, list[str]]:
    """Who checked the tables last, and the rules of what was found."""
    with closing(sqlite3.connect(directory / "panel.sqlite3")) as database:
        by = database.execute("SELECT by_name FROM tables_checkrun").fetchone() or ("",)
        rules = database.execute("SELECT rule FROM tables_storedfinding WHERE grade <> 'note' ORDER BY number")
        return by[0], [rule for (rule,) in rules]


def test_it_publishes_what_another_process_asks_for_checks_it_and_ends_on_sigterm(
    directory: Path, manage: Manage, publisher: subprocess.Popen[bytes]
) -> None:
    wait_for(lambda: seen(directory), 60)
    (directory / "aliases").write_text("postmaster: root\n")
    manage("import_tables", str(directory / "aliases"), "--table", "aliases")
    said = manage("publish", "--reason", "first").stdout
    assert "Release 1 is live on mx.test.example." in said
    assert (directory / "mail/aliases.db").exists()

    wait_for(lambda: found(directory) == ("publisher:mx.test.example", ["aliases.no-mailer-daemon"]), 60)

    publisher.send_signal(signal.SIGTERM)
    assert publisher.wait(30) == 0
    assert "Publisher of mx.test.example ended." in (directory / "log").read_text()
