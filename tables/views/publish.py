"""What publishing would do now, and the button that does it."""

from dataclasses import dataclass
from pathlib import Path

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from mailadmin.accounts import roles
from tables import publishing, releases, seeing
from tables.context import cluster_of, scope_of
from tables.errors import ChangeError, Forbidden
from tables.forms import ReasonField
from tables.frame import table_counts
from tables.models import Cluster, Drift, Host, Publication, Release
from tables.publishing import holding
from tables.publishing.errors import EXPECTED, explain
from tables.publishing.hosts import is_silent, slowest_host
from tables.scopes import Scope
from tables.seen_plans import SeenPlan, read_tokens, sealed
from tables.sendmail import seen
from tables.sendmail.plan import Plan
from tables.sendmail.whereabouts import Whereabouts
from tables.views.access import actor_of, needs

#: Changes that the page lists itself; the plan's difference has them all.
SHOWN = 20
#: With more entries than this a plan may take seconds: the page comes first and asks for it then.
AT_ONCE = 50_000


class PublishForm(forms.Form):
    reason = ReasonField()
    override = forms.BooleanField(required=False)
    #: The last change that was in the plans that the page showed.
    seen_change = forms.IntegerField(required=False, min_value=0)


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of one host, or why there is none."""

    host: Host
    plan: Plan | None
    trouble: str = ""
    #: Tables with entries that go nowhere on this host.
    idle: tuple[Whereabouts, ...] = ()

    @property
    def token(self) -> str:
        """For the form: what this person sees is what may be carried out."""
        return sealed(self.host.pk, SeenPlan.of(self.plan)) if self.plan else ""

    @property
    def checksum(self) -> str:
        return seen.checksum(self.plan) if self.plan else ""


@needs(roles.VIEW)
def publish(request: HttpRequest) -> HttpResponse:
    cluster, scope = cluster_of(request), scope_of(request)
    if request.method == "POST":
        return _publish(request, cluster)
    hosts = list(cluster.hosts.select_related("release", "cluster"))
    if getattr(request, "htmx", False):
        return render(request, "releases/_plans.html", _planned(scope, cluster, hosts))
    waiting = seeing.pending(scope, cluster, slowest_host(cluster))
    shown = list(waiting[:SHOWN])
    wanted = scope.limited or "plan" in request.GET or sum(table_counts(scope, cluster).values()) <= AT_ONCE
    context = {
        "hosts": [(host, host.publications.select_related("release").first()) for host in hosts],
        "silent": [host.pk for host in hosts if is_silent(host)],
        "drifts": seeing.drifts(scope, cluster).filter(state=Drift.State.OPEN).order_by("host__name", "table"),
        "limited": scope.limited,
        "changes": shown,
        "shown": seeing.shown_requests(scope, [change.request_id for change in shown]),
        "count": waiting.count(),
        **(_planned(scope, cluster, hosts) if wanted else {"later": True, "form": PublishForm()}),
    }
    return render(request, "releases/publish.html", context)


def _planned(scope: Scope, cluster: Cluster, hosts: list[Host]) -> dict[str, object]:
    """A plan has lines of all domains, so a limited person gets none."""
    if scope.limited:
        return {"untold": True, "something": True, "form": PublishForm()}
    # Asked before the plans are made: what is applied meanwhile counts as not seen.
    seen_change = Cluster.objects.values_list("last_change", flat=True).get(pk=cluster.pk)
    plans = [plan_of(scope, host) for host in hosts]
    return {
        "seen_change": seen_change,
        "plans": plans,
        "something": any(planned.plan is None or not planned.plan.empty for planned in plans),
        "unsafe": any(planned.plan and planned.plan.findings for planned in plans),
        "form": PublishForm(),
    }


def plan_of(scope: Scope, host: Host) -> Planned:
    try:
        plan = publishing.make_plan(host=host)
    except EXPECTED as error:
        return Planned(host, None, explain(error, Path(host.mail_dir)))
    counts = table_counts(scope, host.cluster) if plan.unused else {}
    return Planned(host, plan, idle=tuple(place for place in plan.unused if counts.get(place.table.name)))


@needs(roles.PUBLISH)
@require_POST
def release_hold(request: HttpRequest, pk: int) -> HttpResponse:
    host = get_object_or_404(Host, pk=pk, cluster=cluster_of(request))
    try:
        holding.release(host=host, actor=actor_of(request))
    except Forbidden:
        raise
    except ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{host} publishes again. Its publisher brings the newest release.")
    return redirect("publish")


@needs(roles.PUBLISH)
def _publish(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    form = PublishForm(request.POST)
    form.is_valid()
    reason, override = form.cleaned_data.get("reason", ""), form.cleaned_data.get("override", False)
    try:
        release = releases.cut(
            cluster=cluster,
            actor=actor_of(request),
            reason=reason,
            override=override,
            plans=read_tokens(request.POST.getlist("plan")),
            seen_change=form.cleaned_data.get("seen_change"),
        )
    except Forbidden:
        raise
    except ChangeError as error:
        messages.error(request, str(error))
        return redirect("publish")
    return _lead_on(request, release)


def _lead_on(request: HttpRequest, release: Release) -> HttpResponse:
    """To where its progress can be seen: the one publication, or the release when it goes to several hosts."""
    queued = Publication.objects.filter(release=release).exclude(state__in=Publication.ENDED).order_by("-id")
    newest = {publication.host_id: publication for publication in reversed(queued)}
    if len(newest) == 1:
        return redirect("publication", pk=next(iter(newest.values())).pk)
    if not newest:
        messages.warning(
            request,
            f"Release {release.number} is cut, but no mail host is registered that could carry it out. "
            "Start the publisher on the mail host and publish again.",
        )
    return redirect("release", number=release.number)
