"""What is asked and answered about a request. A thread that is open holds the request back from being applied."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import EDIT, REVIEW, VIEW
from tables import applying, audit, contributors, notices
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest, Remark

__all__ = ["ask", "may_remark", "may_resolve", "reply", "resolve"]

State = ChangeRequest.State
MOST = 10_000  # characters


def may_remark(user: User) -> bool:
    return user.has_perm(VIEW) and (user.has_perm(EDIT) or user.has_perm(REVIEW))


def may_resolve(remark: Remark, user: User) -> bool:
    """Whoever opened the thread, or an approver who is no author: no author brushes a reviewer's question aside."""
    if remark.author_id == user.pk:
        return may_remark(user)
    return user.has_perm(REVIEW) and user.pk not in contributors.ids(remark.request)


@transaction.atomic
def ask(*, request: ChangeRequest, person: User, text: str) -> Remark:
    """Open a thread about a request that is not decided yet."""
    _refuse(person, text)
    request = applying.locked(request)
    if not request.is_open:
        raise ChangeError(f"Change request {request.pk} is {request.state}: there is nothing left to ask about it.")
    return _write(request, person, text, parent=None)


@transaction.atomic
def reply(*, thread: Remark, person: User, text: str) -> Remark:
    _refuse(person, text)
    return _write(applying.locked(thread.request), person, text, parent=thread)


@transaction.atomic
def resolve(*, thread: Remark, person: User) -> ChangeRequest:
    """Close a thread. Was it the last that held an approved request back, then that is applied."""
    request = applying.locked(thread.request)
    thread.request = request
    if not may_resolve(thread, person):
        raise Forbidden("Only who opened this thread, or an approver who is no author of the request, can resolve it.")
    now = timezone.now()
    closed = Remark.objects.filter(pk=thread.pk, parent__isnull=True, resolved_at__isnull=True).update(
        resolved_by=person, resolved_by_name=person.get_username(), resolved_at=now
    )
    if not closed:
        raise ChangeError("This thread is resolved already.")
    _record(request, person, "thread-resolved", thread)
    return applying.settle(request=request, actor=Actor.of(person)) if request.state == State.APPROVED else request


def _refuse(person: User, text: str) -> None:
    if not may_remark(person):
        raise Forbidden("You may look, but not take part in a review. Ask an administrator for a role.")
    if not text.strip():
        raise ChangeError("Write something first.")
    if len(text) > MOST:
        raise ChangeError(f"That is {len(text)} characters long. Keep it to {MOST}.")


def _write(request: ChangeRequest, person: User, text: str, *, parent: Remark | None) -> Remark:
    remark = Remark.objects.create(
        request=request, parent=parent, author=person, author_name=person.get_username(), text=text.strip()
    )
    _record(request, person, "remark-added" if parent else "thread-opened", remark)
    notices.remarked(remark=remark)
    return remark


def _record(request: ChangeRequest, person: User, action: str, remark: Remark) -> None:
    thread = remark.parent_id or remark.pk
    audit.record(
        actor=Actor.of(person),
        action=action,
        cluster=request.cluster,
        request=request,
        reason="" if action == "thread-resolved" else remark.text,
        detail={"thread": thread},
    )
