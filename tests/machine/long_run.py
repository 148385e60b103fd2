"""The machine for minutes, from seeds that no run had before; ``make machine`` starts it.

.venv/bin/python -m tests.all tests/machine/long_run.py --machine-minutes 2 --machine-seed 5
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import SystemRandom

import pytest

from tests.machine.base import COUNTED, make_cast
from tests.machine.driving import drive
from tests.machine.machine import ChangeControl

pytestmark = pytest.mark.django_db

#: Runs from one seed: few, so that the time is kept and one number is enough to see a failure again.
RUNS = 10
STEPS = 60


@pytest.mark.parametrize("lane", [0, 1])
def test_the_rules_hold_for_minutes(
    lane: int, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    end = time.monotonic() + 60 * float(pytestconfig.getoption("machine_minutes"))
    given = pytestconfig.getoption("machine_seed")
    start = given if given is not None else SystemRandom().randrange(10**6) * 10**4
    make_cast()
    seed = start + lane
    while True:
        try:
            drive(ChangeControl, start=seed, runs=RUNS, steps=STEPS)
        except BaseException as error:
            error.add_note(f"See it again: -k {lane} --machine-minutes 0 --machine-seed {seed - lane}")
            raise
        finally:
            record_property("machine", dict(COUNTED))
        COUNTED.clear()
        seed += 2
        if time.monotonic() >= end:
            break
