"""Change requests: the list, one of them, and taking one back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import BREAK_GLASS, EDIT, REVIEW, VIEW
from tables import (
    amending,
    applying,
    breaking,
    changes,
    closing,
    contributors,
    drafting,
    inbox,
    passages,
    policy,
    policy_gate,
    reviews,
    seeing,
    threads,
    undoing,
)
from tables.context import about, cluster_of, draft_of, scope_of
from tables.differences import Line, of_text
from tables.forms import REQUEST_STATES, REQUEST_VIEWS, ReasonForm, RequestsForm, ReviewForm, SubmitForm, TextForm
from tables.jobs import running
from tables.models import Change, ChangeRequest, Remark
from tables.sendmail.spec import Risk
from tables.views.access import actor_of, needs, person_of
from tables.views.broken import broken_part
from tables.views.jobs import started
from tables.views.narrow import render_narrow
from tables.views.paging import NEWEST, OLDEST, read_page
from tables.views.proposals import proposals
from tables.views.refusals import told

#: Changes of one request on one page; and on the page of those that put something at risk, to be ticked one by one.
CHANGES_SHOWN, TICKED = 30, 100

State = ChangeRequest.State


@require_safe
@needs(VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    chosen = RequestsForm(request.GET).chosen()
    found = _found(request, chosen).annotate(first_id=_nth_change(0), second_id=_nth_change(1))
    page = read_page(request, found, order=NEWEST, size=settings.PAGE_SIZE, total=None, keep=chosen)
    firsts = Change.objects.in_bulk([row.first_id for row in page.rows if row.first_id])
    context = {
        "page": page,
        "rows": [(row, firsts.get(row.first_id), row.second_id is not None) for row in page.rows],
        "chosen": chosen,
        "views": REQUEST_VIEWS,
        "states": REQUEST_STATES,
    }
    return render_narrow(request, "requests/list.html", "requests/_list.html", context)


def _nth_change(place: int) -> Subquery:
    """A change of each request, in the order of a unique index: to count those of an import would take too long."""
    changes_of = Change.objects.filter(request=OuterRef("pk")).order_by("table", "key")
    return Subquery(changes_of.values("pk")[place : place + 1])


def _found(request: HttpRequest, chosen: dict[str, Any]) -> QuerySet[ChangeRequest]:
    user = person_of(request)
    found = seeing.requests(scope_of(request), cluster_of(request)).order_by("-id")
    if chosen["state"]:
        found = found.filter(state=chosen["state"])
    if chosen["view"] == "open":
        return found.filter(state__in=ChangeRequest.WAITING)
    if chosen["view"] == "mine":
        return found.filter(author=user)
    if chosen["view"] == "review":
        return _to_review(found, user)
    return found


def _to_review(found: QuerySet[ChangeRequest], user: User) -> QuerySet[ChangeRequest]:
    """Of others, and not decided by this person; what they decided before an emergency they decide again."""
    if not user.has_perm(REVIEW):
        return found.none()
    decided = user.reviews.exclude(at__lt=F("request__glass__at"))
    mine = Q(author=user) | Q(submitter=user) | Q(pk__in=decided.values("request"))
    return found.filter(breaking.WAITS).exclude(mine)


@require_safe
@needs(VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, find_request(request, pk))


def find_request(request: HttpRequest, pk: int) -> ChangeRequest:
    found = seeing.request(scope_of(request), pk)
    about(request, found.cluster)
    return found


def show(
    request: HttpRequest,
    wanted: ChangeRequest,
    *,
    form: ReviewForm | None = None,
    error: str = "",
    submission: SubmitForm | None = None,
) -> HttpResponse:
    """The page of a request. A possible reviewer who opens it has seen this version; the review says so."""
    user = person_of(request)
    why_not = reviews.why_not(request=wanted, user=user)
    if not why_not:
        reviews.note_viewing(request=wanted, person=user)
    inbox.seen(person=user, request=wanted)
    only = "risky" if request.GET.get("only") == "risky" else ""
    found = wanted.changes.filter(risky=True) if only else wanted.changes.all()
    total, size = found.count(), TICKED if only else CHANGES_SHOWN
    page = read_page(
        request,
        found.order_by("id"),
        order=OLDEST,
        size=size,
        total=total,
        keep={"only": only} if only else {},
    )
    shown = proposals(scope_of(request), wanted, page.rows)
    context = {
        "wanted": wanted,
        "policy_lines": policy_gate.difference(wanted),
        "texts": [] if scope_of(request).limited else texts_of(wanted),
        "page": page,
        "proposals": shown,
        "pages": -(-total // size),
        "only": only,
        "ticks": "" if why_not else ticks(wanted, page.rows),
        "ticked": ticked(request),
        "threads": threads_of(wanted, user),
        "may_remark": wanted.is_open and threads.may_remark(user),
        "remark": TextForm(),
        "may_amend": user.has_perm(EDIT) and wanted.state != State.DRAFT and not amending.why_not(wanted),
        "stale": wanted.state == State.CONFLICTED or any(proposal.conflicted for proposal in shown),
        "may_take_back": not reviews.why_not_take_back(request=wanted, user=user),
        "held_back": applying.waits(wanted) if wanted.state in ChangeRequest.WAITING else "",
        "may_apply": wanted.state == State.APPROVED and (user.has_perm(EDIT) or user.has_perm(REVIEW)),
        "renewal": reviews.needs_renewal(wanted),
        "glass": breaking.glass_of(wanted),
        "may_break_glass": user.has_perm(BREAK_GLASS) and not breaking.why_not(request=wanted, user=user),
        "may_undo": user.has_perm(EDIT) and not undoing.why_not(wanted),
        "undone_by": wanted.undone_by.order_by("id"),
        "reviews": wanted.reviews.order_by("at"),
        "why_not": why_not,
        "form": form or ReviewForm(initial={"checksum": wanted.checksum}),
        "error": error,
        "may_withdraw": may_withdraw(wanted, user) and wanted.state != State.DRAFT,
        "draft": draft_part(request, wanted, user, total),
        "broken": broken_part(wanted, user),
        "submission": submission or SubmitForm(initial={"reason": wanted.reason, "ticket": wanted.ticket}),
        "originals": seeing.originals(scope_of(request), wanted.originals.order_by("id")),
        "withdrawal": ReasonForm(prefix="withdraw"),
    }
    return render(request, "requests/detail.html", context, status=422 if error else 200)


#: Changes of a draft whose risks are judged as a whole each time that it is shown.
JUDGED = 1000


@dataclass(frozen=True, slots=True)
class DraftPart:
    """What somebody who collects in a draft is shown beside its changes."""

    summary: drafting.Summary
    risks: list[Risk]
    judged: bool
    collecting: bool
    #: Nothing is collected in it or left out.
    whole: bool


def draft_part(request: HttpRequest, wanted: ChangeRequest, user: User, total: int) -> DraftPart | None:
    if not user.has_perm(EDIT) or not drafting.is_editor(request=wanted, person=user):
        return None
    judged, current = total <= JUDGED, draft_of(request)
    risks = drafting.risks(wanted) if judged else []
    collecting = current is not None and current.pk == wanted.pk
    return DraftPart(drafting.summary(wanted), risks, judged, collecting, wanted.kind in drafting.WHOLE)


def texts_of(wanted: ChangeRequest) -> list[tuple[str, list[Line]]]:
    """What a request changes of the text between entries."""
    return [(text.table, of_text(text.table, text.before, text.after)) for text in passages.of(wanted)[:CHANGES_SHOWN]]


def ticks(wanted: ChangeRequest, shown: Sequence[Change]) -> str:
    """How the risky lines of a request are ticked: not at all (empty), ``here``, on a page of their own
    (``elsewhere``), or ``never`` because they are too many, so that two approvers must look."""
    risky = wanted.changes.filter(risky=True).count()
    if risky <= policy.tick_above(wanted):
        return ""
    if risky > TICKED:
        return "never"
    return "here" if sum(change.risky for change in shown) == risky else "elsewhere"


def ticked(request: HttpRequest) -> set[int]:
    """The changes whose box was ticked; what is no number is nobody's box."""
    return {int(pk) for pk in request.POST.getlist("tick") if pk.isascii() and pk.isdecimal()}


@dataclass(frozen=True, slots=True)
class Thread:
    """What was asked about a request, the answers, and whether this person may close it."""

    remark: Remark
    replies: list[Remark]
    may_resolve: bool


def threads_of(wanted: ChangeRequest, user: User) -> list[Thread]:
    opened = wanted.remarks.filter(parent__isnull=True).prefetch_related("replies")
    return [
        Thread(remark, list(remark.replies.all()), not remark.resolved_at and threads.may_resolve(remark, user))
        for remark in opened
    ]


def tell(request: HttpRequest, done: ChangeRequest) -> None:
    """What became of a request, after somebody did something with it."""
    if done.state == State.APPLIED:
        then = "The new policy is in force." if done.kind == ChangeRequest.Kind.POLICY else "Publish to make it live."
        messages.success(request, f"Request {done.pk} is applied. {then}")
    elif done.state == State.CONFLICTED:
        messages.error(request, f"Request {done.pk} could not be applied. {done.outcome}")
    elif done.state == State.APPROVED:
        messages.info(request, applying.waits(done) or f"Request {done.pk} is approved.")
    else:
        messages.info(request, f"Request {done.pk} waits for a review.")


@require_POST
@needs(VIEW)
def carry_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply what is approved and no longer held back."""
    wanted = find_request(request, pk)
    if wanted.changes.count() > running.MANY:
        given, back = {"request": pk}, reverse("request", args=[pk])
        return started(request, "carry-out", f"Applying request {pk}", given, back)
    try:
        tell(request, reviews.carry_out(request=wanted, actor=actor_of(request)))
    except changes.Forbidden as error:
        if not person_of(request).has_perm(EDIT) and not person_of(request).has_perm(REVIEW):
            raise
        messages.error(request, str(error))
    except changes.ChangeError as error:
        messages.error(request, str(error))
    return redirect("request", pk=pk)


def may_withdraw(wanted: ChangeRequest, user: User) -> bool:
    return wanted.is_open and user.has_perm(EDIT) and user.pk in contributors.ids(wanted)


@require_POST
@needs(EDIT)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    wanted = find_request(request, pk)
    form = ReasonForm(request.POST, prefix="withdraw")
    form.is_valid()
    with told(request):
        closing.withdraw(request=wanted, actor=actor_of(request), reason=form.cleaned_data["reason"])
        messages.success(request, f"Request {pk} is withdrawn. Nothing was changed.")
    return redirect("request", pk=pk)
