"""Random files of the seven tables by the core and by the real makemap, newaliases and sendmail: they must agree.

    .venv/bin/python -m tests.fuzz [--files 7000] [--seed 1]

Prints the seed, how many files of each table were tried and what differed; each differing file is made as small as
it gets and saved under ``var/fuzz``. Exits 1 when there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom

from deploy import linux
from tables.sendmail.tables import TABLES
from tests import names
from tests.fuzz.against import File, differences
from tests.fuzz.files import make
from tests.integration.lab import Lab, new_lab

SAVED = Path(__file__).parents[2] / "var" / "fuzz"

#: Files that one worker tries in one directory.
PORTION = 70


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=7_000, help="how many files (default: 7000)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000), help="begin here again")
    chosen = parser.parse_args(arguments)
    if not names.settle():
        print(linux.UNQUALIFIED, flush=True)
    print(f"Seed {chosen.seed}, {chosen.files} files.", flush=True)
    started = time.monotonic()
    portions = [
        (f"{chosen.seed}/{start}", min(PORTION, chosen.files - start)) for start in range(0, chosen.files, PORTION)
    ]
    tried: Counter[str] = Counter()
    different = 0
    with multiprocessing.Pool(os.cpu_count() or 2) as workers:
        for counts, saved in workers.imap_unordered(portion, portions):
            tried += counts
            different += len(saved)
            for path, why in saved:
                print(f"{path}: {why[:2_000]}", flush=True)
    each = ", ".join(f"{name} {count}" for name, count in sorted(tried.items()))
    print(f"{tried.total()} files in {time.monotonic() - started:.0f} s ({each}); {different} differ.")
    return 1 if different else 0


def portion(task: tuple[str, int]) -> tuple[Counter[str], list[tuple[Path, str]]]:
    """The files of one seed: how many of each table, and those that differ, saved."""
    seed, count = task
    files = list(random_files(Random(seed), count))
    with new_lab() as lab:
        saved = [save(smallest(lab, file), why) for file, why in differences(lab, files)]
    return Counter(file.table for file in files), saved


def random_files(random: Random, count: int) -> Iterator[File]:
    """``count`` files, the tables by turns."""
    names = list(TABLES)
    for number in range(count):
        table = names[number % len(names)]
        yield File(table, make(table, random))


def save(file: File, why: str) -> tuple[Path, str]:
    SAVED.mkdir(parents=True, exist_ok=True)
    path = SAVED / f"{file.table}-{hashlib.sha256(file.data).hexdigest()[:12]}"
    path.write_bytes(file.data)
    return path, why


def smallest(lab: Lab, file: File) -> File:
    """The file without every line, and then every run of bytes, that is not needed to make it differ."""
    lines = shortened(lab, file.table, file.data.splitlines(keepends=True))
    data = b"".join(lines)
    if len(data) <= 400:
        data = b"".join(shortened(lab, file.table, [bytes([byte]) for byte in data]))
    return File(file.table, data)


def shortened(lab: Lab, table: str, parts: list[bytes]) -> list[bytes]:
    size = max(1, len(parts) // 2)
    while True:
        start = 0
        while start < len(parts):
            fewer = [*parts[:start], *parts[start + size :]]
            if any(differences(lab, [File(table, b"".join(fewer))])):
                parts = fewer
            else:
                start += size
        if size == 1:
            return parts
        size //= 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
