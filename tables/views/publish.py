"""What publishing would do now, and the button that does it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mailadmin.accounts import roles
from tables import entries, releases
from tables.context import slowest_host
from tables.forms import ReasonField
from tables.models import Cluster, Publication
from tables.views.access import actor_of, needs

#: Changes that the page lists itself; the plan's difference has them all.
SHOWN = 50


class PublishForm(forms.Form):
    reason = ReasonField()
    override = forms.BooleanField(required=False)


@needs(roles.VIEW)
def publish(request: HttpRequest) -> HttpResponse:
    cluster = entries.get_cluster()
    if request.method == "POST":
        return _publish(request, cluster)
    hosts = list(cluster.hosts.select_related("release"))
    waiting = releases.pending(cluster=cluster, host=slowest_host(cluster))
    context = {
        "hosts": [(host, host.publications.select_related("release").first()) for host in hosts],
        "changes": waiting[:SHOWN],
        "count": waiting.count(),
        "form": PublishForm(),
    }
    return render(request, "releases/publish.html", context)


@needs(roles.PUBLISH)
def _publish(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    form = PublishForm(request.POST)
    form.is_valid()
    given = form.cleaned_data
    release = releases.cut(
        cluster=cluster, actor=actor_of(request), reason=given.get("reason", ""), override=given.get("override", False)
    )
    queued = list(Publication.objects.filter(release=release, state=Publication.State.QUEUED).order_by("-id")[:2])
    if len(queued) == 1:
        return redirect("publication", pk=queued[0].pk)
    if not queued:
        messages.warning(
            request,
            f"Release {release.number} is cut, but no mail host is registered that could carry it out. "
            "Start the publisher on the mail host and publish again.",
        )
    return redirect("release", number=release.number)
