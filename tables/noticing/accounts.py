"""What people are told of roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailadmin.accounts.roles import PEOPLE
from tables.actors import Actor
from tables.models import Notice
from tables.noticing import kinds
from tables.noticing.people import holders, others
from tables.noticing.telling import answer, tell

if TYPE_CHECKING:
    from mailadmin.accounts.models import RoleGrant


def role_asked(*, grant: RoleGrant, actor: Actor) -> None:
    """Ask the other administrators to give a role, or not to."""
    tell(
        kinds.ROLE,
        [person for person in others(holders(PEOPLE), actor=actor) if person != grant.person],
        key=f"role-asked:{grant.pk}",
        subject=f"{actor.name} asks for the role {grant.role} for {grant.person}",
        text="Another administrator must give it or refuse it, under People.",
    )


def role_decided(*, grant: RoleGrant, actor: Actor) -> None:
    """Tell the person whose role it is, and whoever asked for it."""
    answer(Notice.objects.filter(key=f"role-asked:{grant.pk}"))
    became = "gave" if grant.granted else "refused"
    tell(
        kinds.ROLE,
        others([grant.person, grant.asked_by], actor=actor),
        key=f"role-decided:{grant.pk}",
        subject=f"{actor.name} {became} the role {grant.role} for {grant.person}",
    )
