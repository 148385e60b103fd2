"""The kinds of long work: each is named, takes arguments that JSON can hold, and gives what to say and where to go on.

They call the services that a page would call, which judge again whatever could have changed since somebody pressed the
button.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import Http404
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import drafting, progress, reviews, scopes, seeing
from tables.actors import Actor
from tables.errors import ChangeError
from tables.many import doing, sweep
from tables.many.select import Selection
from tables.models import ChangeRequest, Cluster
from tables.sendmail.tables import get
from tables.sheets import importing
from tables.sheets.candidates import How
from tables.takeover import taking

State = ChangeRequest.State


@dataclass(frozen=True, slots=True)
class Result:
    said: str
    address: str


Work = Callable[[User, dict[str, Any]], Result]


def submit(person: User, given: dict[str, Any]) -> Result:
    """``request``, ``reason``, ``ticket``."""
    request = _request(person, given)
    done = drafting.submit(request=request, actor=Actor.of(person), reason=given["reason"], ticket=given["ticket"])
    return _of_request(done)


def approve(person: User, given: dict[str, Any]) -> Result:
    """``request``, ``checksum``, ``comment``, ``ticked``. That the person is who they say was asked before."""
    request = reviews.get_request_for_review(person, given["request"])
    done = reviews.approve(
        request=request,
        reviewer=person,
        checksum=given["checksum"],
        comment=given["comment"],
        ticked=given["ticked"],
    )
    return _of_request(done)


def carry_out(person: User, given: dict[str, Any]) -> Result:
    """``request``: one that is approved."""
    return _of_request(reviews.carry_out(request=_request(person, given), actor=Actor.of(person)))


def _request(person: User, given: dict[str, Any]) -> ChangeRequest:
    try:
        return seeing.request(scopes.of_person(person), given["request"])
    except Http404:
        raise ChangeError(f"There is no request {given['request']} any more.") from None


def _of_request(done: ChangeRequest) -> Result:
    said = {
        State.APPLIED: f"Request {done.pk} is applied. Publish to make it live.",
        State.SUBMITTED: f"Request {done.pk} waits for a review.",
        State.CONFLICTED: f"Request {done.pk} could not be applied. {done.outcome}",
    }
    return Result(
        said.get(State(done.state), f"Request {done.pk} is {done.state}."), reverse("request", args=[done.pk])
    )


def bulk(person: User, given: dict[str, Any]) -> Result:
    """What :func:`tables.many.doing.bulk` takes, the cluster and the draft by their numbers."""
    keys = given["keys"]
    selection = Selection(get(given["table"]), given["query"], given["state"], None if keys is None else tuple(keys))
    draft = doing.bulk(
        cluster=Cluster.objects.get(pk=given["cluster"]),
        actor=Actor.of(person),
        selection=selection,
        act=given["act"],
        typed=given["typed"],
        into=_draft(person, given),
        progress=_judging,
    )
    return _of_draft(draft)


def swept(person: User, given: dict[str, Any]) -> Result:
    """``text``, ``what``, ``put``, ``remove``, ``places``; the cluster and the draft by their numbers."""
    sought = sweep.read(given["text"], given["what"])
    wanted = sweep.sweep_of(sought=sought, put=given["put"], remove=given["remove"], places=given["places"])
    draft = doing.carry_out_sweep(
        cluster=Cluster.objects.get(pk=given["cluster"]),
        actor=Actor.of(person),
        wanted=wanted,
        into=_draft(person, given),
        progress=_judging,
    )
    return _of_draft(draft)


def sheet(person: User, given: dict[str, Any]) -> Result:
    """``path`` of the file, which is gone afterwards; the cluster by its number; ``table``, ``how``, ``reason``."""
    path = Path(given["path"])
    try:
        done = importing.draft_from(
            cluster=Cluster.objects.get(pk=given["cluster"]),
            actor=Actor.of(person),
            table=get(given["table"]),
            path=path,
            how=How(**given["how"]),
            reason=given["reason"],
            progress=lambda read, total: progress.say("Reading rows", read, total),
        )
    finally:
        path.unlink(missing_ok=True)
    address = reverse("request", args=[done.request.pk]) if done.request else reverse("table", args=[given["table"]])
    return Result(importing.told(done, given["table"]), address)


def taken_over(person: User, given: dict[str, Any]) -> Result:
    """``drift``, ``reason``: a draft of what the hand wrote into a large file."""
    try:
        drift = seeing.drift(scopes.of_person(person), given["drift"])
    except Http404:
        raise ChangeError("Nobody knows of that file any more.") from None
    draft = taking.take_over(drift=drift, actor=Actor.of(person), reason=given["reason"], submit=False)
    if draft is None:
        said = f"{drift} is taken over: the tables said all of it already."
        return Result(said, reverse("drift", args=[drift.pk]))
    said = f"Draft {draft.pk} says in the tables what was written by hand. Look at it, then submit it."
    return Result(said, reverse("request", args=[draft.pk]))


def _judging(done: int, total: int) -> None:
    progress.say("Judging entries", done, total)


def _draft(person: User, given: dict[str, Any]) -> ChangeRequest | None:
    return _request(person, {"request": given["into"]}) if given["into"] else None


def _of_draft(draft: ChangeRequest) -> Result:
    said = f"Draft {draft.pk} has it. Look at it, leave out what shall stay, then submit it."
    return Result(said, reverse("request", args=[draft.pk]))


WORKS: dict[str, Work] = {
    "sheet": sheet,
    "bulk": bulk,
    "sweep": swept,
    "submit": submit,
    "approve": approve,
    "carry-out": carry_out,
    "take-over": taken_over,
}
