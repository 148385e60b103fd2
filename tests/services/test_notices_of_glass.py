"""Broken glass is told to every approver at once, again when nobody reviews it, and no longer once somebody has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import breaking, inbox, policy, reminding, reviews
from tables.letters import digests
from tables.models import BrokenGlass, ChangeRequest, How, Notice
from tests.people import make_person
from tests.services.editing import save
from tests.services.post import letter_to, post

pytestmark = pytest.mark.django_db

EMERGENCY = "The relay of the hospital burnt down"


@pytest.fixture
def glass(alice: User, bob: User, dora: User) -> ChangeRequest:
    make_person("frank", Role.APPROVER)
    request = save(alice, "relay-domains", "hospital.example", reason="They need it")
    breaking.break_glass(request=request, person=dora, reason=EMERGENCY, proved_at=timezone.now())
    return ChangeRequest.objects.get(pk=request.pk)


def told(**about: object) -> set[str]:
    found = Notice.objects.filter(kind="glass", **about)
    return set(found.values_list("person__username", flat=True))


def test_every_approver_hears_of_it_at_once_but_who_broke_it(glass: ChangeRequest) -> None:
    assert told() == {"bob", "frank"}
    letter = letter_to("frank")
    assert f"BREAK GLASS: dora applied request {glass.pk} without a review (relay)" in letter
    assert f"  Emergency: {EMERGENCY}\n  Reason: They need it\n" in letter
    assert "+hospital.example" in letter
    assert "Importance: high" in letter


def test_the_review_afterwards_answers_it(glass: ChangeRequest, bob: User) -> None:
    reviews.note_viewing(request=glass, person=bob)
    reviews.approve(request=glass, reviewer=bob, checksum=glass.checksum)
    assert told(settled_at=None) == set()
    post()
    assert "BREAK GLASS" not in " ".join(letter.subject for letter in mail.outbox)


def test_when_nobody_reviews_it_all_hear_so_once_and_who_broke_it_too(glass: ChangeRequest) -> None:
    assert reminding.remind_of_glass() == 0
    late = BrokenGlass.objects.get().due_at + timedelta(minutes=1)
    assert (reminding.remind_of_glass(now=late), reminding.remind_of_glass(now=late)) == (1, 0)
    assert told(key__startswith="glass-overdue:") == {"bob", "frank", "dora"}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if glass had been broken two days after its review was due."""
    monkeypatch.setattr(policy, "glass_hours", lambda cluster: -48)


def test_the_digest_has_it_until_it_is_reviewed(short: None, glass: ChangeRequest, bob: User) -> None:
    inbox.choose(person=bob, wanted={"review": How.DIGEST})
    User.objects.update(date_joined=timezone.now() - timedelta(days=30))
    post()
    digests.write_due(early=True)
    letter = letter_to("bob")
    assert "BROKEN GLASS OVERDUE" in letter
    assert f"  Request {glass.pk}, applied by dora on " in letter
