"""What nobody decides is reminded of: after some days and before it expires, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import policy, reminding, reviews
from tables.models import ChangeRequest, Notice
from tests.services.editing import approve, save
from tests.services.ruling import decree

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(alice: User, bob: User, dora: User) -> ChangeRequest:
    return save(alice, "relay-domains", "a.example", reason="x")


def aged(request: ChangeRequest, days: float) -> None:
    """As if it had been submitted, and everything told, so long ago."""
    ago = timedelta(days=days)
    ChangeRequest.objects.filter(pk=request.pk).update(submitted_at=timezone.now() - ago)
    Notice.objects.update(created_at=timezone.now() - ago)


def subjects() -> set[str]:
    return set(Notice.objects.filter(kind="waiting").values_list("subject", flat=True))


def test_before_its_time_nobody_is_reminded(request_: ChangeRequest) -> None:
    aged(request_, 2.9)
    assert reminding.remind() == 0


def test_reviewers_and_authors_are_reminded_once(request_: ChangeRequest) -> None:
    aged(request_, 3.1)
    assert (reminding.remind(), reminding.remind()) == (1, 0)
    assert subjects() == {f"Request {request_.pk} has waited for a review for 3 days"}
    people = Notice.objects.filter(kind="waiting").values_list("person__username", flat=True)
    assert set(people) == {"alice", "bob", "dora"}


def test_they_are_told_again_before_it_expires(request_: ChangeRequest) -> None:
    aged(request_, 3.1)
    reminding.remind()
    aged(request_, 12.1)
    Notice.objects.filter(kind="waiting").update(created_at=timezone.now() - timedelta(days=9))
    assert (reminding.remind(), reminding.remind()) == (1, 0)
    ends = timezone.localtime(ChangeRequest.objects.get().submitted_at + timedelta(days=14))
    assert f"Request {request_.pk} expires undecided on {ends:%Y-%m-%d at %H:%M}" in subjects()


def test_who_is_told_of_its_end_is_not_told_of_its_age_too(request_: ChangeRequest) -> None:
    aged(request_, 12.1)
    assert (reminding.remind(), reminding.remind()) == (1, 0)
    assert len(subjects()) == 1


def test_a_short_life_is_told_of_in_its_second_half(request_: ChangeRequest, bob: User, dora: User) -> None:
    decree(dora, bob, request_days=1)
    aged(request_, 0.4)
    assert reminding.remind() == 0
    aged(request_, 0.6)
    assert reminding.remind() == 1


def test_what_is_decided_is_not_reminded_of(request_: ChangeRequest, bob: User) -> None:
    approve(bob, request_)
    aged(request_, 5)
    assert reminding.remind() == 0


def test_who_has_decided_is_not_reminded(request_: ChangeRequest, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "demand", lambda **_: policy.Demand(2))
    reviews.note_viewing(request=request_, person=bob)
    reviews.approve(request=request_, reviewer=bob, checksum=request_.checksum)
    aged(request_, 5)
    reminding.remind()
    people = Notice.objects.filter(kind="waiting").values_list("person__username", flat=True)
    assert set(people) == {"alice", "dora"}
