"""What the policy of a cluster asks of a request. Closed when in doubt.

A request keeps the policy that it was submitted under; what is stricter, that one or the one in force, counts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.utils import timezone

from tables import sizes
from tables.judging import risks_in, tightens
from tables.models import Change, ChangeRequest, Cluster, PolicyVersion
from tables.rules import ANY, CLOSED, DEFAULT, LARGE, Freeze, Need, PolicyInvalid, Rules, from_json
from tables.states import canonical_json

Kind = ChangeRequest.Kind

#: In the place of a table's name where the tables of a request are not told apart: every rule might be meant.
ALL = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A policy by its number; 0 is the built-in one. ``trouble`` says why it cannot be read."""

    number: int
    rules: Rules
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a request needs before it may be applied."""

    #: Persons other than its authors who must approve it.
    reviews: int
    #: Why it might need any: its risks, and ``large``.
    reasons: tuple[str, ...] = ()
    #: Who they must be. Each must be met; one person's approval may meet several.
    needs: tuple[Need, ...] = ()
    #: The reasons by table, for :attr:`ChangeRequest.asked`.
    found: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def risks(self) -> list[str]:
        """What of the reasons a request keeps."""
        return sorted({reason for reasons in self.found.values() for reason in reasons})

    @property
    def whom(self) -> str:
        """Who the approvals must be by, where not any approver will do; empty, or with a blank before it."""
        named = [f"{need.reviews} {need.whom}" for need in self.needs if need.reviews and need.whom]
        return f", at least {' and '.join(sorted(named))}" if named else ""


# --- versions ---------------------------------------------------------------------------------------------------------


def in_force(cluster: Cluster) -> Version:
    newest = cluster.policies.order_by("-number").values_list("number", "content").first()
    return _version(*newest) if newest else Version(0, DEFAULT)


def version(cluster: Cluster, number: int) -> Version:
    """That version; what is not there (any more) is taken for one that cannot be read."""
    if number == 0:
        return Version(0, DEFAULT)
    found = PolicyVersion.objects.filter(cluster=cluster, number=number).values_list("content", flat=True).first()
    return _version(number, found)


def _version(number: int, content: object) -> Version:
    return _read(number, canonical_json(content))


@lru_cache(maxsize=64)
def _read(number: int, text: str) -> Version:
    try:
        return Version(number, from_json(json.loads(text)))
    except PolicyInvalid as error:
        return Version(number, CLOSED, str(error))


def versions_for(request: ChangeRequest) -> tuple[Rules, ...]:
    """The policy in force and, where it is another one, that under which the request was submitted."""
    now = in_force(request.cluster)
    if request.policy_version in {None, now.number}:
        return (now.rules,)
    return (now.rules, version(request.cluster, request.policy_version or 0).rules)


# --- reviews ----------------------------------------------------------------------------------------------------------


def demand(*, request: ChangeRequest, risks: Collection[str], changes: Sequence[Change] | None = None) -> Demand:
    """What a request with these risks needs.

    ``changes`` are all of the request; they are fetched where they are not given. Of what is applied already the
    reasons that were found then count.
    """
    if request.kind == Kind.POLICY:
        return _of_policy(request)
    rules = versions_for(request)
    if request.state == ChangeRequest.State.APPLIED:
        return _judged(request.asked or {ALL: sorted(risks)}, rules)
    wanted = list(request.changes.order_by("id")) if changes is None else changes
    return _judged(_found(request, risks, wanted, rules), rules)


def demand_then(request: ChangeRequest) -> Demand:
    """What an applied request needed by the policy that it was submitted under, whatever came later."""
    if request.kind == Kind.POLICY:
        return _of_policy(request)
    rules = version(request.cluster, request.policy_version or 0).rules
    return _judged(request.asked or {ALL: list(request.risks)}, (rules,))


def _found(
    request: ChangeRequest, risks: Collection[str], changes: Sequence[Change], rules: Sequence[Rules]
) -> dict[str, list[str]]:
    """The reasons by table; the tables are told apart only where a rule does so, which takes as long again."""
    found: dict[str, set[str]] = {}
    if any(rule.table != ANY for version in rules for rule in version.rules):
        for change, some in zip(changes, risks_in(request, changes), strict=True):
            found.setdefault(change.table, set()).update(some)
    elif risks:
        found[ALL] = set(risks)
    for table in sizes.large(request=request, changes=changes, limits=[version.size for version in rules]):
        found.setdefault(table, set()).add(LARGE)
    return {table: sorted(map(str, reasons)) for table, reasons in sorted(found.items()) if reasons}


def _judged(found: Mapping[str, Sequence[str]], rules: Sequence[Rules]) -> Demand:
    needs = {
        need
        for version in rules
        for table, reasons in found.items()
        for reason in reasons
        for need in version.needs(reason, table)
    }
    strictest = [need for need in needs if not any(other != need and other.covers(need) for other in needs)]
    return Demand(
        reviews=max((need.reviews for need in needs), default=0),
        reasons=tuple(sorted({reason for reasons in found.values() for reason in reasons})),
        needs=tuple(sorted(strictest, key=lambda need: (need.reviews, need.role, need.people))),
        found={table: list(reasons) for table, reasons in found.items()},
    )


def _of_policy(request: ChangeRequest) -> Demand:
    """Two persons always, whatever the policy says; to loosen it, as many as it asks of anything."""
    need = Need(request.policy_change.reviews)
    return Demand(need.reviews, ("policy",), (need,), {})


# --- other terms ------------------------------------------------------------------------------------------------------


def approval_hours(request: ChangeRequest) -> int:
    """Hours for which an approval carries what is not live yet."""
    return min(rules.approval_hours for rules in versions_for(request))


def request_days(request: ChangeRequest) -> int:
    """Days after which an undecided request expires."""
    return min(rules.request_days for rules in versions_for(request))


def tick_above(request: ChangeRequest) -> int:
    """Risky lines above which a reviewer must tick each of them."""
    return min(rules.tick_above for rules in versions_for(request))


def three_people(request: ChangeRequest) -> bool:
    """Whether author, approver and publisher of what opens a relay must be three persons."""
    return any(rules.three_people for rules in versions_for(request))


def remind_days(cluster: Cluster) -> int:
    """Days after which reviewers are reminded of what waits for them."""
    return in_force(cluster).rules.remind_days


def glass_hours(cluster: Cluster) -> int:
    """Hours within which a second person must have reviewed what broken glass let through."""
    return in_force(cluster).rules.break_glass.hours


def glass_breakers(cluster: Cluster) -> frozenset[str]:
    """The administrators who may break glass, by name; empty for all of them."""
    return frozenset(in_force(cluster).rules.break_glass.people)


# --- freezes ----------------------------------------------------------------------------------------------------------


def frozen(cluster: Cluster, at: datetime | None = None) -> Freeze | None:
    """The freeze that is on. What was frozen when a request was submitted does not matter: a freeze is about now."""
    return in_force(cluster).rules.frozen(at or timezone.now())


def waits(*, request: ChangeRequest, changes: Sequence[Change] | None = None) -> str:
    """Why a request must not be applied now, whoever approved it; empty when it may. What only tightens never waits,
    nor does the policy itself: it is how a freeze is lifted."""
    if request.kind in {Kind.POLICY, Kind.BASELINE}:
        return ""
    freeze = frozen(request.cluster)
    if freeze is None:
        return ""
    wanted = list(request.changes.order_by("id")) if changes is None else changes
    return "" if wanted and all(tightens(request.cluster, wanted)) else in_words(freeze)


def in_words(freeze: Freeze) -> str:
    end = timezone.localtime(freeze.end)
    return (
        f"Changes are frozen until {end:%Y-%m-%d %H:%M %Z}: {freeze.reason.rstrip('.')}. Only what closes something "
        "goes through. Wait until then, or have the policy changed."
    )
