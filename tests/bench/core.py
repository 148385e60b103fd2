"""The core alone, without a database: reading, writing and checking a file of a million entries."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import by_hand, texts

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


def by_us(job: str, file: Path, count: int, measured: Measured) -> None:
    command = [sys.executable, "-m", "tests.bench.jobs", job, str(file), str(count)]
    done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    measured.add(done["seconds"], done["peak_mb"])


def measure(count: int, runs: int) -> dict[str, Measured]:
    file = FOLDER / f"virtusertable-{count}"
    texts.write_virtusertable(file, count)
    found = {"makemap": Measured(), **{job: Measured() for job in BOUNDS}}
    for _run in range(runs):
        found["makemap"].add(*by_hand.measured(file, FOLDER / "map"))
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


def run(count: int, runs: int) -> list[str]:
    """Measure and print; returns what does not hold."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    small = measure(count // 10, 1)
    large = measure(count, runs)
    print_table(count, large, small)
    return broken_bounds(large, small)
