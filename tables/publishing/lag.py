"""How far what is live on a host is behind what its cluster's people have published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max

from tables.models import Cluster, Host, Publication


@dataclass(frozen=True, slots=True)
class Standing:
    """One host as a list shows it."""

    host: Host
    #: The last publication that somebody asked for there.
    last: Publication | None
    #: Releases cut since the one that is live there; ``None`` when none is.
    behind: int | None
    silent: bool

    @property
    def behind_text(self) -> str:
        return "1 release behind" if self.behind == 1 else f"{self.behind} releases behind"

    @property
    def unused(self) -> list[dict[str, str]]:
        """The tables that its sendmail does not use, as it told."""
        return [place for place in self.host.report.get("tables", []) if place["unused"]]


def standings(hosts: Iterable[Host], silent: Iterable[int]) -> list[Standing]:
    """For each host, with as many questions for all as for one. ``silent``: the keys of those not heard of."""
    found, quiet = list(hosts), set(silent)
    newest = dict(Cluster.objects.annotate(newest=Max("releases__number")).values_list("pk", "newest"))
    last_of = Publication.objects.filter(host__in=found).values("host").annotate(last=Max("pk"))
    lasts = Publication.objects.select_related("release").in_bulk([row["last"] for row in last_of])
    by_host = {publication.host_id: publication for publication in lasts.values()}
    return [
        Standing(host, by_host.get(host.pk), _behind(host, newest.get(host.cluster_id)), host.pk in quiet)
        for host in found
    ]


def _behind(host: Host, newest: int | None) -> int | None:
    if host.release is None:
        return None
    return (newest or host.release.number) - host.release.number
