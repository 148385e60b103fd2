"""``make faults``: the whole matrix on SQLite and on PostgreSQL, as a table of fault, step and outcome.

    python -m tests.faults [--seed N] [--only WORD] [--sample KILLS] [--database sqlite|postgresql] [--write]

Prints what went wrong, if anything did, and ends with status 1 then. ``--write`` puts the table into docs/faults.md.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.start import outcomes
from tests.faults.table import page, summary, table

BASE = Path(__file__).resolve().parents[2]
PAGE = BASE / "docs/faults.md"
DATABASES = ("SQLite", "PostgreSQL")


def main() -> int:
    options = arguments()
    print(f"Seed {options.seed}.", flush=True)
    names = [name for name in DATABASES if options.database in {"", name.lower()}]
    with ThreadPoolExecutor() as pool:  # each only waits for a process
        results = dict(zip(names, pool.map(partial(play, options), names), strict=True))
    print(table(results))
    wrong = list(summary(results))
    print("\n".join(wrong) or "Every case ended in the old or the new state, and the next publisher converged.")
    if options.write:
        PAGE.write_text(page(results, " ".join(sys.argv[1:])))
    return 1 if wrong else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", default="", help="only faults whose name contains this")
    parser.add_argument("--sample", type=int, default=0, help="so many kills, and each other fault once or twice")
    parser.add_argument("--each", type=int, default=1, help="in a sample, so many points of every other fault")
    parser.add_argument("--database", default="", choices=["", "sqlite", "postgresql"])
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    return parser.parse_args()


@contextmanager
def url_of(name: str) -> Iterator[str]:
    from tests import postgres

    with postgres.server() if name == "PostgreSQL" else nullcontext("") as url:
        yield url


def play(options: argparse.Namespace, name: str) -> list[dict[str, Any]]:
    started = time.monotonic()
    with url_of(name) as url:
        found = outcomes(url, seed=options.seed, only=options.only, kills=options.sample, each=options.each)
    print(f"{name}: {len(found)} cases in {time.monotonic() - started:.0f} s.", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
