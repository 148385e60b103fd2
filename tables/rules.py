"""What a policy says, and how it is written down. It knows neither the database nor any request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from mailadmin.accounts.roles import REVIEW, RIGHTS
from tables.sendmail.risk.effect import MEANINGS
from tables.sendmail.spec import Risk
from tables.sendmail.tables import TABLES

#: Every risk, or every table.
ANY = "any"
#: The reason of a request that changes much at once. Rules may name it as they name a risk.
LARGE = "large"
REASONS = (*(risk.value for risk in Risk), LARGE)


def meaning(reason: str) -> str:
    """What a risk, or a large change, is a danger of."""
    if reason == LARGE:
        return "changes or deletes much of a table at once, or bit by bit"
    return MEANINGS[Risk(reason)]


#: Persons that one rule may ask for.
MOST_REVIEWS = 5
#: Roles that may review at all, of which a rule may name one.
REVIEWING = tuple(role.value for role, rights in RIGHTS.items() if REVIEW in rights)

#: What the numbers are called where people read or type them, by their names in the content.
LABELS = {
    "percent": "Per cent of a table",
    "rows": "Entries of a table",
    "least": "Entries that never count as many",
    "hours": "Hours that count together",
    "approval_hours": "Hours for which an approval holds",
    "request_days": "Days after which a request expires",
    "remind_days": "Days after which reviewers are reminded",
    "tick_above": "Risky lines that need no ticks",
    "glass_hours": "Hours in which an emergency is reviewed",
}
#: Least and most of every number.
BOUNDS = {
    "percent": (1, 100),
    "rows": (1, 1_000_000),
    "least": (0, 1_000),
    "hours": (1, 720),
    "approval_hours": (1, 8_760),
    "request_days": (1, 365),
    "remind_days": (1, 365),
    "tick_above": (1, 1_000),
    "glass_hours": (1, 720),
}


class PolicyInvalid(Exception):
    """Content that is no policy. ``problems`` are sentences."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Need:
    """So many persons must approve; all of them count, or only those with a role, or only those named."""

    reviews: int
    role: str = ""
    people: tuple[str, ...] = ()

    @property
    def whom(self) -> str:
        if self.people:
            return f"of {', '.join(self.people)}"
        return f"with the role {self.role}" if self.role else ""

    def covers(self, other: Need) -> bool:
        """Whether whatever satisfies this one satisfies the other, too."""
        if other.reviews == 0:
            return True
        if self.reviews < other.reviews:
            return False
        if other.people:
            return bool(self.people) and set(self.people) <= set(other.people)
        return not other.role or self.role == other.role


#: What a loosening change needs that no rule matches.
UNMATCHED = Need(1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a risk in a table needs."""

    risk: str = ANY
    table: str = ANY
    need: Need = UNMATCHED

    def matches(self, risk: str, table: str) -> bool:
        """``table`` may be empty: it is not known which one, so every rule might be meant."""
        return self.risk in {ANY, risk} and (self.table in {ANY, table} or not table)


@dataclass(frozen=True, slots=True)
class Size:
    """Beyond what a person changes so much of a table within some hours that another one must look."""

    percent: int = 30
    rows: int = 500
    least: int = 3
    hours: int = 24


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Who may go live in an emergency (nobody named: every administrator), and the hours in which it is reviewed."""

    people: tuple[str, ...] = ()
    hours: int = 24


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing but tightening goes through."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All that a policy says."""

    rules: tuple[Rule, ...] = (Rule(),)
    size: Size = field(default_factory=Size)
    approval_hours: int = 72
    request_days: int = 14
    remind_days: int = 3
    tick_above: int = 10
    #: Author, approver and publisher of what opens a relay are three persons.
    three_people: bool = False
    break_glass: BreakGlass = field(default_factory=BreakGlass)
    freezes: tuple[Freeze, ...] = ()

    def needs(self, risk: str, table: str) -> set[Need]:
        """All that the rules for a risk in a table ask; together they are the most demanding of them."""
        found = {rule.need for rule in self.rules if rule.matches(risk, table)} or {UNMATCHED}
        return {need for need in found if not any(other != need and other.covers(need) for other in found)}

    @property
    def unreviewed(self) -> dict[str, list[str]]:
        """The reasons for which nobody is asked, each with the tables in which that is so."""
        free = {
            reason: [name for name in TABLES if all(need.reviews == 0 for need in self.needs(reason, name))]
            for reason in REASONS
        }
        return {reason: names for reason, names in free.items() if names}

    def frozen(self, at: datetime) -> Freeze | None:
        """The freeze that is on; of several the one that lasts longest."""
        on = [freeze for freeze in self.freezes if freeze.start <= at < freeze.end]
        return max(on, key=lambda freeze: freeze.end, default=None)


DEFAULT = Rules()
#: In the place of content that cannot be read.
CLOSED = replace(DEFAULT, rules=(Rule(need=Need(MOST_REVIEWS)),), three_people=True)


# --- as JSON ----------------------------------------------------------------------------------------------------------


def to_json(rules: Rules) -> dict[str, Any]:
    size, glass = rules.size, rules.break_glass
    return {
        "rules": [
            {
                "risk": rule.risk,
                "table": rule.table,
                "reviews": rule.need.reviews,
                "role": rule.need.role,
                "people": list(rule.need.people),
            }
            for rule in rules.rules
        ],
        "size": {"percent": size.percent, "rows": size.rows, "least": size.least, "hours": size.hours},
        "approval_hours": rules.approval_hours,
        "request_days": rules.request_days,
        "remind_days": rules.remind_days,
        "tick_above": rules.tick_above,
        "three_people": rules.three_people,
        "break_glass": {"people": list(glass.people), "hours": glass.hours},
        "freezes": [
            {"from": freeze.start.isoformat(), "until": freeze.end.isoformat(), "reason": freeze.reason}
            for freeze in rules.freezes
        ],
    }


def from_json(content: Any) -> Rules:
    """Raises :class:`PolicyInvalid` with everything that is wrong. What is left out is as by default."""
    reading = _Reading()
    rules = reading.rules(content)
    if reading.problems:
        raise PolicyInvalid(reading.problems)
    return rules


class _Reading:
    """One walk through a content, which goes on after a mistake so that all are found."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def rules(self, content: Any) -> Rules:
        given = self.names(content, "The policy", set(to_json(DEFAULT)), needed={"rules"})
        size = self.names(given.get("size", {}), "The size", set(Size.__slots__))
        glass = self.names(given.get("break_glass", {}), "Break glass", {"people", "hours"})
        numbers = {
            name: self.number(given, name, getattr(DEFAULT, name))
            for name in ("approval_hours", "request_days", "remind_days", "tick_above")
        }
        return Rules(
            rules=tuple(
                self.rule(item, f"Rule {place}") for place, item in enumerate(self.items(given, "rules"), start=1)
            ),
            size=Size(**{name: self.number(size, name, getattr(DEFAULT.size, name)) for name in Size.__slots__}),
            three_people=self.flag(given, "three_people"),
            break_glass=BreakGlass(
                people=self.people(glass, "Break glass"),
                hours=self.number(glass, "hours", DEFAULT.break_glass.hours, "glass_hours"),
            ),
            freezes=tuple(
                self.freeze(item, f"Freeze {place}") for place, item in enumerate(self.items(given, "freezes"), start=1)
            ),
            **numbers,
        )

    def names(self, value: Any, what: str, known: Collection[str], needed: Collection[str] = ()) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.problems.append(f"{what} is not a set of names with values.")
            return {}
        if odd := sorted(set(map(str, value)) - set(known)):
            self.problems.append(f"{what} has names that mean nothing: {', '.join(odd)}. Leave them out.")
        if lacking := sorted(set(needed) - set(value)):
            self.problems.append(f"{what} lacks {', '.join(lacking)}.")
        return value

    def items(self, given: Mapping[str, Any], name: str) -> list[Any]:
        value = given.get(name, [])
        if isinstance(value, list):
            return value
        self.problems.append(f"{name.capitalize()} are not a list.")
        return []

    def number(self, given: Mapping[str, Any], name: str, default: int, label: str = "") -> int:
        value = given.get(name, default)
        least, most = BOUNDS[label or name]
        if type(value) is int and least <= value <= most:
            return value
        self.problems.append(f"{LABELS[label or name]}: “{value}” is no whole number from {least} to {most}.")
        return default

    def flag(self, given: Mapping[str, Any], name: str) -> bool:
        value = given.get(name, False)
        if isinstance(value, bool):
            return value
        self.problems.append(f"{name.replace('_', ' ').capitalize()} is neither on nor off.")
        return False

    def people(self, given: Mapping[str, Any], what: str) -> tuple[str, ...]:
        value = given.get("people", [])
        if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
            self.problems.append(f"{what}: the people are not a list of user names.")
            return ()
        return tuple(dict.fromkeys(name.strip().lower() for name in value))

    def choice(self, given: Mapping[str, Any], name: str, choices: Collection[str], what: str) -> str:
        value = given.get(name, "")
        if value in choices:
            return str(value)
        self.problems.append(f"{what}: “{value}” is none of {', '.join(choices)}.")
        return ANY

    def rule(self, item: Any, what: str) -> Rule:
        given = self.names(item, what, {"risk", "table", "reviews", "role", "people"}, needed={"risk", "reviews"})
        role = given.get("role", "")
        if role and role not in REVIEWING:
            self.problems.append(f"{what}: the role “{role}” reviews nothing. Choose {' or '.join(REVIEWING)}.")
        reviews, people = given.get("reviews", 1), self.people(given, what)
        if type(reviews) is not int or not 0 <= reviews <= MOST_REVIEWS:
            self.problems.append(f"{what}: “{reviews}” is no number of approvals from 0 to {MOST_REVIEWS}.")
            reviews = 1
        if people and role:
            self.problems.append(f"{what}: it names a role and people. Make a rule of each; both will count.")
        if people and reviews > len(people):
            self.problems.append(f"{what}: {reviews} of {len(people)} named people cannot approve. Name more of them.")
        return Rule(
            risk=self.choice(given, "risk", (ANY, *REASONS), what),
            table=self.choice({"table": ANY, **given}, "table", (ANY, *TABLES), what),
            need=Need(reviews, str(role), people),
        )

    def freeze(self, item: Any, what: str) -> Freeze:
        given = self.names(item, what, {"from", "until", "reason"}, needed={"from", "until", "reason"})
        start, end = self.moment(given.get("from"), what, "start"), self.moment(given.get("until"), what, "end")
        reason = given.get("reason")
        if not isinstance(reason, str) or not reason.strip():
            self.problems.append(f"{what}: say why.")
        if end <= start and "until" in given:
            self.problems.append(f"{what}: it ends before it starts.")
        return Freeze(start, end, str(reason).strip())

    def moment(self, value: Any, what: str, which: str) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment.tzinfo is None:
            self.problems.append(f"{what}: its {which} is no date and time.")
            return datetime.max.replace(tzinfo=UTC) if which == "end" else datetime.min.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
