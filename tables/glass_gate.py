"""What broken glass carries: one request, in the version and by the person that it names, and nothing else."""

from __future__ import annotations

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import BREAK_GLASS, Role
from tables import policy
from tables.actors import Actor
from tables.errors import Forbidden
from tables.models import BrokenGlass, ChangeRequest, Cluster

__all__ = ["refuse_other", "went", "why_not"]


def why_not(*, cluster: Cluster, user: User) -> str:
    """Why this person has no glass to break; empty when they have."""
    if not user.is_active or not user.has_perm(BREAK_GLASS):
        return "Only an administrator can break glass."
    if not user.groups.filter(name=Role.ADMINISTRATOR).exists():
        return "Only an administrator can break glass: being a superuser is not enough."
    named = policy.glass_breakers(cluster)
    if named and user.get_username() not in named:
        return f"The policy lets only these break glass: {', '.join(sorted(named))}."
    return ""


def refuse_other(*, glass: BrokenGlass, request: ChangeRequest, actor: Actor) -> None:
    """Refuse glass that the database does not hold, or that is not of this person and exactly this version."""
    if actor.person is None:
        raise Forbidden("Only a person can break glass, on the page of the request.")
    if reason := why_not(cluster=request.cluster, user=actor.person):
        raise Forbidden(reason)
    mine = BrokenGlass.objects.filter(pk=glass.pk, person=actor.person, closed_at__isnull=True)
    if not mine.filter(request=request, checksum=request.checksum).exists():
        raise Forbidden(f"That glass was not broken by you for this version of change request {request.pk}.")


def went(request: ChangeRequest) -> bool:
    """Whether exactly this version went live in an emergency that somebody answers for by name."""
    return BrokenGlass.objects.filter(request=request, checksum=request.checksum).exists()
