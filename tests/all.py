"""Every test: first on SQLite, then those that use the database once more on PostgreSQL.

    .venv/bin/python -m tests.all [arguments for pytest]

Ends with the exit status and closing line of the pytest that failed, or else of the last one.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy import linux
from tests import migrated, postgres

BASE = Path(__file__).resolve().parent.parent
STATE = BASE / "var/tests"
#: One more than there are processors: a third of the time sendmail, a browser or a time that must pass is waited for.
WORKERS = max(3, min(8, (os.cpu_count() or 2) + 1))


def environment(database_url: str, **more: str) -> dict[str, str]:
    """The settings of a fresh checkout, whatever the operator's shell has set.

    Python may keep what it compiles: each of the hundreds of programs that the tests start would else compile it again.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAILADMIN_")}
    plain.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**plain, "MAILADMIN_STATE_DIR": str(STATE), "MAILADMIN_DATABASE_URL": database_url, **more}


def run_pytest(title: str, database_url: str, arguments: Sequence[str]) -> int:
    print(f"Tests on {title}:", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), *arguments]
    made = {migrated.NAME: migrated.make(database_url, STATE, environment)}
    return subprocess.run(command, cwd=BASE, env=environment(database_url, **made), check=False).returncode


def main(arguments: Sequence[str]) -> int:
    STATE.mkdir(parents=True, exist_ok=True)
    if not linux.qualify_host_name():
        print(linux.UNQUALIFIED, flush=True)
    if status := run_pytest("SQLite", f"sqlite:///{STATE / 'tests.sqlite3'}", arguments):
        return status
    try:
        with postgres.server() as url:
            return run_pytest("PostgreSQL", url, ["--only-database", *arguments])
    except postgres.CannotServeError as error:
        print(f"mailadmin: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError:
        sys.exit("mailadmin: the migrations do not run through: see above.")
    except KeyboardInterrupt:
        sys.exit(130)
