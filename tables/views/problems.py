"""All problems of the tables, as the last whole check found them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailadmin.accounts.roles import EDIT, VIEW
from tables import findings, seeing, surveys
from tables.context import check_of, cluster_of, scope_of
from tables.forms import FilterForm, QueryField
from tables.models import CheckRun, Cluster, StoredFinding
from tables.publishing.hosts import silence
from tables.sendmail.spec import Grade
from tables.sendmail.tables import TABLES
from tables.templatetags.panel import thousands
from tables.views.access import actor_of, needs
from tables.views.narrow import render_narrow
from tables.views.paging import BY_ORDER, Page, read_page

#: Choices of the filter: what it says, and the grades that it lets through.
GRADES = {"serious": "Errors, warnings", "error": "Errors", "warning": "Warnings", "note": "Notes", "all": "All"}
LETS_THROUGH: dict[str, tuple[Grade, ...]] = {
    "serious": findings.SERIOUS,
    **{str(grade): (grade,) for grade in Grade},
    "all": tuple(Grade),
}


class ProblemsForm(FilterForm):
    q = QueryField(required=False, initial="", max_length=500)
    table = forms.ChoiceField(required=False, initial="", choices=[(name, name) for name in TABLES])
    grade = forms.ChoiceField(required=False, initial="serious", choices=list(GRADES.items()))
    rule = QueryField(required=False, initial="", max_length=64)


@dataclass(frozen=True, slots=True)
class Total:
    """How many were found of something, how many of them are listed, and what the first of them says."""

    name: str
    count: int
    listed: int
    grade: str = ""
    table: str = ""
    message: str = ""


@require_safe
@needs(VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    cluster, scope = cluster_of(request), scope_of(request)
    run = check_of(request)
    chosen = ProblemsForm(request.GET).chosen()
    found = seeing.groups(scope, run)
    groups = [group for group in found if _matches(group, chosen)]
    page = _page(request, run, chosen, groups)
    context = {
        "run": run,
        "state": _state(cluster, run),
        "since": cluster.last_change - (run.change_number or 0) if run else 0,
        "chosen": chosen,
        "filtered": bool(chosen["q"] or chosen["table"] or chosen["rule"] or chosen["grade"] != "serious"),
        "tables": scope.tables,
        "grades": GRADES,
        "rules": sorted({group["rule"] for group in found}),
        "by_grade": _by_grade(seeing.grades(scope, run)),
        "by_table": _by_table(groups),
        "by_rule": [_total(group) for group in groups],
        "unlisted": sum(group["count"] - group["stored"] for group in groups),
        "found": sum(group["count"] for group in groups),
        "page": page,
        "rows": findings.standing(cluster, page.rows),
        "query": request.GET.urlencode(),
    }
    return render_narrow(request, "problems/list.html", "problems/_list.html", context)


def _matches(group: dict[str, Any], chosen: dict[str, Any]) -> bool:
    return (
        group["grade"] in LETS_THROUGH[chosen["grade"]]
        and chosen["table"] in ("", group["table"])
        and chosen["rule"] in ("", group["rule"])
    )


def _total(group: dict[str, Any]) -> Total:
    return Total(
        name=group["rule"],
        count=group["count"],
        listed=group["stored"],
        grade=group["grade"],
        table=group["table"],
        message=group["message"],
    )


def _by_grade(counts: Mapping[Grade, int]) -> list[Total]:
    """Of all tables and rules, whatever is chosen: the way from one grade to another."""
    return [Total(str(grade), count, count) for grade, count in counts.items() if count]


def _by_table(groups: Iterable[dict[str, Any]]) -> list[Total]:
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group["table"]] += group["count"]
    return [Total(name, counts[name], counts[name]) for name in TABLES if counts[name]]


def _page(
    request: HttpRequest, run: CheckRun | None, chosen: dict[str, Any], groups: list[dict[str, Any]]
) -> Page[StoredFinding]:
    found = findings.listing(
        seeing.findings(scope_of(request), run),
        table=chosen["table"],
        grades=LETS_THROUGH[chosen["grade"]],
        rule=chosen["rule"],
        query=chosen["q"],
    )
    listed = sum(group["stored"] for group in groups)
    total = found.count if chosen["q"] else listed
    keep = {**chosen, "grade": "" if chosen["grade"] == "serious" else chosen["grade"]}
    return read_page(request, found, order=BY_ORDER, size=settings.PAGE_SIZE, total=total, keep=keep)


def _state(cluster: Cluster, run: CheckRun | None) -> str:
    """How the findings stand to the tables: current, behind, running, asked, silent (asked in vain) or never."""
    now = timezone.now()
    if run and surveys.is_running(run, now):
        return "running"
    if run and run.asked_at:
        since = now - silence()
        return "asked" if cluster.hosts.filter(seen_at__gte=since).exists() else "silent"
    if run is None or run.finished_at is None:
        return "never"
    return "current" if run.change_number == cluster.last_change else "behind"


@require_POST
@needs(EDIT)
def check_now(request: HttpRequest) -> HttpResponse:
    done = surveys.ask(cluster=cluster_of(request), actor=actor_of(request))
    if scope_of(request).limited:
        messages.info(request, "The tables are checked; what was found of yours stands below as soon as it is known.")
    elif done:
        messages.success(
            request, f"The tables are checked: {_many(done.errors, 'error')}, {_many(done.warnings, 'warning')}."
        )
    else:
        messages.info(request, "The publisher on the mail host checks the tables as soon as it can.")
    return redirect("problems")


def _many(number: int, noun: str) -> str:
    return f"{thousands(number)} {noun}{pluralize(number)}"
