"""Import and publishing on a real database at several sizes, beside makemap as typed by hand in the same run."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from tests import postgres
from tests.bench import by_hand, memory, texts

BASE = Path(__file__).resolve().parents[2]

#: A job, what it does, and how many times makemap's own time it may take.
BOUNDS: dict[str, tuple[str, float | None]] = {
    "import": ("import into empty tables", 3.0),
    "index": ("index their words for searching, after that", None),
    "full": ("publish all, from database to proven map", 0.8),
    "change": ("publish one changed entry", 0.15),
    "addition": ("publish one new entry", 0.15),
    "deletion": ("publish one entry less", 0.15),
}
ONE = ("change", "addition", "deletion")
IMPORT_MB = 300
A_MILLION = 1_000_000
#: For a hundred times the entries all of them may take this many times as long, one of them this many times.
LINEAR, FLAT = 130, 5


@dataclass
class Figures:
    """Of one database and one size: seconds of each job in each run, and the memory of the import."""

    database: str
    count: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    peak_mb: dict[str, float] = field(default_factory=dict)

    def median(self, job: str) -> float:
        return statistics.median(self.seconds[job])

    def ratio(self, job: str) -> float:
        return self.median(job) / self.median("makemap")


def measure(database: str, server: str, folder: Path, count: int, runs: int) -> Figures:
    """``server`` leads to PostgreSQL's; each import is into a database of its own, and the last one is published."""
    found = Figures(database, count)
    place = folder / f"{database}-{count}".lower()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o755)
    texts.write_virtusertable(place / "virtusertable", count)
    for _run in range(runs):
        url = empty_database(server, place)
        run_job("prepare", place, url)
        for job in ("import", "index"):
            _note(found, job, run_job(job, place, url))
    for number in range(runs):
        memory.touch()
        found.seconds["makemap"].append(by_hand.makemap(place / "virtusertable", place / "by-hand"))
        for job in ("full", *ONE):
            _note(found, job, run_job(job, place, url, host=number))
    shutil.rmtree(place)
    return found


def empty_database(server: str, place: Path) -> str:
    """Its address; the one before is gone."""
    if not server:
        for left in place.glob("database.sqlite3*"):
            left.unlink()
        return f"sqlite:///{place}/database.sqlite3"
    with psycopg.connect(server, autocommit=True) as asked:
        asked.execute("DROP DATABASE IF EXISTS bench")
        asked.execute("CREATE DATABASE bench")
    return server.replace("/postgres?", "/bench?")


def _note(found: Figures, job: str, told: dict[str, float]) -> None:
    found.seconds[job].append(told["seconds"])
    found.peak_mb[job] = max(told["peak_mb"], found.peak_mb.get(job, 0))


def run_job(job: str, place: Path, url: str, host: int = 0) -> dict[str, float]:
    """Each run of all publishes on a host of its own, which has nothing yet."""
    mail = place / f"mail{host}"
    mail.mkdir(exist_ok=True, mode=0o755)
    settings = {
        "DJANGO_SETTINGS_MODULE": "mailadmin.settings",
        "MAILADMIN_STATE_DIR": str(place / "state"),
        "MAILADMIN_DATABASE_URL": url,
        "MAILADMIN_MAIL_DIR": str(mail),
        "MAILADMIN_SENDMAIL_CF": str(place / "none.cf"),
        "MAILADMIN_SENDMAIL_DAEMON": "no",
        "MAILADMIN_HOST": f"mx{host}.bench.example",
        "MAILADMIN_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "tests.bench.live_jobs", job, str(place)]
    memory.touch()
    done = subprocess.run(command, cwd=BASE, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def broken(large: Figures, small: Figures) -> Iterator[str]:
    """What the figures of a million entries break: with fewer, makemap itself takes no time worth comparing."""
    if large.count < A_MILLION:
        return
    for job, (what, times) in BOUNDS.items():
        if times is not None and large.ratio(job) > times:
            yield f"{large.database}: {what}: {large.ratio(job):.2f} times makemap's time is over {times:g}"
    if large.peak_mb["import"] > IMPORT_MB:
        yield f"{large.database}: the import took {large.peak_mb['import']:.0f} MB, more than {IMPORT_MB}"
    for job, growth in (("full", LINEAR), *((job, FLAT) for job in ONE)):
        times = large.median(job) / small.median(job)
        if times > growth:
            yield f"{large.database}: {BOUNDS[job][0]}: {times:.1f} times as long at {large.count:,} entries"


def run(count: int, runs: int) -> list[str]:
    """Measure on both databases, print, and return what does not hold."""
    found: list[str] = []
    for database in ("SQLite", "PostgreSQL"):
        small = measure_on(database, count // 100, runs)
        middle = measure_on(database, count // 10, 1)
        large = measure_on(database, count, runs)
        print_table(small, middle, large)
        found += broken(large, small)
    return found


def measure_on(database: str, count: int, runs: int) -> Figures:
    folder = BASE / "var/bench"
    if database == "SQLite":
        return measure(database, "", folder, count, runs)
    with postgres.server() as url:
        return measure(database, url, folder, count, runs)


def print_table(small: Figures, middle: Figures, large: Figures) -> None:
    runs = len(large.seconds["makemap"])
    table = Table(title=f"{large.database}, {large.count:,} entries, median of {runs} runs, seconds")
    table.add_column("work")
    for figures in (small, middle, large):
        table.add_column(f"{figures.count:,}", justify="right")
    for name in ("of makemap", "bound", "peak MB"):
        table.add_column(name, justify="right")
    table.add_row(
        "makemap hash map < file, as typed by hand",
        *(f"{each.median('makemap'):.2f}" for each in (small, middle, large)),
    )
    for job, (what, times) in BOUNDS.items():
        seconds = [f"{each.median(job):.2f}" for each in (small, middle, large)]
        table.add_row(
            what, *seconds, f"{large.ratio(job):.2f} ×", f"≤ {times:g} ×" if times else "", f"{large.peak_mb[job]:.0f}"
        )
    Console(width=max(120, Console().width)).print(table)
