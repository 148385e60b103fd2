"""Releases and what became of them on each host."""

from django.conf import settings
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mailadmin.accounts import roles
from tables import inbox, seeing
from tables.context import about, cluster_of, scope_of
from tables.differences import difference_of
from tables.models import Change, Drift, Publication, Release
from tables.seen_plans import SeenPlan, sealed
from tables.templatetags.panel import STEPS
from tables.views.access import needs, person_of
from tables.views.paging import NEWEST, OLDEST, read_page


@needs(roles.VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    found = Release.objects.filter(cluster=cluster_of(request)).order_by("-id").prefetch_related("publications__host")
    page = read_page(request, found, order=NEWEST, size=settings.PAGE_SIZE, total=None, keep={})
    seeing.without_reasons(scope_of(request), page.rows)
    return render(request, "releases/list.html", {"page": page})


@needs(roles.VIEW)
def detail(request: HttpRequest, number: int) -> HttpResponse:
    cluster, scope = cluster_of(request), scope_of(request)
    release = seeing.release(scope, cluster, number)
    if getattr(request, "htmx", False):
        return render(request, "releases/_hosts.html", _hosts_of(release))
    found = seeing.changes(scope, changes_of(release))
    page = read_page(
        request, found.select_related("request"), order=OLDEST, size=settings.PAGE_SIZE, total=found.count(), keep={}
    )
    context = {
        "release": release,
        "page": page,
        "shown": seeing.shown_requests(scope, [change.request_id for change in page.rows]),
        "changes": [(change, difference_of(change)) for change in page.rows],
        "tables": found.order_by().values_list("table").annotate(Count("id")).order_by("table"),
        **_hosts_of(release),
    }
    return render(request, "releases/detail.html", context)


def _hosts_of(release: Release) -> dict[str, object]:
    found = list(release.publications.select_related("host"))
    return {"release": release, "publications": found, "running": not all(each.ended for each in found)}


def changes_of(release: Release) -> QuerySet[Change]:
    """What came into this release: the changes since the one before it."""
    before = Release.objects.filter(cluster=release.cluster, number__lt=release.number).first()
    since = before.change_number if before else 0
    return Change.objects.filter(cluster=release.cluster, number__gt=since, number__lte=release.change_number)


@needs(roles.VIEW)
def publication(request: HttpRequest, pk: int) -> HttpResponse:
    """One publication; htmx asks for its progress again each second until it has ended."""
    found = seeing.publication(scope_of(request), pk)
    about(request, found.host.cluster)
    inbox.seen(person=person_of(request), publication=found)
    newest = Publication.objects.filter(host=found.host).first()
    drifts = seeing.drifts(scope_of(request), found.release.cluster).filter(host=found.host, state=Drift.State.OPEN)
    refused = not scope_of(request).limited and any(
        step["step"] == "plan" and step["state"] == "failed" for step in found.steps
    )
    context = {
        "publication": found,
        "steps": steps_of(found),
        "is_newest": found == newest,
        "drifts": drifts.order_by("table") if found.state == Publication.State.FAILED else (),
        "refused": refused,
        # What is published again is what the page shows: the host's own plan.
        "found": sealed(found.host_id, SeenPlan(**found.plan_found)) if refused and found.plan_found else "",
        "files": files_of(found),
        "untouched": [item["table"] for item in found.files if not (item.get("changed") or item.get("built"))],
    }
    template = "releases/_progress.html" if getattr(request, "htmx", False) else "releases/publication.html"
    return render(request, template, context)


#: What a plan says of a file's entries, and the words for it.
COUNTS = (("creates", "created"), ("updates", "updated"), ("deletes", "deleted"))


def files_of(publication: Publication) -> list[dict[str, object]]:
    """The files that it wrote, or was about to write: what the plan said of each, and what is live since."""
    written = {item["table"]: item for item in publication.files}
    planned = publication.plan.get("files") or [item for item in publication.files if item.get("changed")]
    return [
        {
            **written.get(file["table"], {}),
            **file,
            "written": publication.state == Publication.State.SUCCEEDED and file["changed"],
            "copied": bool(written.get(file["table"], {}).get("patches")),
            "summary": ", ".join(f"{file[name]} {word}" for name, word in COUNTS if file.get(name)),
        }
        for file in planned
    ]


def steps_of(publication: Publication) -> list[dict[str, object]]:
    """The steps done so far and, while it runs, those to come."""
    done = list(publication.steps)
    if publication.ended:
        return done
    names = {step["step"] for step in done}
    return done + [{"step": name, "state": "waiting", "seconds": None} for name in STEPS if name not in names]
