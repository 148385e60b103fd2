"""Policies that the machine proposes, and what each asks: said here once for the services and once for the book."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailadmin.accounts.roles import Role
from tables.rules import DEFAULT, Freeze, Need, Rule, Rules
from tables.sendmail.spec import Risk


@dataclass(frozen=True)
class Terms:
    """As the book knows a policy. ``asks``: (risk or empty for any, persons, role that each has or empty)."""

    asks: tuple[tuple[str, int, str], ...] = (("", 1, ""),)
    hours: int = 72
    three_people: bool = False
    frozen: tuple[datetime, datetime] | None = None

    def needs(self, risks: Collection[Risk]) -> set[tuple[int, str]]:
        """How many persons, and of which role. What no line is about takes one person."""
        found: set[tuple[int, str]] = set()
        for risk in risks:
            found |= {(count, role) for name, count, role in self.asks if name in {"", risk}} or {(1, "")}
        return found

    def is_frozen(self, now: datetime) -> bool:
        return self.frozen is not None and self.frozen[0] <= now < self.frozen[1]

    @property
    def rules(self) -> Rules:
        return Rules(
            rules=tuple(Rule(risk=name or "any", need=Need(count, role)) for name, count, role in self.asks),
            size=DEFAULT.size,
            approval_hours=self.hours,
            three_people=self.three_people,
            freezes=(Freeze(*self.frozen, "Christmas"),) if self.frozen else (),
        )


KINDS = ["usual", "two for relays", "nobody for catch-alls", "administrators", "a day", "three people", "freeze"]


def terms(kind: str, now: datetime) -> Terms:
    return {
        "usual": Terms(),
        "two for relays": Terms((("", 1, ""), ("relay", 2, ""))),
        "nobody for catch-alls": Terms((("catch-all", 0, ""),)),
        "administrators": Terms((("", 1, ""), ("program", 1, Role.ADMINISTRATOR.value))),
        "a day": Terms(hours=24),
        "three people": Terms(three_people=True),
        "freeze": Terms(frozen=(now - timedelta(hours=1), now + timedelta(hours=40))),
    }[kind]
