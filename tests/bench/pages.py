"""``make bench``, pages: lists, searches, entry pages and edits at a million entries, on both databases.

    .venv/bin/python -m tests.bench --only pages [--entries N] [--runs N]

Each database is filled once, through the real import, in a process of its own; then the whole table at an old state is
streamed, every page is asked for 200 times within one process, and then gunicorn serves 40 people for a minute. Exit
status 1 when a bound does not hold.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"
#: Requests of each page, and people at gunicorn for so many seconds.
TIMES, CLIENTS, SECONDS = 200, 40, 60
#: Changes of history beside the entries.
CHANGED = 10_000


def run(count: int, times: int = TIMES, seconds: int = SECONDS) -> int:
    """Measure on both databases; whether a bound is broken."""
    from tests import postgres

    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "pages.sqlite3"
    for left in FOLDER.glob("pages.sqlite3*"):
        left.unlink()
    broken = _in_process(f"sqlite:///{file}", count, times, seconds)
    with postgres.server() as url:
        broken |= _in_process(url, count, times, seconds)
    for left in FOLDER.glob("pages.sqlite3*"):
        left.unlink()
    shutil.rmtree(FOLDER / "state", ignore_errors=True)
    return broken


def _in_process(url: str, count: int, times: int, seconds: int) -> int:
    environment = {
        **os.environ,
        "MAILADMIN_DATABASE_URL": url,
        "MAILADMIN_STATE_DIR": str(FOLDER / "state"),
        "MAILADMIN_ALLOWED_HOSTS": "testserver 127.0.0.1",
        "MAILADMIN_EMAIL": "no",
        "DJANGO_SETTINGS_MODULE": "mailadmin.settings",
    }
    (FOLDER / "state").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.bench.pages", str(count), str(times), str(seconds)]
    return subprocess.run(command, env=environment, check=False).returncode


def main(count: int, times: int, seconds: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import crowd, filling, old_states, visiting

    def say(what: str) -> None:
        print(f"{connection.vendor}: {what} after {time.perf_counter() - started:.0f} s", flush=True)

    started = time.perf_counter()
    call_command("collectstatic", interactive=False, verbosity=0)
    person = filling.fill(count, min(CHANGED, count // 10), FOLDER, say)
    past = old_states.whole()
    print(f"{connection.vendor}: {past}", flush=True)
    timed = visiting.measure(person, count, times) + old_states.pages(person, count, times)
    _print(connection.vendor, count, timed)
    served = crowd.visit(person, count, clients=CLIENTS, seconds=seconds)
    print(f"gunicorn, {connection.vendor}: {served}", flush=True)
    return int(not past.holds or any(not one.holds for one in timed) or served.errors > 0)


def _print(vendor: str, count: int, timed: list) -> None:  # type: ignore[type-arg]
    from tests.bench.visiting import BOUND

    table = Table(title=f"{vendor}, {count:,} entries: milliseconds in the server")
    for name in ("page", "p50", "p95", "bound", "queries", ""):
        table.add_column(name, justify="left" if name == "page" else "right")
    for one in timed:
        least, most = one.queries
        asked = str(most) if least == most else f"{least}–{most}"
        verdict = "holds" if one.holds else "broken"
        table.add_row(one.page, f"{one.p50:.1f}", f"{one.p95:.1f}", f"≤ {BOUND:.0f}", asked, verdict)
    Console(width=max(100, Console().width)).print(table)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
