"""What can be proven once events were archived: by the files, or by what the archives keep of them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from tables import archives, verifying_glass
from tables.archives import History
from tables.audit import Finding
from tables.entries import get_entry
from tables.models import Change, ChangeRequest, Cluster
from tables.policy import demand_then
from tables.proofs import passages, start
from tables.proofs.log import verify_numbers
from tables.releases import whole_rows_at
from tables.sendmail.tables import TABLES
from tables.states import from_json, table_digest


def verify(history: History, cluster: Cluster) -> Iterator[Finding]:
    """The change log, the approvals and the tables of a cluster against all that is readable of its history."""
    yield from verify_numbers(cluster, has_baseline=archives.baseline(cluster) is not None)
    yield from _verify_log(history, cluster)
    yield from _verify_reviews(history, cluster)
    yield from _verify_entries(cluster)
    yield from _verify_start(cluster)
    yield from archives.verify_checkpoint(cluster)
    told = history.events(cluster=cluster.name, actions=[passages.CHANGED])
    yield from passages.verify(cluster, told, known_from=history.known_from(cluster))


def _verify_log(history: History, cluster: Cluster) -> Iterator[Finding]:
    """Each applied change says what its audit event says."""
    told = {}
    for event in history.events(cluster=cluster.name, actions=["entry-"]):
        if "change" in event.detail:
            told[event.detail["change"]] = (event.table, event.key, event.before, event.after)
    applied = Change.objects.filter(cluster=cluster, number__gt=history.known_from(cluster)).order_by("number")
    for change in applied.iterator():
        if told.pop(change.number, None) != (change.table, change.key, change.before, change.after):
            yield Finding(f"change {change.number}", "The change log does not say what the audit history says.")
    for number in told:
        yield Finding(f"change {number}", "It is in the audit history but not in the change log.")


def _verify_reviews(history: History, cluster: Cluster) -> Iterator[Finding]:
    """No request with a risk was applied without another person's approval of its checksum, or an emergency."""
    approvals = history.approvals(cluster)
    archived = Change.objects.filter(cluster=cluster, number__lte=history.known_from(cluster))
    applied = ChangeRequest.objects.filter(cluster=cluster, state=ChangeRequest.State.APPLIED)
    applied = applied.exclude(pk__in=archived.values("request"))
    for request in applied.exclude(kind=ChangeRequest.Kind.BASELINE).iterator():
        given = {actor for actor, checksum in approvals.get(str(request.pk), ()) if checksum == request.checksum}
        lacking = len(given - {None, request.author_id}) < demand_then(request).reviews
        if lacking and not verifying_glass.went(request):
            yield Finding(f"request {request.pk}", "It was applied without the approval that its risks need.")


def _verify_entries(cluster: Cluster) -> Iterator[Finding]:
    """Each entry that ever changed stands as its last change left it."""
    applied = Change.objects.filter(cluster=cluster, number__isnull=False)
    newer = applied.filter(table=OuterRef("table"), key=OuterRef("key"), number__gt=OuterRef("number"))
    for change in applied.filter(~Exists(newer)).order_by("number").iterator():
        stands = get_entry(cluster=cluster, table=TABLES[change.table], key=change.key)
        if stands != from_json(change.key, change.after):
            yield Finding(f"{change.table} {change.key}", f"It is not what change {change.number} made it.")


def _verify_start(cluster: Cluster) -> Iterator[Finding]:
    """Undoing every change gives what the baseline took over, or nothing: so no entry came in by another way."""
    beginning = archives.baseline(cluster)
    taken = beginning.tables if beginning else {}
    number = beginning.change if beginning else 0
    nothing = table_digest([])
    for table in TABLES.values():
        digest = table_digest(whole_rows_at(cluster=cluster, table=table, change_number=number, by="key"))
        said = taken.get(table.name)
        if digest != ((said["entries"], said["sha256"]) if said else nothing):
            yield Finding(
                table.name, "Some of its entries came from, or were altered by, something other than a change."
            )
        yield from start.verify_passages(cluster, table, said)
