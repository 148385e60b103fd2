"""The daily digest: once a day, at its hour, with what there is to say, and none when there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import closing, inbox, surveys
from tables.actors import Actor
from tables.entries import get_cluster
from tables.letters import digests, outbox
from tables.models import How, Letter, NoticeSettings
from tables.noticing.kinds import KINDS
from tests.services.editing import approve, save
from tests.services.post import letter_to, post

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def long_here(people: dict[str, User]) -> None:
    User.objects.update(date_joined=MORNING - timedelta(days=30))


def test_who_came_after_its_hour_has_missed_none(alice: User, bob: User, dora: User) -> None:
    save(alice, "relay-domains", "a.example", reason="x")
    User.objects.filter(pk=bob.pk).update(date_joined=MORNING)
    assert digests.write_due(now=MORNING + timedelta(hours=1)) == 1
    assert digests.write_due(now=MORNING + timedelta(days=1)) == 2


def only_digests(*people: User) -> None:
    for person in people:
        inbox.choose(person=person, wanted={name: How.DIGEST for name, kind in KINDS.items() if not kind.fixed})


def test_it_tells_what_waits_and_what_happened(alice: User, bob: User, dora: User) -> None:
    only_digests(alice, bob, dora)
    save(alice, "aliases", "broken", "a b c@")
    surveys.run(cluster=get_cluster(), by="test")
    waits = save(alice, "relay-domains", "a.example", reason="New customer")
    approve(bob, save(alice, "relay-domains", "b.example", reason="Another"))
    assert digests.write_due(now=MORNING) == 3
    letter = letter_to("bob")
    assert "Subject: [mailadmin] Digest of 2026-11-25: 1 review wanted, 2 not live\n" in letter
    assert f"Waits for your review:\n  Request {waits.pk} by alice (relay), since " in letter
    assert f"http://localhost:8000/requests/{waits.pk}/" in letter
    assert "2 changes are applied, and not live yet." in letter
    assert "Problems in the tables:\n  3 warnings\n" in letter
    assert "and it is applied" in letter_to("alice")
    assert "Waits for your review" not in letter_to("alice")


def test_there_is_none_when_there_is_nothing_to_say(alice: User, bob: User, dora: User) -> None:
    only_digests(alice, bob, dora)
    assert digests.write_due(now=MORNING) == 0
    assert not digests.due(MORNING)
    save(alice, "relay-domains", "a.example", reason="x")
    assert digests.write_due(now=MORNING + timedelta(hours=2)) == 0  # the day was thought of
    assert digests.write_due(now=MORNING + timedelta(days=1)) == 2


def test_there_is_one_a_day_however_often_it_is_tried(alice: User, bob: User, dora: User) -> None:
    only_digests(bob)
    save(alice, "relay-domains", "a.example", reason="x")
    assert [digests.write_due(now=MORNING + timedelta(minutes=minute)) for minute in range(3)] == [2, 0, 0]
    post()
    assert digests.write_due(now=MORNING + timedelta(hours=12)) == 0


def test_another_sender_that_was_quicker_wins(alice: User, bob: User, dora: User) -> None:
    only_digests(bob)
    save(alice, "relay-domains", "a.example", reason="x")
    waiting = list(digests._waiting_for(MORNING.date()))
    NoticeSettings.objects.update_or_create(person=bob, defaults={"digest_day": MORNING.date()})
    assert bob in waiting
    assert not digests._write(bob, MORNING.date())


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", datetime(2026, 11, 25, 6, 59, tzinfo=UTC), None),
        ("UTC", datetime(2026, 11, 25, 7, 0, tzinfo=UTC), "2026-11-25"),
        ("Europe/Berlin", datetime(2026, 11, 25, 6, 0, tzinfo=UTC), "2026-11-25"),
        ("Europe/Berlin", datetime(2026, 7, 25, 5, 0, tzinfo=UTC), "2026-07-25"),
        ("Pacific/Auckland", datetime(2026, 11, 24, 18, 0, tzinfo=UTC), "2026-11-25"),
        ("America/Los_Angeles", datetime(2026, 11, 25, 7, 0, tzinfo=UTC), "2026-11-24"),
    ],
)
def test_the_hour_is_that_of_the_panel(settings: Any, zone: str, moment: datetime, day: str | None) -> None:
    settings.TIME_ZONE = zone
    found = digests.day_of(moment)
    assert (found and str(found)) == day


def test_summer_time_neither_skips_a_digest_nor_doubles_it(settings: Any) -> None:
    """In Berlin 2:30 does not exist on one night of March and comes twice on one of October."""
    settings.TIME_ZONE, settings.DIGEST_HOUR = "Europe/Berlin", 2
    zone = ZoneInfo("Europe/Berlin")
    for night in (datetime(2026, 3, 29, tzinfo=zone), datetime(2026, 10, 25, tzinfo=zone)):
        start = night.astimezone(UTC)
        minutes = [digests.day_of(start + timedelta(minutes=minute)) for minute in range(24 * 60)]
        first = next(place for place, day in enumerate(minutes) if day == night.date())
        assert (start + timedelta(minutes=first)).astimezone(zone).hour == {3: 3, 10: 2}[night.month]
        assert all(day == night.date() for day in minutes[first : 22 * 60])


def test_one_that_did_not_go_out_is_taken_over_by_the_next(alice: User, bob: User, dora: User) -> None:
    only_digests(alice, bob)
    approve(bob, save(alice, "relay-domains", "b.example", reason="Another"))
    digests.write_due(now=MORNING)
    digests.write_due(now=MORNING + timedelta(days=1))
    assert Letter.objects.filter(person=alice, state="waiting").get().day == MORNING.date() + timedelta(days=1)
    assert "and it is applied" in letter_to("alice")


def test_what_was_read_in_the_panel_meanwhile_is_left_out(alice: User, bob: User, dora: User) -> None:
    only_digests(alice)
    request = save(alice, "relay-domains", "b.example", reason="Another")
    closing.withdraw(request=request, actor=Actor.of(alice))
    assert "withdrew" in inbox.notices_of(bob).latest("pk").subject
    inbox.mark_read(person=bob, until=10**9)
    digests.write_due(now=MORNING)
    assert set(post()) == {"dora@example.com"}


def test_what_was_answered_by_the_time_it_goes_out_leaves_nothing_to_say(alice: User, bob: User, dora: User) -> None:
    only_digests(bob)
    request = save(alice, "relay-domains", "b.example", reason="Another")
    digests.write_due(now=MORNING)
    closing.withdraw(request=request, actor=Actor.of(alice))
    inbox.mark_read(person=bob, until=10**9)
    outbox.send()
    assert "bob@example.com" not in {letter.to[0] for letter in mail.outbox}


def test_who_has_nothing_set_to_it_gets_none(alice: User, bob: User, dora: User) -> None:
    inbox.choose(person=bob, wanted={name: How.NOW for name, kind in KINDS.items() if not kind.fixed})
    save(alice, "relay-domains", "b.example", reason="Another")
    digests.write_due(now=MORNING)
    assert not Letter.objects.filter(person=bob, day__isnull=False).exists()


def test_written_early_it_does_not_come_again_at_its_hour(alice: User, bob: User, dora: User) -> None:
    save(alice, "relay-domains", "b.example", reason="Another")
    night = MORNING - timedelta(hours=5)
    assert digests.write_due(now=night) == 0
    assert digests.write_due(now=night, early=True) == 2
    assert digests.write_due(now=MORNING) == 0


def test_a_long_list_is_cut(alice: User, bob: User, dora: User) -> None:
    for number in range(23):
        save(alice, "relay-domains", f"c{number}.example", reason="x")
    digests.write_due(now=timezone.now(), early=True)
    letter = letter_to("bob")
    assert letter.count(" by alice (relay)") == 20
    assert "… and 3 more: http://localhost:8000/requests/" in letter
