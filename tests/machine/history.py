"""What must hold of any history, however it came about: found in the database alone, without having watched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from tables.models import Change, ChangeRequest, Cluster, Release, Review
from tables.releases import entries_at, release_checksum
from tables.sendmail.tables import TABLES
from tables.verifying import verify
from tests.machine.relaying import State
from tests.machine.states import after_all, delta_of, risks_of
from tests.machine.watch import Sight, head, one_holder_each

Decision = Review.Decision
#: Which the machine has on purpose, and the panel makes nobody.
SUPERUSER = "person sue"


def wrong(cluster: Cluster) -> list[str]:
    """Everything that does not hold."""
    return list(_wrong(cluster))


def _wrong(cluster: Cluster) -> Iterator[str]:
    yield from (f"{finding.subject}: {finding.message}" for finding in verify() if finding.subject != SUPERUSER)
    yield from one_holder_each(Sight.of(cluster))
    states: dict[int, State] = {0: {}}
    ends = {0}
    state: State = {}
    log = Change.objects.filter(cluster=cluster, number__isnull=False).select_related("request").order_by("number")
    for request, group in groupby(log, key=lambda change: change.request):
        changes = list(group)
        if changes[0].number not in {end + 1 for end in ends}:
            yield f"{request} begins with change {changes[0].number}."
        yield from _wrong_request(request, changes, state)
        for change in changes:
            state = after_all(state, [delta_of(change)])
            states[change.number or 0] = state
        ends.add(changes[-1].number or 0)
    if head(cluster) != state:
        yield "The change log does not give the tables."
    yield from _wrong_releases(cluster, states, ends)


def _wrong_request(request: ChangeRequest, changes: Sequence[Change], state: State) -> Iterator[str]:
    """It is whole, starts from what stood there, and was approved where it loosens."""
    if request.state != ChangeRequest.State.APPLIED or len(changes) != request.changes.count():
        yield f"{request} is {request.state}, and {len(changes)} of its {request.changes.count()} changes are numbered."
    deltas = [delta_of(change) for change in changes]
    for table, key, before, _after in deltas:
        if state.get((table, key)) != before:
            yield f"{request} overwrote {key} in {table}: {state.get((table, key))} stood there, not {before}."
    if Review.objects.filter(request=request, decision=Decision.REJECT).exists():
        yield f"{request} was rejected and applied."
    if (risks := risks_of(state, deltas)) and not _approvers(request, changes):
        yield f"{request} loosens ({', '.join(sorted(risks))}) and nobody else approved it."


def _approvers(request: ChangeRequest, changes: Sequence[Change]) -> set[int]:
    authors = {request.author_id, request.submitter_id, *(change.author_id for change in changes)}
    authors |= set(request.contributors.values_list("person_id", flat=True))
    last = {review.reviewer_id: review for review in request.reviews.filter(checksum=request.checksum).order_by("pk")}
    approved = {person for person, review in last.items() if review.decision == Decision.APPROVE}
    return approved - authors


def _wrong_releases(cluster: Cluster, states: dict[int, State], ends: set[int]) -> Iterator[str]:
    """Each ends with a whole request, holds what stood then, and has the checksum that it was cut with."""
    after = 0
    for release in Release.objects.filter(cluster=cluster).order_by("number"):
        number = release.change_number
        if number not in ends:
            yield f"{release} ends with change {number}, in the middle of a request."
        found = {
            (name, entry.key): entry
            for name, table in TABLES.items()
            for entry in entries_at(cluster=cluster, table=table, change_number=number)
        }
        if found != states.get(number):
            yield f"{release} is not what the tables were after change {number}."
        if release_checksum(cluster, after, number) != release.checksum:
            yield f"The changes of {release} are not those that it was cut with."
        after = number
