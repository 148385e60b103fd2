"""What the frame of every page counts. Only acts change it, so each process keeps it from one event to the next."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import QuerySet, Subquery

from tables import breaking, entries, policy, seeing
from tables.models import AuditHead, ChangeRequest, Cluster
from tables.publishing.hosts import slowest_host
from tables.scopes import Scope
from tables.states import checksum

#: Seconds for which what was counted may stand without being asked for again.
KEPT_SECONDS = 3600
#: More pending changes than this are shown as "999+": the badge need not count a whole import.
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Frame:
    """``marked``: whether emergencies have to be told of; ``unreviewed``: reasons for which nobody is asked."""

    waiting: int
    pending: int
    marked: bool
    unreviewed: tuple[str, ...]


def frame(scope: Scope, cluster: Cluster, *, keep: bool) -> Frame:
    """As it was when the cluster was read :func:`with_last_event`, or since; to be kept only if nothing was done since.

    For a limited person, whose requests are theirs alone, all is asked for each time.
    """
    last_event = getattr(cluster, "last_event", None)
    if scope.limited or not keep or not last_event:
        return _ask(scope, cluster)
    key = f"frame:{cluster.pk}:{last_event}"
    found: Frame | None = cache.get(key)
    if found is None:
        found = _ask(scope, cluster)
        cache.set(key, found, KEPT_SECONDS)
    return found


def with_last_event(found: QuerySet[Cluster]) -> QuerySet[Cluster]:
    """Each cluster with the hash at the end of the audit history.

    It names a state of all that acts change: each writes its event in its own transaction.
    """
    return found.annotate(last_event=Subquery(AuditHead.objects.values("hash")[:1]))


def _ask(scope: Scope, cluster: Cluster) -> Frame:
    pending = seeing.pending(scope, cluster, slowest_host(cluster)).order_by()
    return Frame(
        waiting=seeing.requests(scope, cluster).filter(state=ChangeRequest.State.SUBMITTED).count(),
        pending=pending[: MOST_COUNTED + 1].count(),
        marked=breaking.marked().exists(),
        unreviewed=tuple(policy.in_force(cluster).rules.unreviewed),
    )


def table_counts(scope: Scope, cluster: Cluster) -> dict[str, int]:
    """Entries of each table that a person sees. Every page shows them, and a million take a tenth of a second.

    To what was counted the changes since are added: an edit would otherwise have everybody's next page count again.
    """
    key, now = f"counts:{cluster.pk}:{checksum(scope.mark)}", cluster.last_change
    counted, then = cache.get(key, ({}, 0))
    if then == now and counted:
        return dict(counted)
    # A baseline, the first change of all, has none of its entries in the change log.
    if 0 < then < now and not scope.limited:
        counted = entries.counts_since(cluster=cluster, counted=counted, then=then)
    else:
        counted = entries.counts(scope=scope, cluster=cluster)
        if Cluster.objects.only("last_change").get(pk=cluster.pk).last_change != now:
            return counted  # of nobody knows which change
    cache.set(key, (counted, now), KEPT_SECONDS)
    return dict(counted)
