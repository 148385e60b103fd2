"""Many entries with one thing wrong become one finding: nobody reads a thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tables.sendmail.lint.context import Finding

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


#: Up to so many findings of one rule in one table are told one by one.
MOST = 1000


def summed(findings: Iterable[Finding], most: int = MOST) -> Iterator[Finding]:
    """The findings, those of one rule beyond ``most`` as one more: a table of a million must not fill the memory."""
    told: dict[tuple[str, str], int] = {}
    beyond: dict[tuple[str, str], tuple[Finding, int]] = {}
    for finding in findings:
        name = (finding.table, finding.problem.rule)
        told[name] = told.get(name, 0) + 1
        if told[name] <= most:
            yield finding
        elif name in beyond:
            beyond[name] = (beyond[name][0], beyond[name][1] + 1)
        else:
            beyond[name] = (finding, 1)
    for finding, count in beyond.values():
        yield finding if count == 1 else _one_of(finding, count)


def _one_of(finding: Finding, count: int) -> Finding:
    message = f"{finding.problem.message} The same is wrong with {count - 1:,} more."
    return replace(finding, problem=replace(finding.problem, message=message))
