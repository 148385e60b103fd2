"""Does the history say the same of every emergency as the rows of broken glass do?"""

from __future__ import annotations

from collections.abc import Iterator

from tables import contributors
from tables.audit import Finding
from tables.models import AuditEvent, BrokenGlass, Change, ChangeRequest, Cluster

BROKEN = "glass-broken"
REVIEWED = "glass-reviewed"


def verify(cluster: Cluster, *, since: int = 0) -> Iterator[Finding]:
    """Each broken glass has its event, and each event its glass; whoever closed it was a second person and is told.

    ``since``: the number of the last change of which the events are archived.
    """
    fresh = Change.objects.filter(cluster=cluster, number__gt=since)
    known = BrokenGlass.objects.filter(request__in=fresh.values("request"))
    standing = known.select_related("request").order_by("id")
    for glass in standing.iterator():
        yield from (Finding(f"glass of request {glass.request_id}", what) for what in _wrong(glass))
    told = AuditEvent.objects.filter(cluster=cluster.name, action=BROKEN)
    held = set(standing.values_list("request_id", flat=True))
    for pk in told.order_by("number").values_list("request_id", flat=True).iterator():
        if pk not in held:
            yield Finding(f"glass of request {pk}", "The audit history says that it was broken, and it is not there.")


def _wrong(glass: BrokenGlass) -> Iterator[str]:
    if glass.checksum != glass.request.checksum or glass.request.state != ChangeRequest.State.APPLIED:
        yield "It was broken for another version than the one that is applied."
    if not _told(glass):
        yield "The audit history does not say that it was broken, by this person and for this reason."
    if glass.closed_at is None:
        return
    if glass.closed_by_id in contributors.ids(glass.request) | {glass.person_id}:
        yield "It was closed by an author of the request or by who broke it."
    if not _closing_told(glass):
        yield "The audit history does not say that it was reviewed, by this person and with this outcome."


def _told(glass: BrokenGlass) -> bool:
    events = AuditEvent.objects.filter(action=BROKEN, request_id=glass.request_id, actor_id=glass.person_id)
    said = [(event.reason, event.detail.get("checksum")) for event in events]
    return said == [(glass.reason, glass.checksum)]


def _closing_told(glass: BrokenGlass) -> bool:
    events = AuditEvent.objects.filter(action=REVIEWED, request_id=glass.request_id, actor_id=glass.closed_by_id)
    return [event.detail.get("decision") for event in events] == [glass.decision]


def went(request: ChangeRequest) -> bool:
    """Whether the history itself says that this version of a request went live in an emergency."""
    glass = BrokenGlass.objects.filter(request=request, checksum=request.checksum).first()
    return glass is not None and _told(glass)
