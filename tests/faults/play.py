"""Plays cases in this process's children: ``python -m tests.faults.play DIRECTORY --seed N``; see ``__main__``."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import django

from tests.faults.case import Case, Outcome
from tests.faults.playing import Theatre

#: After so many cases it is said how far they got.
TELL = 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--without", default="")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--each", type=int, default=1)
    options = parser.parse_args()
    django.setup()
    prepare()
    from tests.faults import matrix

    theatre, cases = matrix.open_theatre(options.directory)
    chosen = [case for case in cases if re.search(options.only, case.name) and not matches(options.without, case.name)]
    if options.kills:
        chosen = matrix.sample(chosen, options.kills, options.each, random.Random(options.seed))
    outcomes = perform(theatre, chosen)
    theatre.start.remove()
    (options.directory / "results.json").write_text(json.dumps([outcome.as_json() for outcome in outcomes]))


def matches(pattern: str, name: str) -> bool:
    return bool(pattern and re.search(pattern, name))


def prepare() -> None:
    from tests import names
    from tests.faults import stage

    names.settle()
    stage.load()


def perform(theatre: Theatre, cases: Sequence[Case]) -> list[Outcome]:
    outcomes = []
    for number, case in enumerate(cases, start=1):
        outcome = theatre.play(case)
        if number % TELL == 0:
            sys.stderr.write(f"{number} of {len(cases)} cases played.\n")
        if outcome.problems:
            sys.stderr.write(f"{case.name}: {'; '.join(outcome.problems)}\n")
        outcomes.append(outcome)
    return outcomes


if __name__ == "__main__":
    main()
