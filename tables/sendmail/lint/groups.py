"""Many entries with one thing wrong become one finding: nobody reads a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

#: Up to so many entries of a group are named one by one.
FEW = 5


@dataclass(slots=True)
class Group:
    """``first`` are the first keys of the group, all of them while they are few."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        self.count += 1
        if self.count <= FEW:
            self.first.append(key)

    @property
    def few(self) -> bool:
        return self.count <= FEW


class Groups:
    """Keys by what they have in common, in the order in which the groups were met."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def add(self, name: str, key: str) -> None:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group()
        group.add(key)

    def __iter__(self) -> Iterator[tuple[str, Group]]:
        return iter(self._groups.items())
