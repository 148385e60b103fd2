"""The mail hosts: what runs on each, what is live there, and whether it is heard of."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from mailadmin.accounts import roles
from tables import seeing
from tables.context import about, clusters_of, scope_of
from tables.models import Host
from tables.publishing.hosts import is_silent
from tables.publishing.lag import Standing, standings
from tables.views.access import needs

#: Publications that the page of a host shows.
SHOWN = 10
#: Changes that are counted; with more it says "more than".
COUNTED = 1000


@needs(roles.VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    """Those of every cluster: a host is looked for by its name."""
    return render(
        request, "hosts/list.html", {"standings": standing_of(hosts()), "several": len(clusters_of(request)) > 1}
    )


@needs(roles.VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    host, scope = get_object_or_404(hosts(), pk=pk), scope_of(request)
    about(request, host.cluster)
    (standing,) = standing_of([host])
    pending = seeing.pending(scope, host.cluster, host).order_by()[: COUNTED + 1].count()
    context = {
        "host": host,
        "standing": standing,
        "pending": min(pending, COUNTED),
        "more": pending > COUNTED,
        "publications": host.publications.select_related("release")[:SHOWN],
        # What other domains are called may stand in the lines of a configuration.
        "report": {} if scope.limited else host.report,
        "untold": scope.limited,
        "several": len(clusters_of(request)) > 1,
    }
    return render(request, "hosts/detail.html", context)


def hosts() -> QuerySet[Host]:
    return Host.objects.select_related("cluster", "release").order_by("cluster__name", "name")


def standing_of(found: QuerySet[Host] | list[Host]) -> list[Standing]:
    listed = list(found)
    return standings(listed, [host.pk for host in listed if is_silent(host)])
