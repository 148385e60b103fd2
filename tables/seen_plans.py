"""The plan that somebody looked at, on its way from the page through the form to the host that carries it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core import signing

from tables.errors import ChangeError
from tables.sendmail import seen
from tables.sendmail.plan import Finding, Plan

_SALT = "mailadmin.plan"


@dataclass(frozen=True, slots=True)
class SeenPlan:
    checksum: str
    #: Entries that each table gains, has changed and loses; to say what differs.
    counts: dict[str, list[int]] = field(default_factory=dict)
    #: The findings that an override covers, by :func:`tables.sendmail.seen.name`; ``None``: whatever is found.
    findings: list[list[str]] | None = None

    @classmethod
    def of(cls, plan: Plan) -> SeenPlan:
        return cls(seen.checksum(plan), seen.counts(plan), [seen.name(finding) for finding in plan.findings])

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def sealed(host: int, plan: SeenPlan) -> str:
    """For a hidden field: nobody can claim to have seen what was not shown."""
    return signing.dumps([host, plan.as_json()], salt=_SALT, compress=True)


def read_tokens(given: Iterable[str]) -> dict[int, SeenPlan]:
    """By the host's number."""
    try:
        found = [signing.loads(one, salt=_SALT) for one in given]
    except signing.BadSignature as error:
        raise ChangeError("The plan in the form is not one that this panel made. Look at the plan again.") from error
    return {host: SeenPlan(**plan) for host, plan in found}


def uncovered(findings: Iterable[Finding], covered: list[list[str]] | None) -> list[Finding]:
    """Those that an override says nothing about."""
    return [] if covered is None else [finding for finding in findings if seen.name(finding) not in covered]


def refuse_stale(*, last_change: int, seen_change: int | None) -> None:
    """The plan is of what was applied when the page was made."""
    if seen_change is None or seen_change == last_change:
        return
    more = last_change - seen_change
    what = "1 more change was" if more == 1 else f"{more} more changes were"
    raise ChangeError(f"{what} applied since you looked at the plan. Look at it again, then publish.")
