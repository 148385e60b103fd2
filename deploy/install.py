"""Installs what this checkout lacks: Debian packages, then the Python environment in ``.venv``.

    python3 -m deploy.install run [test]

Says each thing that it does in one line, and ends with one line that says what to do when it cannot. Quick when
nothing is missing. It runs under the system's own python3, so it uses the standard library only, and no syntax that an
older Python cannot read: that one is to be told that it is too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

BASE = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
#: Where a mail host keeps its tables, and the mark that it was the set-up that brought that directory.
MAIL_DIR = Path("/etc/mail")
FRESH_MAIL_DIR = "var/fresh-mail-dir"
#: What is installed under which requirements; the second holds all pins of the first.
LOCKS = {"run": ("requirements.txt",), "test": ("requirements.txt", "requirements-dev.txt")}

#: Says whether an environment's Python is new enough and has pip.
PROBE = f"import sys, importlib.util as u; sys.exit(sys.version_info < {OLDEST!r} or not u.find_spec('pip'))"

if TYPE_CHECKING:  # Python before 3.9 could not read this
    #: Runs a command and returns its exit status and output.
    Run = Callable[[Sequence[str]], tuple[int, str]]


class CannotInstallError(Exception):
    """What is wrong and what to do, in one line."""


@dataclass(frozen=True)
class Package:
    group: str
    name: str
    purpose: str


@dataclass(frozen=True)
class Installed:
    """What dpkg says: names of the installed packages, and those of them that are a mail transport agent."""

    names: frozenset[str]
    mail_agents: frozenset[str]


def say(line: str) -> None:
    print(line, flush=True)


def run(command: Sequence[str]) -> tuple[int, str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout


def read_packages(text: str) -> list[Package]:
    lines = (line.split(None, 2) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [Package(group, name, purpose) for group, name, purpose in lines]


# --- Debian packages --------------------------------------------------------------------------------------------------


def ensure_packages(packages: Iterable[Package], *, run: Run, environment: dict[str, str]) -> None:
    wanted = list(packages)
    if environment.get("MAILADMIN_SKIP_PACKAGES") == "yes":
        return
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        names = " ".join(package.name for package in wanted)
        raise CannotInstallError(
            f"This is not Debian: install what Debian calls {names} yourself, "
            "then run this again with MAILADMIN_SKIP_PACKAGES=yes."
        )
    here = installed(run)
    missing = [package for package in wanted if package.name not in here.names]
    if missing:
        refuse_to_replace_a_mail_server(missing, here, environment)
        install_packages(missing, run=run, environment=environment)


def installed(run: Run) -> Installed:
    _, output = run(["dpkg-query", "-W", "-f", "${db:Status-Status}\t${Package}\t${Provides}\n"])
    rows = [line.split("\t") for line in output.splitlines() if line.startswith("installed\t")]
    agents = (row[1] for row in rows if "mail-transport-agent" in row[2])
    return Installed(frozenset(row[1] for row in rows), frozenset(agents))


def refuse_to_replace_a_mail_server(missing: list[Package], here: Installed, environment: dict[str, str]) -> None:
    """Debian has one mail transport agent at a time: apt would take the other away with its service."""
    agents = sorted(here.mail_agents)
    if not agents or "sendmail-bin" not in {package.name for package in missing}:
        return
    if environment.get("MAILADMIN_REPLACE_MTA") != "yes":
        raise CannotInstallError(
            f"This machine's mail server is {', '.join(agents)}, and Debian would remove it to install sendmail-bin: "
            "use another machine, or allow it with MAILADMIN_REPLACE_MTA=yes."
        )


def install_packages(missing: list[Package], *, run: Run, environment: dict[str, str]) -> None:
    names = [package.name for package in missing]
    become = privilege(names)
    bare = not MAIL_DIR.exists()
    for package in missing:
        say(f"Installing the Debian package {package.name}: {package.purpose}.")
    apt = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    keep = [] if environment.get("MAILADMIN_REPLACE_MTA") == "yes" else ["--no-remove"]
    logged([*apt, "update"], "apt-get update failed", "Check the network and /etc/apt/sources.list", run)
    logged(
        [*apt, "install", "--no-install-recommends", *keep, *names],
        "apt-get install failed",
        f"Check the network and /etc/apt/sources.list, or try it by hand: apt-get install {' '.join(names)}",
        run,
    )
    if "sendmail-bin" in names:
        if bare:  # what is there now are the package's own files: nothing that anybody would take over
            (BASE / FRESH_MAIL_DIR).touch()
        say("Note: Debian starts a sendmail on 127.0.0.1:25; mailadmin does not need it (systemctl disable sendmail).")
    if "postgresql" in names:
        say("Note: Debian starts a PostgreSQL server; the tests use one of their own and leave that one alone.")


def privilege(names: list[str]) -> list[str]:
    """The words that make apt-get run as root: none as root, sudo otherwise, which may only ask on a terminal."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asking = ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
        if subprocess.run([*asking, "-v"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return ["sudo"]
    raise CannotInstallError(
        f"These Debian packages are missing and you are not root: run as root: "
        f"apt-get install --no-install-recommends {' '.join(names)}"
    )


# --- the Python environment -------------------------------------------------------------------------------------------


def ensure_environment(base: Path, locks: tuple[str, ...], *, run: Run) -> None:
    python = base / ".venv/bin/python"
    if not works(python, run):
        say("Creating the Python environment in .venv.")
        logged(
            [sys.executable, "-m", "venv", "--clear", str(base / ".venv")],
            "The Python environment cannot be created",
            "Check that there is room and that you may write here",
            run,
        )
    wanted = {lock: fingerprint(base / lock) for lock in locks}
    if any(stamp(base, lock) != mark for lock, mark in wanted.items()):
        install_lock(base, locks[-1], run=run)
        for lock, mark in wanted.items():
            stamp_file(base, lock).write_text(mark)


def works(python: Path, run: Run) -> bool:
    """Whether .venv has a Python that runs, is new enough and has pip: a moved or upgraded system breaks it."""
    if not python.exists():
        return False
    status, _ = run([str(python), "-c", PROBE])
    return status == 0


def install_lock(base: Path, lock: str, *, run: Run) -> None:
    say(f"Installing the Python packages of {lock}.")
    pip = [str(base / ".venv/bin/python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    logged(
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(base / lock)],
        "The Python packages cannot be installed",
        "Check the network, or name your own index in PIP_INDEX_URL",
        run,
    )


def stamp_file(base: Path, lock: str) -> Path:
    return base / ".venv" / f"installed-{lock}"


def stamp(base: Path, lock: str) -> str:
    file = stamp_file(base, lock)
    return file.read_text() if file.exists() else ""


def fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


# --- all of it --------------------------------------------------------------------------------------------------------


def logged(command: Sequence[str], failure: str, remedy: str, run: Run) -> None:
    """Runs with the output in var/setup.log; raises with its last telling line."""
    status, output = run(command)
    log = BASE / "var/setup.log"
    with log.open("a") as stream:
        stream.write(f"$ {' '.join(command)}\n{output}\n")
    if status:
        raise CannotInstallError(f"{failure}: {last_words(output)} {remedy}, then run this again (all output: {log}).")


def last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output."]
    telling = [line for line in lines if line.startswith(("E: ", "ERROR: ", "Error: "))]
    line = (telling or lines)[-1]
    return line if line.endswith(".") else f"{line}."


def install(groups: Sequence[str]) -> None:
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise CannotInstallError(
            f"Python {found} is too old, mailadmin needs {OLDEST[0]}.{OLDEST[1]} or newer: "
            "name another with make PYTHON=/path/to/python3, or use Debian 12 or newer."
        )
    (BASE / "var").mkdir(exist_ok=True)
    packages = read_packages((BASE / "deploy/packages.txt").read_text())
    with (BASE / "var/setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would both write .venv
        ensure_packages((p for p in packages if p.group in groups), run=run, environment=dict(os.environ))
        ensure_environment(BASE, LOCKS[groups[-1]], run=run)


def main(groups: Sequence[str]) -> int:
    try:
        install(groups or ["run"])
    except CannotInstallError as error:
        return fail(str(error), 1)
    except OSError as error:
        return fail(f"{error.filename or 'The set-up'}: {error.strerror}. Mend that, then run this again.", 1)
    except KeyboardInterrupt:
        return fail("Stopped. Run this again to go on.", 130)
    return 0


def fail(message: str, status: int) -> int:
    print(f"mailadmin: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
