"""Ordered streams side by side, and findings of which only the first are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, TypeVar

from tables.audit import Finding

#: Findings of one table, or of one kind, that are named. Of the others only their number is told.
MOST = 20


A = TypeVar("A")
B = TypeVar("B")


class Few:
    """The first findings about a subject, and how many more there were."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.named: list[Finding] = []
        self.more = 0

    def add(self, subject: str, message: str) -> None:
        if len(self.named) < MOST:
            self.named.append(Finding(subject, message))
        else:
            self.more += 1

    def __iter__(self) -> Iterator[Finding]:
        yield from self.named
        if self.more:
            yield Finding(self.subject, f"And {self.more} more do not hold. Put these right and verify again.")


def side_by_side(
    left: Iterable[tuple[Any, A]], right: Iterable[tuple[Any, B]]
) -> Iterator[tuple[Any, A | None, B | None]]:
    """Two streams of (key, item), each in the order of its keys: per key what either has."""
    mine, theirs = iter(left), iter(right)
    one, other = next(mine, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None  # noqa: S101  for the type checker
            yield one[0], one[1], None
            one = next(mine, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(theirs, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(mine, None), next(theirs, None)


def grouped(items: Iterable[A], key: Callable[[A], Any]) -> Iterator[tuple[Any, Iterator[A]]]:
    """(key, its items) of a stream that is in the order of that key. Use up the items before the next step."""
    yield from groupby(items, key)
