"""Whatever stands in a command's way, it says so in one line with what to do, and never in a traceback."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, ProgrammingError

from tables.management.failures import about_database, one_line
from tests import new_database
from tests.commands.running import run

BASE = Path(__file__).resolve().parents[2]

Manage = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new installation, whose database is there but not set up."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def environment(state: Path) -> dict[str, str]:
    own = {"MAILADMIN_STATE_DIR": str(state), "MAILADMIN_DATABASE_URL": f"sqlite:///{state}/db.sqlite3"}
    return {**os.environ, **own, "PATH": os.environ.get("PATH", "")}


@pytest.fixture(scope="module")
def manage(environment: dict[str, str]) -> Manage:
    def manage(*arguments: str | Path, redirect: str = "", **more: str) -> subprocess.CompletedProcess[bytes]:
        """``redirect``: what the shell adds to the command line, such as ``>&-``."""
        words = [sys.executable, str(BASE / "manage.py"), *map(str, arguments)]
        command = ["sh", "-c", f'"$@" {redirect}', "sh", *words] if redirect else words
        return subprocess.run(command, capture_output=True, check=False, env={**environment, **more}, timeout=60)

    return manage


@pytest.fixture
def ready(manage: Manage, state: Path) -> Iterator[Manage]:
    """The same with its tables made."""
    new_database.copy_to(state / "db.sqlite3")
    yield manage
    for left in state.glob("db.sqlite3*"):
        left.unlink()


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line."""
    (line,) = done.stderr.decode().splitlines()
    return line


@pytest.mark.parametrize("command", [["check_tables"], ["audit_verify", "--json"], ["import_tables", "sample"]])
def test_a_database_that_is_not_set_up_says_what_to_run(manage: Manage, command: list[str]) -> None:
    done = manage(*command)
    assert "run manage.py migrate" in said(done)
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_setting_that_makes_no_sense_is_named(manage: Manage) -> None:
    done = manage("check_tables", MAILADMIN_PAGE_SIZE="abc")
    assert "MAILADMIN_PAGE_SIZE" in said(done)
    assert done.returncode == 1


def test_a_wrong_argument_never_gives_the_status_that_means_something_to_publish(manage: Manage) -> None:
    done = manage("plan", "--hots", "mx1")
    assert "--hots" in said(done)
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["export_tables", ""],
        ["export_tables", "out", "--at", ""],
        ["import_tables", ""],
        ["check_tables", "--cluster", ""],
    ],
)
def test_an_unset_variable_of_a_script_does_not_mean_the_default(manage: Manage, arguments: list[str]) -> None:
    done = manage(*arguments)
    assert "it is empty" in said(done)
    assert done.returncode == 1


def test_the_output_may_be_closed(ready: Manage) -> None:
    done = ready("check_tables", redirect=">&- <&-")
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_output_that_is_full_is_an_error(ready: Manage) -> None:
    done = ready("audit_verify", redirect=">/dev/full")
    assert "No space left" in said(done)
    assert done.returncode == 1


def test_a_reader_that_leaves_early_hears_no_complaint(ready: Manage) -> None:
    done = ready("check_tables", "--json", redirect="| true")
    assert done.stderr == b""


def test_a_terminal_of_few_letters_gets_the_rest_spelt_out(ready: Manage, tmp_path: Path) -> None:
    (tmp_path / "access").write_text("Connect:10.9\tREJET\n")
    done = ready("import_tables", tmp_path, "--dry-run", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u201c" in done.stdout


def test_names_that_are_not_utf_8_are_taken(ready: Manage, tmp_path: Path) -> None:
    directory = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    directory.mkdir()
    for value in ("root", "postmaster"):  # a baseline, then a request that names the path in its reason
        (directory / "genericstable").write_text(f"a\t{value}@example.com\n")
        done = ready("import_tables", directory)
        assert (done.returncode, done.stderr) == (0, b"")
    assert "no active person" in said(ready("import_tables", directory, "--actor", os.fsdecode(b"caf\xe9")))
    assert ready("export_tables", directory).returncode == 0


def test_an_interrupted_import_leaves_nothing(
    ready: Manage, environment: dict[str, str], state: Path, tmp_path: Path
) -> None:
    with (tmp_path / "virtusertable").open("w") as stream:
        stream.writelines(f"user{number}@example.com\troot\n" for number in range(200_000))
    process = subprocess.Popen(
        [sys.executable, str(BASE / "manage.py"), "import_tables", str(tmp_path)],
        env=environment,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 30
    while not (state / "db.sqlite3-wal").exists() and time.monotonic() < until:  # the database has been opened
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in told
    done = ready("export_tables", tmp_path / "out")
    assert (done.returncode, done.stdout, list((tmp_path / "out").iterdir())) == (0, b"", [])


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OperationalError("attempt to write a readonly database"), "as the user who owns it"),
        (OperationalError("database is locked"), "try again"),
        (ProgrammingError('relation "tables_cluster" does not exist\nLINE 1: …'), "migrate"),
        (OperationalError('connection failed: FATAL:  database "x" does not exist'), "MAILADMIN_DATABASE_URL"),
    ],
)
def test_what_a_database_complains_of_comes_with_a_remedy(error: OperationalError, remedy: str) -> None:
    assert remedy in about_database(error)
    assert "\n" not in about_database(error)


def test_an_interruption_ends_what_was_being_read_while_the_database_is_still_there() -> None:
    ended = []

    def rows() -> Iterator[int]:
        try:
            yield 1
        finally:
            ended.append(True)

    def read() -> None:
        reading = rows()
        next(reading)
        raise KeyboardInterrupt

    with pytest.raises(CommandError) as told, one_line():
        read()
    assert ended
    assert told.value.returncode == 130


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(IntegrityError), one_line():
        raise IntegrityError("UNIQUE constraint failed")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["directory", "pipe", "link to nothing"])
def test_what_bears_a_tables_name_and_is_no_file_is_not_passed_over(tmp_path: Path, kind: str) -> None:
    (tmp_path / "access").write_text("Connect:192.0.2\tREJECT\n")
    odd = tmp_path / "aliases"
    {"directory": odd.mkdir, "pipe": lambda: os.mkfifo(odd), "link to nothing": lambda: odd.symlink_to("no")}[kind]()
    with pytest.raises(CommandError, match=r"Not a file.*aliases"):
        run("import_tables", tmp_path)


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["²", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_moment_that_no_database_knows_is_refused(tmp_path: Path, at: str) -> None:
    with pytest.raises(CommandError, match="Or name a release by its number"):
        run("export_tables", tmp_path / "out", "--at", at)


@pytest.mark.django_db
def test_a_dry_run_refuses_the_person_whom_the_import_would_refuse(tmp_path: Path) -> None:
    (tmp_path / "access").write_text("Connect:192.0.2\tREJECT\n")
    with pytest.raises(CommandError, match="no active person"):
        run("import_tables", tmp_path, "--dry-run", "--actor", "nobody")
