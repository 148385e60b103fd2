"""Who is told when a request is edited, questioned or approved for too long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import amending, lapsing, policy, reviews, threads
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import ChangeRequest, Notice, Review
from tables.releases import cut
from tables.sendmail.spec import Entry
from tests.services.editing import approve, save
from tests.services.post import letter_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(alice: User, bob: User, dora: User) -> ChangeRequest:
    return save(alice, "access", "connect:203.0.113", "RELAY", reason="Branch office")


def told(kind: str, **about: Any) -> list[str]:
    found = Notice.objects.filter(kind=kind, **about).order_by("person__username")
    return list(found.values_list("person__username", flat=True))


def edit(person: User, request: ChangeRequest, value: str = "OK") -> ChangeRequest:
    (change,) = request.changes.all()
    return amending.amend(
        request=request,
        actor=Actor.of(person),
        seen=request.checksum,
        lines={change.pk: Entry(change.key, value)},
        reason=request.reason,
        confirmed=True,
    )


def test_a_new_version_is_asked_about_anew_and_the_old_question_is_past(request_: ChangeRequest, dora: User) -> None:
    edit(dora, request_)
    assert told("review", settled_at=None) == ["bob"]
    assert told("review") == ["bob", "bob", "dora"]


def test_the_other_authors_hear_who_edited_it(request_: ChangeRequest, dora: User) -> None:
    edit(dora, request_)
    assert told("applied") == ["alice"]
    assert Notice.objects.get(kind="applied").subject == f"dora edited request {request_.pk}"


def test_an_approval_that_is_taken_back_is_told(
    request_: ChangeRequest, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "demand", lambda **_: policy.Demand(2))
    approve(bob, request_)
    reviews.take_back(request=request_, reviewer=bob, comment="I misread it")
    notice = Notice.objects.get(kind="waiting")
    assert (notice.person.username, notice.text) == ("alice", "I misread it")
    assert notice.subject == f"bob took back the approval of request {request_.pk}"


def test_a_question_is_told_to_the_authors_and_its_answer_to_who_asked(
    request_: ChangeRequest, alice: User, bob: User
) -> None:
    thread = threads.ask(request=request_, person=bob, text="Which office is that?")
    assert told("remark") == ["alice"]
    assert "  Which office is that?\n" in letter_to("alice")
    threads.reply(thread=thread, person=alice, text="The one in Zurich")
    assert told("remark") == ["alice", "bob"]
    assert f"alice answered in a thread of request {request_.pk}" in letter_to("bob")


def test_who_resolves_the_last_thread_applies_it_and_the_author_hears_so(
    request_: ChangeRequest, alice: User, bob: User, dora: User
) -> None:
    thread = threads.ask(request=request_, person=dora, text="Sure?")
    assert approve(bob, request_).state == "approved"
    assert threads.resolve(thread=thread, person=dora).state == "applied"
    assert Notice.objects.get(kind="applied", person=alice).subject == f"dora applied request {request_.pk}"


# --- approvals that lapse ---------------------------------------------------------------------------------------------


def after(hours: float) -> Any:
    return Review.objects.get().at + timedelta(hours=hours)


def test_an_approval_about_to_lapse_is_told_once(request_: ChangeRequest, bob: User) -> None:
    approve(bob, request_)
    assert lapsing.remind(now=after(47)) == 0
    assert [lapsing.remind(now=after(hours)) for hours in (49, 60, 71)] == [1, 0, 0]
    assert told("waiting") == ["alice", "bob"]
    notice = Notice.objects.filter(kind="waiting").first()
    assert notice
    assert notice.subject == (
        f"The approval of request {request_.pk} lapses on {timezone.localtime(after(72)):%Y-%m-%d at %H:%M}"
    )
    assert "publish it" in notice.text


def test_a_lapsed_approval_is_asked_for_anew(request_: ChangeRequest, bob: User) -> None:
    approve(bob, request_)
    assert [lapsing.remind(now=after(hours)) for hours in (73, 74)] == [1, 0]
    asked = Notice.objects.filter(key__startswith="lapsed:")
    assert set(asked.values_list("person__username", flat=True)) == {"alice", "dora"}


def test_what_is_in_a_release_needs_no_approval_any_more(request_: ChangeRequest, alice: User, bob: User) -> None:
    approve(bob, request_)
    lapsing.remind(now=after(49))
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    assert lapsing.remind(now=after(73)) == 0
    assert not Notice.objects.filter(key__startswith="lapsing:", settled_at=None).exists()


def test_an_approval_that_was_taken_back_does_not_lapse(
    request_: ChangeRequest, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "demand", lambda **_: policy.Demand(2))
    approve(bob, request_)
    given = Review.objects.get().at
    reviews.take_back(request=request_, reviewer=bob)
    assert lapsing.remind(now=given + timedelta(hours=60)) == 0


def test_a_long_past_approval_is_not_spoken_of(request_: ChangeRequest, bob: User) -> None:
    approve(bob, request_)
    assert lapsing.remind(now=after(24 * 30)) == 0
