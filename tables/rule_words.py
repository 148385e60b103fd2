"""A policy in words, and what is different between two of them: line by line, and which of it loosens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from tables.rules import ANY, LARGE, REASONS, Freeze, Need, Rule, Rules
from tables.sendmail.tables import TABLES

#: What a rule asks that asks nothing.
NOBODY = Need(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a policy says, before and after; empty where it did not, or does no more."""

    name: str
    before: str
    after: str
    loosens: bool

    @property
    def lines(self) -> list[dict[str, str]]:
        """As lines of a difference, under the name."""
        both = (("removed", "−", self.before), ("added", "+", self.after))
        return [{"kind": kind, "sign": sign, "text": text} for kind, sign, text in both if text]


def facts(rules: Rules) -> dict[str, str]:
    """Everything that a policy says, by what it is about."""
    said: dict[str, str] = {}
    for rule in rules.rules:
        name = subject(rule)
        said[name] = f"{said[name]}, and {need_words(rule.need)}" if name in said else need_words(rule.need)
    for name, (tell, _looser) in _NUMBERS.items():
        said[name] = tell(rules)
    for freeze in sorted(rules.freezes, key=lambda one: one.start):
        said[_freeze_name(freeze)] = f"until {_moment(freeze.end)}: {freeze.reason}"
    return said


def subject(rule: Rule) -> str:
    what = "Any risk" if rule.risk == ANY else "Many changes at once" if rule.risk == LARGE else f"Risk {rule.risk}"
    return f"{what} in {'any table' if rule.table == ANY else rule.table}"


def need_words(need: Need) -> str:
    if need.reviews == 0:
        return "no approval"
    count = "1 approval" if need.reviews == 1 else f"{need.reviews} approvals"
    if need.people:
        return f"{count} by {'one' if need.reviews == 1 else need.reviews} of {', '.join(need.people)}"
    who = f"{'a person' if need.reviews == 1 else 'persons'} with the role {need.role}" if need.role else "any approver"
    return f"{count} by {who}"


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}"


def _freeze_name(freeze: Freeze) -> str:
    return f"Freeze from {_moment(freeze.start)}"


def _hours(hours: int) -> str:
    return "1 hour" if hours == 1 else f"{hours} hours"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _glass(rules: Rules) -> str:
    people = ", ".join(rules.break_glass.people) or "every administrator"
    return f"{people}; to be reviewed within {_hours(rules.break_glass.hours)}"


def _size(rules: Rules) -> str:
    size = rules.size
    return (
        f"over {size.percent} % of a table and more than {size.least} entries, or more than {size.rows}, "
        f"changed or deleted by one person within {_hours(size.hours)}"
    )


def _size_is_looser(before: Rules, after: Rules) -> bool:
    old, new = before.size, after.size
    return new.percent > old.percent or new.rows > old.rows or new.least > old.least or new.hours < old.hours


def _glass_is_looser(before: Rules, after: Rules) -> bool:
    old, new = before.break_glass, after.break_glass
    more = bool(old.people) and (not new.people or not set(new.people) <= set(old.people))
    return more or new.hours > old.hours


def _is_more(name: str) -> Callable[[Rules, Rules], bool]:
    return lambda before, after: getattr(after, name) > getattr(before, name)


#: What a policy says once: how it reads, and whether another one is looser there.
_NUMBERS: dict[str, tuple[Callable[[Rules], str], Callable[[Rules, Rules], bool]]] = {
    "Many changes at once are": (_size, _size_is_looser),
    "An approval lapses unpublished after": (lambda rules: _hours(rules.approval_hours), _is_more("approval_hours")),
    "An undecided request expires after": (lambda rules: _days(rules.request_days), _is_more("request_days")),
    "Reviewers are reminded after": (lambda rules: _days(rules.remind_days), lambda _before, _after: False),
    "Each risky line is ticked in requests of more than": (
        lambda rules: f"{rules.tick_above} of them",
        _is_more("tick_above"),
    ),
    "Author, approver and publisher of a relay": (
        lambda rules: "are three persons" if rules.three_people else "may be two persons",
        lambda before, after: before.three_people and not after.three_people,
    ),
    "Break glass": (_glass, _glass_is_looser),
}


def difference(before: Rules, after: Rules) -> list[Line]:
    """What is different, in the order in which a policy is told."""
    old, new = facts(before), facts(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [Line(name, old.get(name, ""), new.get(name, ""), _loosens(name, before, after)) for name in names]


def _loosens(name: str, before: Rules, after: Rules) -> bool:
    if name in _NUMBERS:
        return _NUMBERS[name][1](before, after)
    if rule := next((rule for rule in (*before.rules, *after.rules) if subject(rule) == name), None):
        return any(_asks_less(before, after, risk, table) for risk, table in _pairs(rule))
    return any(_is_lifted(freeze, after) for freeze in before.freezes if _freeze_name(freeze) == name)


def _pairs(rule: Rule) -> list[tuple[str, str]]:
    return [(risk, table) for risk in REASONS for table in TABLES if rule.matches(risk, table)]


def _asks_less(before: Rules, after: Rules, risk: str, table: str) -> bool:
    """Whether something that was asked is not asked any more, by no rule whatever."""
    now = after.needs(risk, table)
    return any(not any(need.covers(old) for need in now) for old in before.needs(risk, table))


def _is_lifted(freeze: Freeze, after: Rules) -> bool:
    """Whether some of a freeze that is not over yet is frozen no more."""
    start = max(freeze.start, timezone.now())
    return start < freeze.end and not any(new.start <= start and new.end >= freeze.end for new in after.freezes)


def loosens(before: Rules, after: Rules) -> bool:
    return any(line.loosens for line in difference(before, after))
