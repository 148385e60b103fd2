"""A PostgreSQL server of the tests' own: made, started, stopped and removed here; the machine's own is left alone.

It listens on a Unix socket only, in a directory of /var/tmp: short enough for the 107 bytes of a socket's path, however
deep the checkout is, and reachable for the unprivileged user that the server insists on when the tests run as root.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from deploy import linux

PREFIX = "mailadmin-tests-"
SCRATCH = Path("/var/tmp")
#: Nothing here outlives a test, so nothing waits for a disk.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
}


class CannotServeError(Exception):
    """What is wrong and what to do, in one line."""


def programs() -> Path:
    """The directory of initdb and postgres; Debian keeps one for each version and none of them on PATH."""
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if versions:
        return max(versions, key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdigit()])
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise CannotServeError(
        "PostgreSQL's initdb is not installed: run make test, which installs the package postgresql."
    )


def owner() -> pwd.struct_passwd | None:
    """Who runs the server: the user postgres when the tests run as root, nobody else otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError as error:
        raise CannotServeError(
            "There is no user postgres, and PostgreSQL does not run as root: install the package postgresql."
        ) from error


def remove_leftovers(scratch: Path = SCRATCH) -> None:
    """Removes what runs that were killed have left: their server ended with them, their directory did not."""
    for directory in scratch.glob(f"{PREFIX}*"):
        starter = directory.name.removeprefix(PREFIX).partition("-")[0]
        if starter.isdigit() and not Path(f"/proc/{starter}").exists():
            shutil.rmtree(directory, ignore_errors=True)


def spawn(command: Sequence[str], user: pwd.struct_passwd | None, log: Path) -> subprocess.Popen[bytes]:
    before: Callable[[], None] = linux.die_with_parent(signal.SIGINT)  # a fast shutdown, should the tests be killed
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with log.open("ab") as stream:
        return subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,  # Ctrl-C is for pytest; the server is ended below
            preexec_fn=before,  # noqa: PLW1509 (no threads here)
            **identity,  # type: ignore[arg-type]
        )


@contextmanager
def server() -> Iterator[str]:
    """Runs a server and yields the URL of its empty database ``mailadmin``."""
    remove_leftovers()
    user, bin_dir = owner(), programs()
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=SCRATCH))
    if user:
        os.chown(directory, user.pw_uid, user.pw_gid)
    log, data = directory / "log", directory / "data"
    try:
        initdb = [str(bin_dir / "initdb"), "-D", str(data), "-U", "mailadmin", "-A", "trust", "-E", "UTF8"]
        if spawn([*initdb, "--locale=C.UTF-8", "--no-sync"], user, log).wait():
            raise CannotServeError(f"initdb failed: {last_line(log)}")
        options = [f"--{name}={value}" for name, value in (OPTIONS | {"unix_socket_directories": directory}).items()]
        process = spawn([str(bin_dir / "postgres"), "-D", str(data), *options], user, log)
        try:
            wait_until_ready(process, bin_dir, directory, log)
            yield f"postgresql://mailadmin@/postgres?host={quote(str(directory), safe='')}"
        finally:
            stop(process)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def wait_until_ready(process: subprocess.Popen[bytes], bin_dir: Path, directory: Path, log: Path) -> None:
    ready = [str(bin_dir / "pg_isready"), "-q", "-h", str(directory)]
    for _ in range(300):
        if process.poll() is not None:
            raise CannotServeError(f"PostgreSQL ended with status {process.returncode}: {last_line(log)}")
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise CannotServeError(f"PostgreSQL is not ready after 30 seconds: {last_line(log)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, at any price
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
        return


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing.")
