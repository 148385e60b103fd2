"""What has to be done now and then though nobody asks for it. Every publisher does it; once is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tables import closing, lapsing, reminding, scheduling, upkeep
from tables.searching import gaps

#: What is done, in order, and what is said of it when there was anything to do.
CHORES: tuple[tuple[Callable[[], int], str], ...] = (
    (scheduling.carry_out, "%d entries began or ended by their dates."),
    (closing.expire, "%d change requests expired undecided."),
    (reminding.remind, "%d change requests were reminded of."),
    (reminding.remind_of_glass, "%d broken glasses that nobody reviewed in time were told of."),
    (lapsing.remind, "%d approvals that grow too old were told of."),
    (gaps.close_all, "The words of %d tables were indexed."),
)


def keep() -> Iterator[str]:
    """Do all of it; yields a line for the log for each thing that was done."""
    for chore, said in CHORES:
        if count := chore():
            yield said % count
    upkeep.keep()
