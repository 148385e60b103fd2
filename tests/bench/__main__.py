"""``make bench``: speed at a million entries, beside makemap as typed by hand in the same run.

    .venv/bin/python -m tests.bench [--only core|live|many|pages] [--entries N] [--runs N]

Exit status 1 when a bound does not hold. Each figure is the median of the runs, which take turns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from tests.bench import core, live, many, pages


def _pages(count: int, _runs: int) -> list[str]:
    return ["A page is over its bound, or gunicorn gave an error: see its table."] if pages.run(count) else []


#: The parts, in the order in which they run.
PARTS: dict[str, Callable[[int, int], list[str]]] = {
    "core": core.run,
    "live": live.run,
    "many": many.run,
    "pages": _pages,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    wanted = [arguments.only] if arguments.only else list(PARTS)
    broken = [said for part in wanted for said in PARTS[part](arguments.entries, arguments.runs)]
    print("\n".join(broken) or "Every bound holds.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
