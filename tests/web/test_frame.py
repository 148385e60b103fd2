"""What the frame counts is kept from one event to the next: whatever anybody does shows on the very next page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import audit, releases, reviews
from tables.actors import Actor
from tables.context import Navigation
from tables.entries import get_cluster
from tables.models import ChangeRequest, Host
from tests.people import make_limited
from tests.services.editing import approve, save
from tests.services.ruling import decree, rule
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db

PAGE = "/policy/"


def shown(client: Client) -> tuple[int, int]:
    """How many requests wait and how many changes are not live, by the frame of a page."""
    frame: Navigation = client.get(PAGE).context["navigation"]
    return frame.waiting, frame.pending


def test_a_second_look_asks_less_and_says_the_same(people: dict[str, User]) -> None:
    save(people["alice"], "aliases", "sales", "alice")
    client = visitor(people["charlie"])
    with CaptureQueriesContext(connection) as first:
        assert shown(client) == (0, 1)
    with CaptureQueriesContext(connection) as second:
        assert shown(client) == (0, 1)
    assert len(second) <= len(first) - 6


def test_each_act_shows_on_the_next_page(people: dict[str, User]) -> None:
    alice, bob = people["alice"], people["bob"]
    client = visitor(people["charlie"])
    host = Host.objects.create(cluster=get_cluster(), name="mx.test.example")
    asked: dict[str, ChangeRequest] = {}

    def ask(name: str) -> None:
        asked[name] = save(alice, "relay-domains", f"{name}.example", reason="wanted")

    def reject() -> None:
        reviews.note_viewing(request=asked["other"], person=bob)
        reviews.reject(request=asked["other"], reviewer=bob, checksum=asked["other"].checksum, comment="unknown")

    acts: list[tuple[Callable[[], object], tuple[int, int]]] = [
        (lambda: None, (0, 0)),
        (lambda: save(alice, "aliases", "sales", "alice"), (0, 1)),
        (lambda: ask("new"), (1, 1)),
        (lambda: ask("other"), (2, 1)),
        (lambda: approve(bob, asked["new"]), (1, 2)),
        (reject, (0, 2)),
        (lambda: publish(host, bob), (0, 0)),
        (lambda: save(alice, "aliases", "sales", "bob"), (0, 1)),
    ]
    for act, then in acts:
        act()
        assert shown(client) == shown(client) == then


def publish(host: Host, person: User) -> None:
    """As a publisher ends it: the host has the release, and an event says so."""
    release = releases.cut(cluster=host.cluster, actor=Actor.of(person))
    Host.objects.filter(pk=host.pk).update(release=release)
    audit.record(actor=Actor.publisher(host.name), action="publication-succeeded", cluster=host.cluster)


def test_a_policy_that_asks_nobody_shows_on_the_next_page(people: dict[str, User]) -> None:
    client = visitor(people["charlie"])
    assert "Reviews are switched off" not in client.get(PAGE).content.decode()
    assert "Reviews are switched off" not in client.get(PAGE).content.decode()
    decree(people["dora"], people["bob"], rules=(rule("relay", 0),))
    assert "Reviews are switched off" in client.get(PAGE).content.decode()


def test_nobody_is_shown_what_was_kept_for_somebody_who_sees_more(people: dict[str, User]) -> None:
    save(people["alice"], "relay-domains", "new.example", reason="wanted")
    save(people["alice"], "aliases", "sales", "alice")
    assert shown(visitor(people["charlie"])) == (1, 1)
    limited = make_limited("erin", Role.VIEWER)
    assert shown(visitor(limited)) == (0, 0)
    assert shown(visitor(people["charlie"])) == (1, 1)


def test_a_history_that_was_put_back_is_not_taken_for_another(people: dict[str, User]) -> None:
    """After a restore the last event has a number that another had before; its hash is its own."""
    client = visitor(people["charlie"])
    with transaction.atomic():
        save(people["alice"], "relay-domains", "new.example", reason="wanted")
        assert shown(client) == (1, 0)
        transaction.set_rollback(True)
    save(people["alice"], "aliases", "sales", "alice")
    assert shown(client) == (0, 1)
