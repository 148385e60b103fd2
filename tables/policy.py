"""How many persons must look at a request before it is applied. Closed when in doubt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tables.models import ChangeRequest, Cluster

#: Hours for which an approval carries what is not live yet.
APPROVAL_HOURS = 72
#: Risky lines above which a reviewer must tick each of them.
TICK_ABOVE = 10

#: Hours within which a second person must have reviewed what broken glass let through.
GLASS_HOURS = 24


@dataclass(frozen=True, slots=True)
class Demand:
    """What a request needs before it may be applied."""

    #: Persons other than its authors who must approve it.
    reviews: int
    #: Why: risks, and what else asks for it, in the words of the policy.
    reasons: tuple[str, ...] = ()


def demand(*, request: ChangeRequest, risks: Collection[str]) -> Demand:  # noqa: ARG001
    """What a request with these risks needs: one approval for anything that loosens, none otherwise."""
    return Demand(1 if risks else 0, tuple(sorted(risks)))


def approval_hours(cluster: Cluster) -> int:  # noqa: ARG001
    return APPROVAL_HOURS


def tick_above(cluster: Cluster) -> int:  # noqa: ARG001
    return TICK_ABOVE


def glass_hours(cluster: Cluster) -> int:  # noqa: ARG001
    return GLASS_HOURS


def glass_breakers(cluster: Cluster) -> frozenset[str]:  # noqa: ARG001
    """The administrators who may break glass, by name; empty for all of them."""
    return frozenset()
