"""The form of the policy. It takes anything; what is wrong with it the rules say, in sentences, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from django.http import QueryDict
from django.utils import timezone

from tables.rules import (
    ANY,
    BOUNDS,
    DEFAULT,
    LABELS,
    LARGE,
    MOST_REVIEWS,
    REASONS,
    REVIEWING,
    Rules,
    from_json,
    to_json,
)
from tables.sendmail.tables import TABLES

#: Rules, and freezes, that one form takes.
MOST_ROWS = 100

#: Values of who a rule asks for, beside the names of roles.
ANYBODY, NAMED = "", "people"

RISK_CHOICES = {ANY: "Any risk", **{reason: reason for reason in REASONS}, LARGE: "large (many changes)"}
TABLE_CHOICES = {ANY: "Any table", **{name: name for name in TABLES}}
REVIEW_CHOICES = {str(number): str(number) for number in range(MOST_REVIEWS + 1)}
BY_CHOICES = {ANYBODY: "any approver", **{role: f"role {role}" for role in REVIEWING}, NAMED: "of these people"}

SIZES = ("percent", "least", "rows", "hours")
TERMS = ("approval_hours", "request_days", "remind_days", "tick_above")


@dataclass(frozen=True, slots=True)
class RuleRow:
    risk: str = ANY
    table: str = ANY
    reviews: str = "1"
    by: str = ANYBODY
    people: str = ""

    def content(self) -> dict[str, Any]:
        return {
            "risk": self.risk,
            "table": self.table,
            "reviews": number(self.reviews),
            "role": self.by if self.by != NAMED else "",
            "people": names(self.people) if self.by == NAMED else [],
        }


@dataclass(frozen=True, slots=True)
class FreezeRow:
    """Times as a browser's field has them, in the panel's time zone."""

    start: str = ""
    end: str = ""
    reason: str = ""

    def content(self) -> dict[str, Any]:
        return {"from": moment(self.start), "until": moment(self.end), "reason": self.reason}


@dataclass(slots=True)
class Typed:
    """Everything in the form, as text."""

    rules: list[RuleRow]
    freezes: list[FreezeRow]
    #: By their names in :data:`LABELS`.
    numbers: dict[str, str]
    three_people: bool = False
    glass_people: str = ""
    reason: str = ""
    based_on: str = "0"
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Rules, based_on: int) -> Self:
        content = to_json(rules)
        numbers = {**content["size"], "glass_hours": rules.break_glass.hours} | {name: content[name] for name in TERMS}
        return cls(
            rules=[_rule_row(item) for item in content["rules"]],
            freezes=[FreezeRow(local(one.start), local(one.end), one.reason) for one in rules.freezes],
            numbers={name: str(value) for name, value in numbers.items()},
            three_people=rules.three_people,
            glass_people=", ".join(rules.break_glass.people),
            based_on=str(based_on),
        )

    @classmethod
    def posted(cls, data: QueryDict) -> Self:
        return cls(
            rules=[RuleRow(*values) for values in _rows(data, "rule", RuleRow)],
            freezes=[FreezeRow(*values) for values in _rows(data, "freeze", FreezeRow)],
            numbers={name: clean(data.get(name, "")) for name in LABELS},
            three_people="three_people" in data,
            glass_people=clean(data.get("glass_people", "")),
            reason=clean(data.get("reason", "")),
            based_on=clean(data.get("based_on", "")),
        )

    def rearrange(self, data: Mapping[str, str]) -> bool:
        """Add or take away a row if that is what a button asked for."""
        if "add-rule" in data:
            self.rules.append(RuleRow())
        elif "add-freeze" in data:
            self.freezes.append(FreezeRow())
        elif "remove-rule" in data:
            _remove(self.rules, data["remove-rule"])
        elif "remove-freeze" in data:
            _remove(self.freezes, data["remove-freeze"])
        else:
            return False
        return True

    def read(self) -> Rules:
        """Raises :class:`tables.rules.PolicyInvalid`."""
        return from_json(
            {
                "rules": [row.content() for row in self.rules],
                "size": {name: number(self.numbers[name]) for name in SIZES},
                "three_people": self.three_people,
                "break_glass": {"people": names(self.glass_people), "hours": number(self.numbers["glass_hours"])},
                "freezes": [row.content() for row in self.freezes if row != FreezeRow()],
            }
            | {name: number(self.numbers[name]) for name in TERMS}
        )

    @property
    def shown_from(self) -> int:
        """Number of the policy that the form was filled from; one that never is where the field was tampered with."""
        return int(self.based_on) if self.based_on.isascii() and self.based_on.isdecimal() else -1

    @property
    def sizes(self) -> list[dict[str, Any]]:
        return [self._field(name) for name in SIZES]

    @property
    def terms(self) -> list[dict[str, Any]]:
        return [self._field(name) for name in TERMS]

    @property
    def glass_hours(self) -> dict[str, Any]:
        return self._field("glass_hours")

    def _field(self, name: str) -> dict[str, Any]:
        least, most = BOUNDS[name]
        return {"name": name, "label": LABELS[name], "value": self.numbers[name], "least": least, "most": most}


def _rule_row(item: Mapping[str, Any]) -> RuleRow:
    by = NAMED if item["people"] else item["role"]
    return RuleRow(item["risk"], item["table"], str(item["reviews"]), by, ", ".join(item["people"]))


def _rows(data: QueryDict, prefix: str, row: type[RuleRow | FreezeRow]) -> list[tuple[str, ...]]:
    """Every row posts all of its fields, so the fields of one name stand in the order of the rows."""
    columns = [data.getlist(f"{prefix}-{one.name}") for one in fields(row)]
    return [tuple(map(clean, values)) for values in zip(*columns, strict=False)][:MOST_ROWS]


def _remove(rows: list[Any], place: str) -> None:
    if place.isascii() and place.isdecimal() and int(place) < len(rows):
        del rows[int(place)]


def clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "�").strip()


def number(text: str) -> int | str:
    """A number, or the text as it is, about which the rules complain."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (found if found.tzinfo else timezone.make_aware(found)).isoformat()


def local(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def defaults(based_on: int) -> Typed:
    """For a policy that cannot be read."""
    return Typed.of(DEFAULT, based_on)
