"""What people are told of emergencies: at once, loudly, and whatever they chose."""

from __future__ import annotations

from mailadmin.accounts.roles import REVIEW
from tables.actors import Actor
from tables.models import BrokenGlass, ChangeRequest, Notice
from tables.noticing import kinds
from tables.noticing.people import holders
from tables.noticing.recipients import fit
from tables.noticing.requests import MAILADMIN, risks_in_brackets, why
from tables.noticing.telling import answer, tell


def glass_broken(*, request: ChangeRequest, actor: Actor, reason: str) -> None:
    """Tell every approver that a change goes live without the second person that it needs."""
    tell(
        kinds.GLASS,
        fit(holders(REVIEW), actor=actor, request=request),
        key=f"glass:{request.pk}",
        subject=f"BREAK GLASS: {actor.name} applied request {request.pk} without a review{risks_in_brackets(request)}",
        text=f"Emergency: {reason}\n{why(request)}\nIt is in force. A second person must review it now.",
        request=request,
    )


def panic_closed(*, request: ChangeRequest, actor: Actor, count: int) -> None:
    """Tell every approver that nobody but the site's own networks relays any more: its undo will need one of them."""
    permissions = "1 relay permission" if count == 1 else f"{count} relay permissions"
    state = "It is in force." if request.state == ChangeRequest.State.APPLIED else "It is not in force yet."
    tell(
        kinds.PANIC,
        fit(holders(REVIEW), actor=actor, request=request),
        key=f"panic:{request.pk}",
        subject=f"PANIC CLOSE: {actor.name} closed {permissions}: request {request.pk}",
        text=f"{why(request)}\n{state} Opening any of it again needs a second person.",
        request=request,
    )


def glass_overdue(*, glass: BrokenGlass) -> None:
    """Tell them again, and whoever broke it, that nobody has reviewed it in time."""
    request = glass.request
    tell(
        kinds.GLASS,
        fit([*holders(REVIEW), glass.person], actor=MAILADMIN, request=request),
        key=f"glass-overdue:{request.pk}",
        subject=f"BREAK GLASS, OVERDUE: nobody has reviewed request {request.pk}, which {glass.person_name} applied",
        text=f"Emergency: {glass.reason}\nIt is in force. A second person must review it now.",
        request=request,
    )


def glass_reviewed(*, request: ChangeRequest) -> None:
    """Nobody need review it any more."""
    answer(Notice.objects.filter(request=request, kind=kinds.GLASS.name))
