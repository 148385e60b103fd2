"""The tests' own PostgreSQL: it answers, and nothing of it stays."""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests import postgres


def directory_of(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def test_a_server_answers_and_leaves_nothing_behind():
    with postgres.server() as url:
        with psycopg.connect(url) as connection:
            (user,) = connection.execute("SELECT current_user").fetchone() or ("",)
        directory = directory_of(url)
        pid = int((directory / "data/postmaster.pid").read_text().split()[0])
    assert user == "mailadmin"
    assert not directory.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_a_server_is_stopped_when_the_tests_fail():
    class FailingTestsError(Exception):
        pass

    def run_failing_tests() -> None:
        with postgres.server() as url:
            urls.append(url)
            raise FailingTestsError

    urls: list[str] = []
    with pytest.raises(FailingTestsError):
        run_failing_tests()
    assert not directory_of(urls[0]).exists()


def test_what_a_killed_run_left_is_removed_and_a_living_one_is_kept(tmp_path):
    dead, alive = tmp_path / f"{postgres.PREFIX}999999999-x", tmp_path / f"{postgres.PREFIX}{os.getpid()}-x"
    for directory in (dead, alive):
        (directory / "data").mkdir(parents=True)
    postgres.remove_leftovers(tmp_path)
    assert not dead.exists()
    assert alive.exists()


def test_its_socket_fits_however_deep_the_checkout_is():
    with postgres.server() as url:
        (socket,) = directory_of(url).glob(".s.PGSQL.*[0-9]")
    assert len(os.fsencode(socket)) < 107
