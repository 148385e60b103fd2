"""One job in a process of its own: prints its seconds and the process's peak memory as JSON.

.venv/bin/python -m tests.bench.jobs JOB FILE COUNT
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tables.sendmail.lint import Context, lint
from tables.sendmail.parse import parse, read_table
from tables.sendmail.render import render
from tables.sendmail.spec import Entry
from tables.sendmail.syntax import check_entry
from tables.sendmail.tables import TABLES
from tests.bench import texts

VIRTUAL = TABLES["virtusertable"]
USERS = frozenset(("root", "postmaster", "mail", "daemon"))


def exhaust(items: Iterable[object]) -> int:
    """How many there were, none of them kept."""
    counted = 0
    for _item in items:
        counted += 1
    return counted


def parse_stream(file: Path, _count: int) -> int:
    with file.open("rb") as stream:
        return exhaust(parse(VIRTUAL, stream))


def read_import(file: Path, _count: int) -> int:
    return exhaust(read_table(VIRTUAL, lambda: file.open("rb")))


def render_stream(_file: Path, count: int) -> int:
    deque(render(VIRTUAL, texts.entries(texts.virtual_users(count))), maxlen=0)
    return count


def check_each(_file: Path, count: int) -> int:
    return exhaust(
        problem for entry in texts.entries(texts.virtual_users(count)) for problem in check_entry(VIRTUAL, entry)
    )


def lint_virtual(_file: Path, count: int) -> int:
    tables = {
        "virtusertable": lambda: texts.entries(texts.virtual_users(count)),
        "local-host-names": lambda: (Entry(name) for name in texts.virtual_domains(count)),
        "aliases": lambda: (Entry(name, "root") for name in ("postmaster", "mailer-daemon", "abuse")),
    }
    return _lint(tables)


def lint_aliases(_file: Path, count: int) -> int:
    return _lint({"aliases": lambda: texts.entries(texts.chained_aliases(count))})


def _lint(tables: dict[str, Callable[[], Iterator[Entry]]]) -> int:
    return exhaust(lint(lambda name: tables[name]() if name in tables else (), Context(users=USERS)))


JOBS: dict[str, Callable[[Path, int], int]] = {
    "parse": parse_stream,
    "read": read_import,
    "render": render_stream,
    "check": check_each,
    "lint": lint_virtual,
    "chains": lint_aliases,
}


def main(job: str, file: str, count: str) -> None:
    started = time.perf_counter()
    found = JOBS[job](Path(file), int(count))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "found": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
