"""Releases and publications at the same moment as each other and as what is applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tables import breaking, changes, policies, policy, publishing, releases, reviews
from tables.actors import Actor
from tables.models import AuditEvent, Change, ChangeRequest, Cluster, Host, Publication, Release
from tables.rules import Need, Rule, Rules
from tables.sendmail import commands
from tables.sendmail.maildir import Locked
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.history import wrong
from tests.parallel.conftest import Cast
from tests.parallel.racing import Act, done, interrupted, race, refusals
from tests.places import place
from tests.services.editing import delete, save

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


@pytest.fixture
def mail_dir(settings: Any) -> Iterator[Path]:
    with place() as directory:
        settings.MAIL_DIR = directory / "mail"
        settings.MAIL_DIR.mkdir()
        settings.SENDMAIL_CF = directory / "none.cf"
        settings.SENDMAIL_DAEMON = "no"
        settings.HOST_NAME = "mx.test.example"
        yield settings.MAIL_DIR


@pytest.fixture
def host(cluster: Cluster, mail_dir: Path) -> Host:
    return publishing.register_host()


def three_lines(cast: Cast, name: str, number: int) -> ChangeRequest:
    """A request of three changes that needs nobody."""
    actor = Actor.of(cast[name])
    request = changes.draft(cluster=Cluster.objects.get(), actor=actor)
    pairs = [(None, Entry(f"{name}{number}{letter}", "root", position=1)) for letter in "abc"]
    changes.propose_many(request=request, actor=actor, table=TABLES["aliases"], pairs=pairs)
    return request


def cut(cast: Cast, name: str = "dora") -> Act:
    return lambda: releases.cut(cluster=Cluster.objects.get(), actor=Actor.of(cast[name]))


# --- releases ---------------------------------------------------------------------------------------------------------


def test_a_release_between_requests_holds_whole_ones(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        drafts = [three_lines(cast, name, number) for name in ("alice", "amy")]
        results = race(
            *(lambda draft=draft: changes.submit(request=draft, actor=Actor.command()) for draft in drafts), cut(cast)
        )
        assert refusals(results) == []
        assert Release.objects.order_by("number").values_list("change_number", flat=True).last() % 3 == 0

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


@pytest.mark.parametrize("at", ["_number", "_record", "close"])
def test_a_release_in_the_middle_of_applying_waits_for_its_end(cast: Cast, cluster: Cluster, at: str) -> None:
    from tables import applying

    draft = three_lines(cast, "alice", 0)
    first, second = interrupted(
        lambda: changes.submit(request=draft, actor=Actor.of(cast["alice"])), applying, at, cut(cast)
    )
    assert refusals([first, second]) == []
    assert Release.objects.get().change_number == 3
    assert wrong(cluster) == []


def test_two_who_publish_at_once_cut_one_release(cast: Cast, cluster: Cluster, host: Host) -> None:
    def once(number: int) -> None:
        save(cast["alice"], "aliases", f"key{number}", "root")
        results = race(cut(cast, "bob"), cut(cast, "dora"))
        assert {release.number for release in done(results)} == {number + 1}  # type: ignore[attr-defined]
        assert Publication.objects.filter(release__number=number + 1).count() == 2

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_many_editors_and_a_release_between_them_keep_one_order(cast: Cast, cluster: Cluster) -> None:
    acts: list[Act] = [
        lambda number=number: save(cast["alice"], "aliases", f"user{number}", "root")  # type: ignore[misc]
        for number in range(6)
    ]
    assert refusals(race(*acts, cut(cast, "alice"))) == []
    assert list(Change.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 7))
    assert wrong(cluster) == []


def test_what_is_approved_while_a_release_is_cut_is_in_it_or_in_the_next(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = save(cast["alice"], "relay-domains", f"c{number}.example", reason="wanted")
        reviews.note_viewing(request=request, person=cast["bob"])
        results = race(
            lambda: reviews.approve(request=request, reviewer=cast["bob"], checksum=request.checksum), cut(cast)
        )
        assert refusals(results) == []

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_glass_and_an_approval_at_once_apply_the_request_once(cast: Cast, cluster: Cluster) -> None:
    from django.utils import timezone

    def once(number: int) -> None:
        request = save(cast["alice"], "relay-domains", f"c{number}.example", reason="wanted")
        reviews.note_viewing(request=request, person=cast["bob"])
        results = race(
            lambda: reviews.approve(request=request, reviewer=cast["bob"], checksum=request.checksum),
            lambda: breaking.break_glass(
                request=request, person=cast["dora"], reason="all mail is lost since noon", proved_at=timezone.now()
            ),
        )
        assert done(results)
        assert Change.objects.filter(key=f"c{number}.example", number__isnull=False).count() == 1

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


# --- the policy -------------------------------------------------------------------------------------------------------


def test_a_policy_that_comes_into_force_meanwhile_counts_or_comes_after(cast: Cast, cluster: Cluster) -> None:
    """Two persons for everything from then on: no request is applied by one after that."""
    two = Rules(rules=(Rule(need=Need(2)),))
    wanted = policies.propose(cluster=cluster, actor=Actor.of(cast["dora"]), rules=two, based_on=0, reason="agreed")
    request = save(cast["alice"], "relay-domains", "c.example", reason="wanted")
    for asked in (wanted, request):
        for name in ("bob", "ben"):
            reviews.note_viewing(request=asked, person=cast[name])
    first, second = interrupted(
        lambda: reviews.approve(request=request, reviewer=cast["bob"], checksum=request.checksum),
        policy,
        "demand",
        lambda: reviews.approve(request=wanted, reviewer=cast["ben"], checksum=wanted.checksum),
    )
    assert refusals([first, second]) == []
    request.refresh_from_db()
    order = tuple(
        AuditEvent.objects.filter(action__in=["entry-created", "policy-changed"])
        .order_by("number")
        .values_list("action", flat=True)
    )
    assert (request.state, order) in {
        ("applied", ("entry-created", "policy-changed")),
        ("submitted", ("policy-changed",)),
    }


# --- publishers -------------------------------------------------------------------------------------------------------


def test_of_two_publishers_of_one_directory_one_works(cast: Cast, cluster: Cluster, host: Host) -> None:
    save(cast["alice"], "aliases", "sales", "root")
    cut(cast)()
    results = race(*[lambda: _converge(host)] * 2)
    ended = [result for result in results if isinstance(result, Publication)]
    assert [publication.state for publication in ended] == [Publication.State.SUCCEEDED]
    assert AuditEvent.objects.filter(action="publication-succeeded").count() == 1
    assert wrong(cluster) == []


def test_a_publisher_that_comes_while_another_builds_is_sent_away(cast: Cast, cluster: Cluster, host: Host) -> None:
    save(cast["alice"], "aliases", "sales", "root")
    cut(cast)()
    building, free = Event(), Event()

    def slowly(*arguments: Any, **named: Any) -> commands.Result:
        building.set()
        free.wait(10)
        return commands.run(*arguments, **named)

    def other() -> object:
        assert building.wait(10)
        try:
            return _converge(host)
        finally:
            free.set()

    first, second = race(lambda: publishing.converge(host=host, run=slowly), other)
    assert isinstance(second, Locked)
    assert isinstance(first, Publication)
    assert first.state == Publication.State.SUCCEEDED


def test_what_is_applied_while_a_release_is_published_is_not_in_it(
    cast: Cast, cluster: Cluster, host: Host, mail_dir: Path
) -> None:
    save(cast["alice"], "aliases", "sales", "root")
    cut(cast)()
    changed: list[object] = []

    def edit(point: str) -> None:
        if point == "before build":
            changed.append(save(cast["alice"], "aliases", "later", "root"))
            changed.append(delete(cast["alice"], "aliases", "sales"))

    publication = publishing.converge(host=host, checkpoint=edit)
    assert publication
    assert (publication.state, len(changed)) == (Publication.State.SUCCEEDED, 2)
    text = (mail_dir / "aliases").read_text()
    assert "sales: root" in text
    assert "later" not in text


def _converge(host: Host) -> object:
    try:
        return publishing.converge(host=Host.objects.get(pk=host.pk))
    except Locked as locked:
        return locked
