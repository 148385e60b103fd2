"""What people are told of entries that began or ended by themselves. Called in the transaction in which they do."""

from __future__ import annotations

from mailadmin.accounts.models import User
from tables.actors import Actor
from tables.models import ChangeRequest
from tables.noticing import kinds
from tables.noticing.recipients import fit
from tables.noticing.requests import why
from tables.noticing.telling import tell

#: What became of such a request, by its state.
SAID = {
    ChangeRequest.State.APPLIED: "Entries began or ended: request {}",
    ChangeRequest.State.SUBMITTED: "Entries wait to begin or end: request {} needs an approval",
}


def carried_out(*, request: ChangeRequest, people: list[User]) -> None:
    """Tell those who set the dates."""
    tell(
        kinds.DATES,
        fit(people, actor=Actor("mailadmin"), request=request),
        key=f"dates:{request.pk}:{request.state}",
        subject=SAID.get(ChangeRequest.State(request.state), "Entries could not begin or end: request {}").format(
            request.pk
        ),
        text=why(request),
        request=request,
    )
