"""Two publishers of one directory at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.faults import stage
from tests.faults.case import NOTHING, RAISED, SUCCEEDED, Attempt, Case, Checkpoint
from tests.faults.stage import Place

ROUNDS = 5
POINTS = ("before lock", "before plan", "before swap", "swap journalled", "before prove", "recorded")

#: Connections of a parent, which its child must neither use nor close.
_inherited: list[Any] = []


def cases() -> Iterator[Case]:
    only = frozenset({SUCCEEDED})
    for point in POINTS:
        yield Case("two publishers", point, "another one starts", [Attempt(enter=beside(point))], only)
    for number in range(ROUNDS):
        yield Case("two publishers", "lock", f"both start at once, round {number + 1}", [Attempt(twins=True)], only)


def beside(point: str) -> Callable[[Place], Checkpoint | None]:
    """At this point of one publisher another one runs from its start to its end."""

    def enter(place: Place) -> Checkpoint | None:
        def checkpoint(now: str) -> None:
            if now == point and (state := other(place)["state"]) not in {RAISED, NOTHING}:
                raise RuntimeError(f"two publishers were at work at once: the other {state}")

        return checkpoint

    return enter


def other(place: Place) -> dict[str, str]:
    from tests.faults.playing import converge

    answer = place.path / "other.json"

    def work() -> None:
        from django.db import connections

        _inherited.append(connections["default"].connection)
        connections["default"].connection = None
        stage.write_json(answer, converge(lambda _point: None))

    status = stage.wait(stage.fork(work))
    if status:
        raise RuntimeError(f"the other publisher ended with status {status}")
    found: dict[str, str] = json.loads(answer.read_text())
    return found
