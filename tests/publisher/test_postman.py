"""The publisher has letters sent by a child, which neither delays it nor outlives it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables.management import children
from tables.management.children import spawn
from tables.management.commands.publisher import Loop
from tables.management.postman import Postman
from tables.models import ChangeRequest, Letter, NoticeSettings
from tests.integration.daemon import wait_for
from tests.services.editing import save

pytestmark = pytest.mark.django_db

Watch = Callable[[Postman], Postman]


class Starts:
    """Starts something else for as long as it takes, and notes what should have been started."""

    def __init__(self, code: str = "import time; time.sleep(60)") -> None:
        self.code = code
        self.asked: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        self.asked.append(command)
        return spawn([sys.executable, "-c", self.code])


@pytest.fixture
def watched() -> Iterator[Watch]:
    made: list[Postman] = []

    def watch(one: Postman) -> Postman:
        made.append(one)
        return one

    yield watch
    for one in made:
        one.stop()


@pytest.fixture
def digested(people: dict[str, User]) -> None:
    """Today's digests have been thought of."""
    for person in people.values():
        NoticeSettings.objects.create(person=person, digest_day=timezone.localdate())


def test_a_sender_is_started_when_a_letter_waits(digested: None, alice: User, watched: Watch) -> None:
    starts = Starts()
    one = watched(Postman(starts))
    one.look()
    assert starts.asked == []
    save(alice, "relay-domains", "a.example", reason="x")
    one.not_before = 0
    one.look()
    assert starts.asked == [[sys.executable, "manage.py", "send_letters", "--quiet"]]


def test_there_is_one_at_a_time(digested: None, alice: User, watched: Watch) -> None:
    save(alice, "relay-domains", "a.example", reason="x")
    starts = Starts()
    one = watched(Postman(starts))
    for _ in range(3):
        one.not_before = 0
        one.look()
    assert len(starts.asked) == 1


def test_the_database_is_asked_every_few_seconds_only(digested: None, alice: User, watched: Watch) -> None:
    starts = Starts()
    one = watched(Postman(starts))
    one.look()
    save(alice, "relay-domains", "a.example", reason="x")
    one.look()
    assert starts.asked == []


def test_one_that_fails_is_not_started_again_at_once(digested: None, alice: User, watched: Watch) -> None:
    save(alice, "relay-domains", "a.example", reason="x")
    starts = Starts("raise SystemExit(1)")
    one = watched(Postman(starts))
    one.look()
    assert one.child
    wait_for(lambda: one.child is not None and one.child.poll() is not None)
    one.not_before = 0
    one.look()
    one.look()
    assert len(starts.asked) == 1
    assert one.not_before > time.monotonic() + children.FAILED_SECONDS - 5


def test_it_ends_with_the_publisher(digested: None, alice: User) -> None:
    save(alice, "relay-domains", "a.example", reason="x")
    one = Postman(Starts())
    one.look()
    child = one.child
    assert child
    one.stop()
    assert child.poll() is not None
    assert one.child is None


def test_the_digest_is_a_reason_to_start(
    people: dict[str, User], watched: Watch, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    settings.DIGEST_HOUR = 0
    User.objects.update(date_joined=timezone.now() - timedelta(days=2))
    starts = Starts()
    watched(Postman(starts)).look()
    assert len(starts.asked) == 1


def test_the_publisher_looks_after_each_publication(
    digested: None, alice: User, bob: User, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop("mx1")
    looks: list[int] = []
    monkeypatch.setattr(loop, "look", lambda: None)
    monkeypatch.setattr(loop.postman, "look", lambda: looks.append(1))
    assert loop._looked()
    assert looks == [1]


def test_a_reminder_is_part_of_the_house_keeping(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="x")
    ChangeRequest.objects.update(submitted_at=timezone.now() - timedelta(days=4))
    Letter.objects.update(created_at=timezone.now() - timedelta(days=4))
    Loop("").keep_house()
    assert Letter.objects.filter(notice__kind="waiting", notice__request=request).count() == 3
