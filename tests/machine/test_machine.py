"""Random people at work: whatever they do, and in whatever order, the rules hold.

``make machine`` does the same for minutes, with other people each time.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.base import COUNTED, make_cast
from tests.machine.driving import drive
from tests.machine.machine import ChangeControl

pytestmark = pytest.mark.django_db

#: Runs from each seed; ``make machine`` goes on for as long as one likes.
RUNS = 8


@pytest.mark.parametrize(
    "start", [1, pytest.param(2, marks=pytest.mark.one_database), pytest.param(3, marks=pytest.mark.one_database)]
)
def test_the_rules_hold_whatever_people_do(start: int, record_property: Callable[[str, object], None]) -> None:
    make_cast()
    before = COUNTED.copy()
    drive(ChangeControl, start=start, runs=RUNS, shrink=False)
    came = COUNTED - before
    record_property("machine", dict(came))
    assert came["runs"] >= RUNS
    assert came["steps"] > 20 * RUNS
    # It gets to where something could go wrong.
    assert min(came[what] for what in ("approves done", "publishes done", "converges done", "changes replayed")) > 1
