"""Drafts and what is proposed in them: the first steps of the one way that a change goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from mailadmin.accounts.roles import EDIT
from tables import contributors, scopes
from tables.actors import Actor
from tables.entries import get_entry
from tables.errors import ChangeError, Forbidden, Invalid
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.render import is_faithful
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import misread
from tables.sendmail.territory import zone
from tables.states import from_json, to_json

__all__ = ["draft", "must_be_editor", "propose", "propose_many"]

State = ChangeRequest.State

#: Keys that one query asks for.
CHUNK = 500


def draft(*, cluster: Cluster, actor: Actor, kind: str = ChangeRequest.Kind.EDIT, reason: str = "") -> ChangeRequest:
    must_be_editor(actor)
    request = ChangeRequest.objects.create(
        cluster=cluster, kind=kind, author=actor.person, author_name=actor.name, reason=reason.strip()
    )
    contributors.note(request=request, actor=actor)
    return request


def propose(*, request: ChangeRequest, actor: Actor, table: TableSpec, key: str, after: Entry | None) -> Change | None:
    """Put one wanted change into a draft, over an earlier one of the same key. ``None`` when nothing would change."""
    before = get_entry(cluster=request.cluster, table=table, key=key)
    made = propose_many(request=request, actor=actor, table=table, pairs=[(before, after)])
    return made[0] if made else None


@transaction.atomic
def propose_many(
    *, request: ChangeRequest, actor: Actor, table: TableSpec, pairs: Iterable[tuple[Entry | None, Entry | None]]
) -> list[Change]:
    """Put many wanted changes into a draft: pairs of the entry as it stands and as it shall be."""
    must_be_editor(actor)
    if request.state != State.DRAFT:
        raise ChangeError(f"Change request {request.pk} is {request.state}. Only a draft can be edited.")
    contributors.note(request=request, actor=actor)
    own: Iterable[tuple[Entry | None, Entry | None]]
    own = scopes.own(scope=scopes.of_actor(actor), table=table, pairs=pairs)
    if request.changes.filter(table=table.name).exists():
        own = again = list(own)
        # Also of a key that is to stay as it stands: what an earlier change made of it is no longer wanted.
        _forget(request, table, [entry.key for pair in again if (entry := pair[0] or pair[1])])
    wanted = [_change(request, actor, table, before, after) for before, after in own if before != after]
    _guard_lines(table, wanted)
    return Change.objects.bulk_create(wanted, batch_size=CHUNK)


def _forget(request: ChangeRequest, table: TableSpec, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), CHUNK):
        request.changes.filter(table=table.name, key__in=keys[start : start + CHUNK]).delete()


def _change(
    request: ChangeRequest, actor: Actor, table: TableSpec, before: Entry | None, after: Entry | None
) -> Change:
    action = Change.Action.CREATE if before is None else Change.Action.DELETE if after is None else Change.Action.UPDATE
    key = (before or after or Entry("")).key
    return Change(
        request=request,
        cluster=request.cluster,
        table=table.name,
        key=key,
        zone=zone(table, key),
        action=action,
        before=to_json(before),
        after=to_json(after),
        before_position=before.position if before else None,
        author=actor.person,
        author_name=actor.name,
    )


def _guard_lines(table: TableSpec, changes: Iterable[Change]) -> None:
    """No change may write a line that nobody saw, whatever the checks of its table or its exact lines say."""
    for change in changes:
        after = from_json(change.key, change.after)
        if after is not None and not is_faithful(table, after):
            raise Invalid([misread(table)])


def must_be_editor(actor: Actor) -> None:
    if actor.person is not None and not actor.person.has_perm(EDIT):
        raise Forbidden("You may look, but not change anything. Ask an administrator for the role postmaster.")
