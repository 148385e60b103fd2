"""``make bench``: the core at a million entries, beside makemap as typed by hand, in one run.

    .venv/bin/python -m tests.bench [--entries N] [--runs N] [--only core|pages]

Exit status 1 when a bound does not hold. Each figure is the median of the runs, which take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import pages, texts

FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"

#: A job, what it does, how many times makemap's own time it may take, and how much memory a tenfold table may cost.
BOUNDS: dict[str, tuple[str, float | None, float | None]] = {
    "parse": ("parse, as a stream", 2.0, 16.0),
    "read": ("parse, each key once, as an import does", 2.0, None),
    "render": ("render, as a stream", 2.0, 16.0),
    "check": ("check each entry alone", None, None),
    "lint": ("lint across the tables", 2.0, None),
    "chains": ("lint aliases in chains of 1,000", 2.0, None),
}


@dataclass
class Measured:
    seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def add(self, seconds: float, peak_mb: float) -> None:
        self.seconds.append(seconds)
        self.peak_mb = max(self.peak_mb, peak_mb)


def by_hand(file: Path, measured: Measured) -> None:
    """``makemap hash map < file``."""
    built = FOLDER / "map"
    started = time.perf_counter()
    with file.open("rb") as text:
        process = subprocess.Popen(["makemap", "hash", str(built)], stdin=text)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"makemap ended with status {process.returncode}.")
    measured.add(time.perf_counter() - started, usage.ru_maxrss / 1024)
    built.with_name("map.db").unlink()


def by_us(job: str, file: Path, count: int, measured: Measured) -> None:
    command = [sys.executable, "-m", "tests.bench.jobs", job, str(file), str(count)]
    done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    measured.add(done["seconds"], done["peak_mb"])


def measure(count: int, runs: int) -> dict[str, Measured]:
    file = FOLDER / f"virtusertable-{count}"
    texts.write_virtusertable(file, count)
    found = {"makemap": Measured(), **{job: Measured() for job in BOUNDS}}
    for _run in range(runs):
        by_hand(file, found["makemap"])
        for job in BOUNDS:
            by_us(job, file, count, found[job])
    file.unlink()
    return found


def broken_bounds(large: dict[str, Measured], small: dict[str, Measured]) -> list[str]:
    broken = []
    reference = large["makemap"].median
    for job, (_what, times, growth) in BOUNDS.items():
        ratio, more = large[job].median / reference, large[job].peak_mb - small[job].peak_mb
        if times is not None and ratio > times:
            broken.append(f"{job}: {ratio:.2f} times makemap's time is over {times:.0f}")
        if growth is not None and more > growth:
            broken.append(f"{job}: {more:.0f} MB more for ten times the entries is over {growth:.0f} MB")
    return broken


def print_table(count: int, large: dict[str, Measured], small: dict[str, Measured]) -> None:
    table = Table(title=f"{count:,} entries, median of {len(large['makemap'].seconds)} runs")
    for name in ("work", "seconds", "entries/s", "of makemap", "bound", "peak MB", f"MB at {count // 10:,}"):
        table.add_column(name, justify="left" if name == "work" else "right")
    rows = {"makemap": ("makemap hash map < file, as typed by hand", None, None), **BOUNDS}
    for job, (what, times, _growth) in rows.items():
        got = large[job]
        table.add_row(
            what,
            f"{got.median:.2f}",
            f"{count / got.median:,.0f}",
            f"{got.median / large['makemap'].median:.2f} ×",
            f"≤ {times:.0f} ×" if times else "",
            f"{got.peak_mb:.0f}",
            f"{small[job].peak_mb:.0f}",
        )
    Console(width=max(110, Console().width)).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("core", "pages"), help="one part of it")
    arguments = parser.parse_args()
    broken = 0 if arguments.only == "pages" else core(arguments)
    if arguments.only != "core":
        broken |= pages.run(arguments.entries)
    return broken


def core(arguments: argparse.Namespace) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    small = measure(arguments.entries // 10, 1)
    large = measure(arguments.entries, arguments.runs)
    print_table(arguments.entries, large, small)
    broken = broken_bounds(large, small)
    print("\n".join(broken) or "Every bound holds.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
