"""Everybody who ever made, edited, rebased or submitted any of a request: an author of it for good."""

from __future__ import annotations

from tables.actors import Actor
from tables.models import ChangeRequest, Contributor


def note(*, request: ChangeRequest, actor: Actor) -> None:
    """Remember that this person had a hand in it, once. The command line is no person and reviews nothing anyway."""
    if actor.person is not None and not request.contributors.filter(person=actor.person).exists():
        Contributor.objects.bulk_create([Contributor(request=request, person=actor.person)], ignore_conflicts=True)


def ids(request: ChangeRequest) -> set[int]:
    """Everybody who made, edited or submitted any of it, whatever became of their lines."""
    lines = request.changes.filter(author__isnull=False).values_list("author_id", flat=True).distinct()
    noted = request.contributors.values_list("person_id", flat=True)
    named = {request.author_id, request.submitter_id, *lines, *noted}
    return {pk for pk in named if pk is not None}
