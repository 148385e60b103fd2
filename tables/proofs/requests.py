"""Requests and reviews against the history: who made, submitted and approved what was applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from tables import contributors, verifying_glass
from tables.applying import ACTIONS as ENTRY_ACTIONS
from tables.applying import request_checksum
from tables.audit import Finding
from tables.models import AuditEvent, Change, ChangeRequest, Cluster, Review
from tables.passages import any_in
from tables.policy import demand_then
from tables.proofs import passages
from tables.proofs.log import AT_ONCE, FETCH
from tables.proofs.policies import CHANGED
from tables.proofs.streams import Few, grouped, side_by_side
from tables.reviews import ACTIONS as REVIEW_ACTIONS

FIELDS = ("request_id", "number", "action", "actor_id", "actor_name", "reason", "at", "detail")
DECISIONS = {action: str(decision) for decision, action in REVIEW_ACTIONS.items()}
#: A request changes entries, the text between them, or the policy.
APPLIED = frozenset({*ENTRY_ACTIONS.values(), CHANGED, passages.CHANGED})
SUBMITTED = frozenset({"request-submitted", "policy-proposed"})
#: Who edits a request submits it by that.
SUBMITS_ANEW = frozenset({"request-edited", "request-rebased"})
#: Whoever does one of these to a request is an author of it.
MAKES_AN_AUTHOR = {*APPLIED, *SUBMITTED, *SUBMITS_ANEW}

State, Kind = ChangeRequest.State, ChangeRequest.Kind


@dataclass(frozen=True, slots=True)
class Event:
    request: int
    number: int
    action: str
    actor: int | None
    actor_name: str
    reason: str
    at: datetime
    said: Any

    @property
    def detail(self) -> dict[str, Any]:
        """Nothing where somebody made nonsense of it, which the proof of the chain names."""
        return self.said if isinstance(self.said, dict) else {}


@dataclass(slots=True)
class Told:
    """What the history says of one request."""

    submitted: Event | None = None
    #: The first of the events that say what was applied.
    applied: Event | None = None
    decisions: list[Event] = field(default_factory=list)
    authors: set[int | None] = field(default_factory=set)
    whole: dict[str, Event] = field(default_factory=dict)  # baseline or import


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that there is of one request."""

    request: ChangeRequest
    told: Told
    changes: list[Change]
    reviews: list[Review]

    @property
    def is_applied(self) -> bool:
        return self.request.state == State.APPLIED

    @property
    def was_submitted(self) -> bool:
        """Whether it has a checksum: a draft has none, nor has one that was taken back before it was handed in."""
        taken_back = self.request.state == State.WITHDRAWN and not (self.told.submitted or self.request.submitted_at)
        return self.request.state != State.DRAFT and not taken_back


def verify(cluster: Cluster) -> Iterator[Finding]:
    found = Few("requests")
    for pk, request, rest in side_by_side(_requests(cluster), _rests(cluster)):
        told, changes, reviews = rest or (Told(), [], [])
        if request is None:
            found.add(f"request {pk}", "There are changes, reviews or events of it, but not the request itself.")
            continue
        request.cluster = cluster
        dossier = Dossier(request, told, changes, reviews)
        for message in (*_state(dossier), *_applied(dossier), *_reviewed(dossier)):
            found.add(f"request {pk}", message)
    yield from found


# --- what there is of each request, side by side ----------------------------------------------------------------------


def _requests(cluster: Cluster) -> Iterator[tuple[int, ChangeRequest]]:
    for request in ChangeRequest.objects.filter(cluster=cluster).order_by("pk").iterator(chunk_size=FETCH):
        yield request.pk, request


def _rests(cluster: Cluster) -> Iterator[tuple[int, tuple[Told, list[Change], list[Review]]]]:
    changes = Change.objects.filter(cluster=cluster).order_by("request_id", "id").iterator(chunk_size=FETCH)
    reviews = Review.objects.filter(request__cluster=cluster).order_by("request_id", "id").iterator(chunk_size=FETCH)
    of_changes = ((pk, list(some)) for pk, some in grouped(changes, lambda change: change.request_id))
    of_reviews = ((pk, list(some)) for pk, some in grouped(reviews, lambda review: review.request_id))
    kept = ((pk, (made or [], given or [])) for pk, made, given in side_by_side(of_changes, of_reviews))
    for pk, told, rest in side_by_side(_histories(cluster), kept):
        yield pk, (told or Told(), *(rest or ([], [])))


def _histories(cluster: Cluster) -> Iterator[tuple[int, Told]]:
    about = AuditEvent.objects.filter(cluster=cluster.name, request_id__isnull=False).order_by("request_id", "number")
    rows = about.values_list(*FIELDS).iterator(chunk_size=FETCH)
    for pk, some in grouped(rows, lambda row: row[0]):
        yield pk, _told(Event(*row) for row in some)


def _told(events: Iterable[Event]) -> Told:
    told = Told()
    for event in events:
        if event.action in MAKES_AN_AUTHOR:
            told.authors.add(event.actor)
        if event.action in SUBMITTED:
            told.submitted = event
        elif event.action in SUBMITS_ANEW:
            told.submitted = None  # told of next, unless what it has become needs nobody and is applied at once
        elif event.action in APPLIED:
            told.applied = told.applied or event
        elif event.action in DECISIONS:
            told.decisions.append(event)
        elif event.action in {Kind.BASELINE, Kind.IMPORT}:
            told.whole[event.action] = event
    return told


# --- the request itself -----------------------------------------------------------------------------------------------


def _state(dossier: Dossier) -> Iterator[str]:
    """Applied changes are in applied requests, and all that is in these is applied."""
    numbered = [change.number is not None for change in dossier.changes]
    if any(numbered) and not dossier.is_applied:
        yield f"Changes of it were applied, but it is {dossier.request.state}."
    if dossier.is_applied and not all(numbered):
        yield "It is applied, but some of its changes are not in the change log."
    empty = Kind.BASELINE in dossier.told.whole or dossier.request.kind == Kind.POLICY
    if dossier.is_applied and not numbered and not empty and not any_in(dossier.request):
        yield "It is applied, but there is no change in it."


def _applied(dossier: Dossier) -> Iterator[str]:
    if event := dossier.told.whole.get(Kind.BASELINE):
        yield from _taken_over(dossier.request, event)
        return
    if dossier.was_submitted and _checksum(dossier) != dossier.request.checksum:
        yield "Its checksum is not that of its reason and its changes."
    if dossier.is_applied != (dossier.told.applied is not None):
        yield (
            "The audit history does not say that it was applied."
            if dossier.is_applied
            else f"The audit history says that it was applied, but it is {dossier.request.state}."
        )
    elif dossier.told.applied is not None:
        yield from _differing(dossier.request, dossier.told.applied, kind=_kind(dossier.told))
        yield from _submitted(dossier, dossier.told.applied)
        yield from _unapproved(dossier, dossier.told.applied)


def _taken_over(request: ChangeRequest, event: Event) -> Iterator[str]:
    """A baseline is applied as it is made, by one person alone, and nobody reviews it."""
    if request.state != State.APPLIED:
        yield f"It took over what was live, but it is {request.state}."
    if request.checksum or request.risks or request.submitter_id != event.actor:
        yield "It is not as a baseline is made."
    yield from _differing(request, event, kind=Kind.BASELINE)


def _checksum(dossier: Dossier) -> str:
    try:
        return request_checksum(dossier.request, dossier.changes)
    except (KeyError, TypeError, AttributeError):  # a change of which somebody made nonsense
        return ""


def _kind(told: Told) -> str:
    if told.applied and told.applied.action == CHANGED:
        return Kind.POLICY
    said = told.applied.detail.get("kind") if told.applied else None
    return str(said or (Kind.IMPORT if Kind.IMPORT in told.whole else Kind.EDIT))


def _differing(request: ChangeRequest, event: Event, *, kind: str) -> Iterator[str]:
    """Whether the request says of itself what the event of its being applied says."""
    pairs: dict[str, tuple[Any, Any]] = {
        "kind": (request.kind, kind),
        "reason": (request.reason, event.reason),
        "name of its author": (request.author_name, event.detail.get("author", event.actor_name)),
        "outcome": (request.outcome, ""),
        "ticket": (request.ticket, event.detail.get("ticket", "")),
        "what it undoes": (request.undoes_id, event.detail.get("undoes")),
        "policy": (request.policy_version or 0, _policy(event)),
        "what was asked of it": (request.asked or {}, event.detail.get("asked", {})),
    }
    if "author" not in event.detail:
        pairs["author"] = (request.author_id, event.actor)
    elif request.author_id is not None:
        pairs["author"] = (request.author.get_username() if request.author else "", event.detail["author"])
    differing = [name for name, (stands, said) in pairs.items() if stands != said]
    times = (request.created_at, request.submitted_at, request.closed_at)
    if any(at is None for at in times) or not _are_in_order(request, event):
        differing.append("times")
    if differing:
        yield f"It does not say what the audit history says: {', '.join(differing)}."


def _policy(event: Event) -> Any:
    """Under which it was submitted. A new policy tells of its own number: it was submitted under the one before it."""
    said = event.detail.get("policy", 0)
    return said - 1 if event.action == CHANGED and isinstance(said, int) else said


def _are_in_order(request: ChangeRequest, event: Event) -> bool:
    created, submitted, closed = request.created_at, request.submitted_at, request.closed_at
    if submitted is None or closed is None:
        return False
    return created - submitted <= AT_ONCE and submitted - closed <= AT_ONCE and abs(event.at - closed) <= AT_ONCE


def _submitted(dossier: Dossier, applied: Event) -> Iterator[str]:
    """Whoever submitted it, when and with which risks."""
    request, event = dossier.request, dossier.told.submitted
    name = event.actor_name if event else applied.detail.get("applied_by")
    submitter = request.submitter.get_username() if request.submitter else None
    if (event and request.submitter_id != event.actor) or (submitter and submitter != name):
        yield "Who submitted it is not who did by the audit history."
    at = event.at if event else applied.at
    if request.submitted_at is None or abs(request.submitted_at - at) > AT_ONCE:
        yield "It was not submitted when the audit history says."
    allowed: list[Any] = [applied.detail.get("risks", [])]
    if "risks" not in applied.detail and event:  # an older history told the risks at its submission only
        allowed.append(event.detail.get("risks", []))
    if request.risks not in allowed:
        yield "Its risks are not those that the audit history tells."


def _unapproved(dossier: Dossier, applied: Event) -> Iterator[str]:
    """No request with a risk was applied without another person's approval of its checksum."""
    request, told = dossier.request, dossier.told
    risks = {*request.risks} | {*applied.detail.get("risks", [])}
    request.risks = sorted(risks)
    needed = _needed(request)
    if not needed or verifying_glass.went(request):
        return
    authors = contributors.ids(request) | told.authors
    last: dict[int | None, Event] = {}
    for event in told.decisions:
        if event.number < applied.number and event.detail.get("checksum") == request.checksum:
            last[event.actor] = event
    given = [
        event
        for actor, event in last.items()
        if event.action == "request-approved" and actor is not None and actor not in authors
    ]
    if given and all("every_line_ticked" in event.detail for event in given):
        needed += 1
    if len(given) < needed:
        yield "It was applied without the approval that its risks need."


def _needed(request: ChangeRequest) -> int:
    """Approvals that it needed; one where somebody made nonsense of what was asked of it."""
    try:
        return demand_then(request).reviews
    except (TypeError, ValueError, AttributeError):
        return 1


# --- reviews ----------------------------------------------------------------------------------------------------------


def _reviewed(dossier: Dossier) -> Iterator[str]:
    """Each review has its event and each event its review: one person's decisions on one version in their order."""
    told = _by_turn((event.actor, str(event.detail.get("checksum")), event) for event in dossier.told.decisions)
    kept = _by_turn((review.reviewer_id, review.checksum, review) for review in dossier.reviews)
    for place in told.keys() - kept.keys():
        yield f"The audit history tells of a review by {told[place].actor_name} that was not kept."
    for place, review in kept.items():
        event = told.get(place)
        if event is None:
            yield f"The audit history does not tell of the review by {review.reviewer_name}."
        elif differing := _otherwise(dossier.request, review, event, place[2]):
            yield f"The review by {review.reviewer_name} does not say what was recorded: {', '.join(differing)}."


T = TypeVar("T")


def _by_turn(items: Iterable[tuple[int | None, str, T]]) -> dict[tuple[int | None, str, int], T]:
    found: dict[tuple[int | None, str, int], T] = {}
    turns: Counter[tuple[int | None, str]] = Counter()
    for person, checksum, item in items:
        turns[person, checksum] += 1
        found[person, checksum, turns[person, checksum]] = item
    return found


def _otherwise(request: ChangeRequest, review: Review, event: Event, turn: int) -> list[str]:
    pairs: dict[str, tuple[Any, Any]] = {
        "decision": (review.decision, DECISIONS[event.action]),
        "name": (review.reviewer_name, event.actor_name),
        "comment": (review.comment, event.reason),
        "author of the request": (review.author_id, request.author_id),
        "turn": (review.turn, turn),
        "whether every line was ticked": (review.complete, "every_line_ticked" not in event.detail),
    }
    differing = [name for name, (stands, said) in pairs.items() if stands != said]
    return differing if abs(event.at - review.at) <= AT_ONCE else [*differing, "time"]
