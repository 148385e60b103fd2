"""Drafts: what one person collects over several pages, looks at as a whole, and then submits or discards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from mailadmin.accounts.models import User
from tables import applying, changes, contributors, judging, seeing
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import Change, ChangeRequest, Cluster
from tables.scopes import Scope
from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.text import written_out
from tables.states import from_json

State = ChangeRequest.State

#: Drafts that are what they are: nothing is collected in them, and nothing left out.
WHOLE = (ChangeRequest.Kind.POLICY, ChangeRequest.Kind.TAKE_OVER)

#: Characters that the name of a ticket may have.
TICKET = 200


def find(*, scope: Scope, cluster: Cluster, person: User, pk: int) -> ChangeRequest | None:
    """The draft of that number, while it is one and this person may go on with it."""
    found = seeing.requests(scope, cluster).filter(pk=pk, state=State.DRAFT, author=person)
    return found.exclude(kind__in=WHOLE).first()


def is_editor(*, request: ChangeRequest, person: User) -> bool:
    """Whether it is a draft that this person may go on with: their own, or one that they have a part in."""
    if request.state != State.DRAFT or request.kind == ChangeRequest.Kind.POLICY:
        return False
    return person.pk in contributors.ids(request)


def wanted(*, request: ChangeRequest, table: TableSpec, keys: Sequence[str]) -> dict[str, Entry | None]:
    """What a draft makes of these entries, for those that it changes."""
    found = request.changes.filter(table=table.name, key__in=keys).values_list("key", "after")
    return {key: from_json(key, after) for key, after in found}


@dataclass(frozen=True, slots=True)
class Summary:
    """How much of what is in a request."""

    create: int = 0
    update: int = 0
    delete: int = 0

    @property
    def total(self) -> int:
        return self.create + self.update + self.delete


def summary(request: ChangeRequest) -> Summary:
    found = request.changes.order_by().values_list("action").annotate(number=Count("pk"))
    return Summary(**dict(found))


def risks(request: ChangeRequest) -> list[Risk]:
    """What submitting it would put at risk, judged as a whole."""
    return sorted(judging.risks_of(request.cluster, applying.changes_of(request)))


@transaction.atomic
def take_out(*, request: ChangeRequest, actor: Actor, chosen: Collection[int]) -> int:
    """Leave some of its changes out, by their numbers; how many there were."""
    request = _own(request, actor)
    refuse_whole(request)
    found = Change.objects.filter(request=request, pk__in=chosen)
    gone, _by_model = found.delete()
    return gone


@transaction.atomic
def submit(*, request: ChangeRequest, actor: Actor, reason: str, ticket: str = "") -> ChangeRequest:
    """Hand it in: what happens then is the policy's business, as with every request."""
    request = _own(request, actor)
    request.ticket = checked_ticket(ticket)
    request.save(update_fields=["ticket"])
    return changes.submit(request=request, actor=actor, reason=reason)


def checked_ticket(ticket: str) -> str:
    ticket = ticket.strip()
    if len(ticket) > TICKET:
        raise ChangeError(
            f"The ticket has {len(ticket)} characters. Write {TICKET} at most, and the rest as the reason."
        )
    if written_out(ticket) != ticket:
        raise ChangeError("The ticket has a line break or another control character. Write it as one line of text.")
    return ticket


def _own(request: ChangeRequest, actor: Actor) -> ChangeRequest:
    request = applying.locked(request)
    refuse_foreign(request=request, actor=actor)
    return request


def refuse_whole(request: ChangeRequest) -> None:
    """Refuse to add to a draft, or to leave something of it out, that is one thing as a whole."""
    if request.kind in WHOLE:
        raise ChangeError("This draft is submitted as a whole, or discarded: nothing is added to it or left out.")


def refuse_foreign(*, request: ChangeRequest, actor: Actor) -> None:
    """Refuse what is no draft, or somebody else's."""
    if request.state != State.DRAFT:
        raise ChangeError(f"Change request {request.pk} is {request.state}. Only a draft can be changed here.")
    if actor.person is not None and actor.person.pk not in contributors.ids(request):
        raise Forbidden("Only who made a draft can go on with it. Make one of your own.")
