"""The trailers of a publication: which requests it brought, by whom, and who approved them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from mailadmin.accounts.models import User
from tables import contributors, reviewers
from tables.commits.wording import Trailer
from tables.models import AuditEvent, BrokenGlass, Change, ChangeRequest, PassageChange, Publication, Release, Review

#: Requests that are named one by one; of more the number is told.
NAMED = 200


def trailers(publication: Publication, *, before: Release | None, passwords: str) -> Iterator[Trailer]:
    """``before``: what was live on that host until then."""
    release = publication.release
    yield "Publication", str(publication.pk)
    yield "Release", str(release.number)
    yield "Cluster", release.cluster.name
    yield "Host", publication.host.name
    yield "Checksum", release.checksum
    if head := audit_head(publication):
        yield "Audit-head", head
    yield "Passwords", passwords
    yield "Requested-by", publication.requested_by_name
    if publication.override_by_name:
        yield "Overridden-by", publication.override_by_name
    yield from _requests(release, before)


def audit_head(publication: Publication) -> str:
    """The chain's hash at the event of its success; empty once that was archived."""
    if publication.finished_at is None:
        return ""
    found = AuditEvent.objects.filter(
        action="publication-succeeded", at__gte=publication.finished_at, detail__publication=publication.pk
    )
    event = found.order_by("number").only("hash").first()
    return event.hash if event else ""


def _requests(release: Release, before: Release | None) -> Iterator[Trailer]:
    after = before.change_number if before and before.cluster_id == release.cluster_id else 0
    between = {"cluster": release.cluster, "number__gt": after, "number__lte": release.change_number}
    changes = Change.objects.filter(**between).values("request")
    texts = PassageChange.objects.filter(**between).values("request")
    found = ChangeRequest.objects.filter(Q(pk__in=changes) | Q(pk__in=texts)).order_by("pk")
    for request in found[:NAMED]:
        yield from _request(request)
    if (more := found.count() - NAMED) > 0:
        yield "More-requests", str(more)


def _request(request: ChangeRequest) -> Iterator[Trailer]:
    """What belongs to a request follows it."""
    yield "Request", str(request.pk)
    if request.ticket:
        yield "Ticket", request.ticket
    people = User.objects.filter(pk__in=contributors.ids(request)).values_list("username", flat=True)
    for name in sorted({request.author_name, *people}):
        yield "Author", name
    for review in reviewers.decisions(request).values():
        if review.decision == Review.Decision.APPROVE:
            yield "Approved-by", review.reviewer_name
    for name in BrokenGlass.objects.filter(request=request).values_list("person_name", flat=True):
        yield "Glass-broken-by", name
