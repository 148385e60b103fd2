"""Long work that a page hands over, and how far it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from mailadmin.accounts.roles import VIEW
from tables.jobs import running
from tables.models import Job
from tables.views.access import needs, person_of


def started(request: HttpRequest, work: str, title: str, given: dict[str, Any], back: str) -> HttpResponse:
    """Have a job do it, and go to its page. ``back``: where it leads should it fail."""
    job = running.start(person=person_of(request), work=work, title=title, arguments=given, back=back)
    return redirect("job", pk=job.pk)


@require_safe
@needs(VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for itself again until the work has ended; then it leads on to what came of it."""
    job = running.settle(get_object_or_404(Job, pk=pk, person=person_of(request)))
    if job.state == Job.State.DONE and job.address:
        messages.success(request, job.said)
        return HttpResponseClientRedirect(job.address) if request.htmx else redirect(job.address)  # type: ignore[attr-defined]
    context = {"job": job, "far": running.far(job)}
    return render(request, "jobs/_progress.html" if request.htmx else "jobs/detail.html", context)  # type: ignore[attr-defined]
