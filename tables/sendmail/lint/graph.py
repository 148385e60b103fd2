"""Loops in a graph of any size: linear in its arrows, without recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

Successors = Callable[[str], Iterable[str]]


def components(starts: Iterable[str], successors: Successors) -> Iterator[list[str]]:
    """The strongly connected parts that can be reached, each after all that it leads to.

    D. J. Pearce, "A space-efficient algorithm for finding strongly connected components" (2016): one number a node,
    0 for one whose part is known.
    """
    rank: dict[str, int] = {}
    waiting: list[str] = []
    for start in starts:
        if start not in rank:
            yield from _from(start, successors, rank, waiting)


def _from(start: str, successors: Successors, rank: dict[str, int], waiting: list[str]) -> Iterator[list[str]]:
    rank[start] = len(rank) + 1
    path, numbers, rest = [start], [rank[start]], [iter(successors(start))]
    while path:
        name = _first_new(rest[-1], path[-1], rank)
        if name is not None:
            rank[name] = number = len(rank) + 1
            path.append(name)
            numbers.append(number)
            rest.append(iter(successors(name)))
            continue
        rest.pop()
        node, number = path.pop(), numbers.pop()
        low = rank[node]
        if path and low < rank[path[-1]]:
            rank[path[-1]] = low
        if low < number:
            waiting.append(node)
        else:
            yield _part(node, rank, waiting)


def _first_new(names: Iterator[str], node: str, rank: dict[str, int]) -> str | None:
    """The first of the names that was not met before; the others tell how far back the node leads."""
    for name in names:
        known = rank.get(name)
        if known is None:
            return name
        if 0 < known < rank[node]:
            rank[node] = known
    return None


def _part(node: str, rank: dict[str, int], waiting: list[str]) -> list[str]:
    part, low = [node], rank[node]
    while waiting and rank[waiting[-1]] >= low:
        part.append(waiting.pop())
    for name in part:
        rank[name] = 0
    return part


def loop_in(part: list[str], successors: Successors) -> list[str]:
    """A shortest loop through the first node of a part that has more than one."""
    first, inside = part[0], set(part)
    came: dict[str, str] = {}
    todo = deque([first])
    while first not in came:
        node = todo.popleft()
        for name in successors(node):
            if name in inside and name not in came:
                came[name] = node
                todo.append(name)
    path = [came[first]]
    while path[-1] != first:
        path.append(came[path[-1]])
    return path[::-1]
