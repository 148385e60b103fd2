"""The policy: what it says, what it said before, and proposing another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mailadmin.accounts.roles import POLICY, VIEW
from tables import policies, policy, rule_words
from tables.context import cluster_of, scope_of
from tables.errors import ChangeError, Forbidden
from tables.models import PolicyVersion
from tables.rules import REASONS, PolicyInvalid, Rules
from tables.sendmail.tables import TABLES
from tables.views.access import actor_of, needs, person_of
from tables.views.fresh import needs_fresh_login
from tables.views.policy_form import BY_CHOICES, REVIEW_CHOICES, RISK_CHOICES, TABLE_CHOICES, Typed, defaults

#: Versions that the page tells of.
VERSIONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Past:
    """One version of the policy and how it came about."""

    made: PolicyVersion
    approved_by: list[str]
    lines: list[rule_words.Line]


@require_safe
@needs(VIEW)
def show(request: HttpRequest) -> HttpResponse:
    cluster = cluster_of(request)
    now = policy.in_force(cluster)
    # A reason may tell of domains that are not this person's; what applies to everybody they may know.
    limited = scope_of(request).limited
    versions = cluster.policies.select_related("request").prefetch_related("request__reviews").order_by("-number")
    context = {
        "now": now,
        "facts": rule_words.facts(now.rules).items(),
        "rows": table(now.rules),
        "freeze": now.rules.frozen(timezone.now()),
        "waiting": policies.open_request(cluster),
        "versions": _past(list(versions[: VERSIONS_SHOWN + 1])),
        "limited": limited,
        "may_propose": person_of(request).has_perm(POLICY) and not limited,
    }
    return render(request, "policy/policy.html", context)


def table(rules: Rules) -> list[dict[str, Any]]:
    """For each reason what is needed where, tables that ask the same in one row."""
    rows = []
    for reason in REASONS:
        groups: dict[tuple[str, ...], list[str]] = {}
        for name in TABLES:
            words = tuple(sorted(rule_words.need_words(need) for need in rules.needs(reason, name)))
            groups.setdefault(words, []).append(name)
        for place, (words, names) in enumerate(groups.items()):
            where = "any table" if len(groups) == 1 else ", ".join(names)
            free = words == (rule_words.need_words(rule_words.NOBODY),)
            rows.append({"reason": reason, "first": not place, "where": where, "needs": words, "free": free})
    return rows


def _past(versions: list[PolicyVersion]) -> list[Past]:
    """Each with what was different from the one before it, as its request said."""
    return [Past(made, _approvers(made), _lines(made)) for made in versions[:VERSIONS_SHOWN]]


def _approvers(made: PolicyVersion) -> list[str]:
    given = [one for one in made.request.reviews.all() if one.checksum == made.request.checksum]
    return sorted({one.reviewer_name for one in given if one.decision == "approve"})


def _lines(made: PolicyVersion) -> list[rule_words.Line]:
    before, after = policy.version(made.cluster, made.number - 1), policy.version(made.cluster, made.number)
    return rule_words.difference(before.rules, after.rules)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(POLICY)
@needs_fresh_login
@never_cache
def edit(request: HttpRequest) -> HttpResponse:
    now = policy.in_force(cluster_of(request))
    if request.method != "POST":
        typed = defaults(now.number) if now.trouble else Typed.of(now.rules, now.number)
        return _form(request, now, typed)
    typed = Typed.posted(request.POST)
    if typed.rearrange(request.POST):
        return _form(request, now, typed)
    return _answer(request, now, typed, propose=request.POST.get("act") == "propose")


def _answer(request: HttpRequest, now: policy.Version, typed: Typed, *, propose: bool) -> HttpResponse:
    lines = None
    try:
        rules = typed.read()
        lines = rule_words.difference(now.rules, rules)
        if propose:
            return _propose(request, typed, rules)
        typed.problems = policies.problems(rules)
    except PolicyInvalid as error:
        typed.problems = error.problems
    except Forbidden:
        raise
    except ChangeError as error:
        typed.problems = [str(error)]
    return _form(request, now, typed, lines)


def _propose(request: HttpRequest, typed: Typed, rules: Rules) -> HttpResponse:
    made = policies.propose(
        cluster=cluster_of(request),
        actor=actor_of(request),
        rules=rules,
        based_on=typed.shown_from,
        reason=typed.reason,
    )
    messages.success(request, f"Request {made.pk} waits for another person. Until then the present policy is in force.")
    return redirect("request", pk=made.pk)


def _form(
    request: HttpRequest, now: policy.Version, typed: Typed, lines: list[rule_words.Line] | None = None
) -> HttpResponse:
    choices: dict[str, Mapping[str, str]] = {
        "risks": RISK_CHOICES,
        "tables": TABLE_CHOICES,
        "counts": REVIEW_CHOICES,
        "bys": BY_CHOICES,
    }
    context = {
        "now": now,
        "typed": typed,
        "lines": lines,
        "waiting": policies.open_request(cluster_of(request)),
        "zone": timezone.get_current_timezone_name(),
        **choices,
    }
    return render(request, "policy/edit.html", context, status=422 if typed.problems else 200)
