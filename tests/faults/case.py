"""One case of the matrix: what goes wrong, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.stage import Place

#: Told of each point that a publication passes.
Checkpoint = Callable[[str], None]

#: How a publisher may end.
KILLED, FAILED, ROLLED_BACK, SUCCEEDED, RAISED, NOTHING = (
    "killed",
    "failed",
    "rolled back",
    "succeeded",
    "gave up for now",
    "did nothing",
)
ORDERLY = frozenset({FAILED, ROLLED_BACK, SUCCEEDED})
ANY_END = ORDERLY | {RAISED, NOTHING}


def nothing(_place: Place) -> None:
    """Nothing to prepare or to mend."""


def unchanged(_place: Place) -> Checkpoint | None:
    """A publisher without changes of its own."""
    return None


@dataclass(frozen=True)
class Attempt:
    """One publisher that meets a fault: by strace's options, or by what ``enter`` changes in its process."""

    options: Sequence[str] = ()
    enter: Callable[[Place], Checkpoint | None] = unchanged
    #: Two of them start at the same moment, and one of them must succeed.
    twins: bool = False


@dataclass(frozen=True)
class Case:
    fault: str
    step: str
    point: str
    attempts: Sequence[Attempt]
    ends: frozenset[str]
    #: Before the publisher starts, in the directory.
    prepare: Callable[[Place], None] = nothing
    #: What a person mends before the next publisher.
    mend: Callable[[Place], None] = nothing
    #: Words that the error must have, for a fault that a person has to mend.
    says: str = ""
    #: In the last publisher's process, once it has converged.
    after: Callable[[Place], None] = nothing
    #: The live files that the preparation made different from the old state.
    other: frozenset[str] = frozenset()
    #: Whether the person publishes again over what was changed by hand.
    override: bool = False
    #: Whether the changes are published by patches of the live files.
    quick: bool = False

    @property
    def name(self) -> str:
        return f"{self.fault}, {self.step}: {self.point}"


@dataclass
class Outcome:
    """What became of a case; ``problems`` is empty when all that must hold held."""

    fault: str
    step: str
    point: str
    ended: list[str] = field(default_factory=list)
    said: str = ""
    #: What was live before the next publisher began.
    live: str = ""
    #: How often somebody had to press Publish again.
    asked: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
