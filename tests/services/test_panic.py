"""Panic close: every relay permission but the site's own goes, by one person, and comes back by two only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes, publishing, undoing
from tables.actors import Actor
from tables.entries import get_cluster, rows
from tables.errors import ChangeError, Forbidden
from tables.many import panic
from tables.models import AccessRule, AuditEvent, ChangeRequest, LocalHostName, Notice, Publication, RelayDomain
from tables.sendmail.tables import TABLES
from tests.people import make_limited
from tests.places import place
from tests.services.editing import save
from tests.services.ruling import decree, freeze
from tests.web.visits import stands

pytestmark = pytest.mark.django_db

ACCESS = {
    "connect:127.0.0.1": "RELAY",
    "connect:192.0.2": "RELAY",
    "connect:192.0.2.9": "RELAY",
    "connect:203.0.113": "RELAY",
    "connect:203.0.113.7": "RELAY",
    "to:customer.example": "RELAY",
    "connect:198.51.100": "REJECT",
    "from:relay.example": 'ERROR:5.7.1:"550 no relay here"',
}


@pytest.fixture
def relays(alice: User, bob: User, settings: Any) -> None:
    settings.OWN_NETWORKS = ["192.0.2.0/24"]
    cluster = get_cluster()
    for number, (key, value) in enumerate(ACCESS.items()):
        AccessRule.objects.create(cluster=cluster, key=key, value=value, position=number)
    for number in range(15):
        RelayDomain.objects.create(cluster=cluster, key=f"customer{number}.example", position=number)
    LocalHostName.objects.create(cluster=cluster, key="example.com", position=1)


@pytest.fixture
def outside() -> Iterator[Path]:
    with place() as directory:
        yield directory


def close(person: User, reason: str = "we are on a list") -> ChangeRequest:
    return panic.close(cluster=get_cluster(), actor=Actor.of(person), reason=reason, ticket="CERT-1")


def left(table: str) -> list[str]:
    return [row.key for row in rows(cluster=get_cluster(), table=TABLES[table]).order_by("position")]


def test_all_that_relays_goes_but_the_sites_own(alice: User, relays: None) -> None:
    done = close(alice)

    assert (done.state, done.kind, done.ticket) == ("applied", "bulk", "CERT-1")
    assert left("access") == [
        "connect:127.0.0.1",
        "connect:192.0.2",
        "connect:192.0.2.9",
        "connect:198.51.100",
        "from:relay.example",
    ]
    assert left("relay-domains") == []
    assert left("local-host-names") == ["example.com"]


def test_what_stays_is_told_with_why(relays: None) -> None:
    found = panic.found(cluster=get_cluster())

    assert len(found.closing) == 18
    assert {one.entry.key: one.stays for one in found.staying} == {
        "connect:127.0.0.1": panic.OWN,
        "connect:192.0.2": panic.OWN,
        "connect:192.0.2.9": panic.OWN,
    }


def test_what_an_own_network_covers_is_left_alone(relays: None) -> None:
    RelayDomain.objects.create(cluster=get_cluster(), key="192.0.2", position=99)
    AccessRule.objects.create(cluster=get_cluster(), key="192.0.2.44", value="RELAY", position=99)
    assert "192.0.2" not in {one.entry.key for one in panic.found(cluster=get_cluster()).closing}


def test_an_exception_from_a_refusal_is_closed_as_well(relays: None) -> None:
    AccessRule.objects.create(cluster=get_cluster(), key="connect:10", value="REJECT", position=100)
    AccessRule.objects.create(cluster=get_cluster(), key="connect:10.1", value="RELAY", position=101)
    assert "connect:10.1" in {one.entry.key for one in panic.found(cluster=get_cluster()).closing}


def test_it_is_told_to_every_approver_and_stands_in_the_history_once(alice: User, bob: User, relays: None) -> None:
    done = close(alice)

    event = AuditEvent.objects.get(action="panic-close")
    assert (event.request_id, event.reason, event.detail["closed"]) == (done.pk, "we are on a list", 18)
    notice = Notice.objects.get(person=bob, kind="panic")
    assert "PANIC CLOSE: alice closed 18 relay permissions" in notice.subject


def test_its_undo_needs_two(alice: User, bob: User, relays: None) -> None:
    done = close(alice)

    back = undoing.undo(request=done, actor=Actor.of(alice), reason="it was nothing")
    assert back.state == "submitted"
    assert "relay" in back.risks
    assert left("relay-domains") == []

    assert back.changes.filter(risky=True).count() >= 17
    assert left("relay-domains") == []


def test_a_freeze_does_not_hold_it_back(alice: User, bob: User, dora: User, relays: None) -> None:
    decree(dora, bob, freezes=(freeze(),))
    assert close(alice).state == "applied"


def test_requests_that_hold_the_keys_are_overtaken(alice: User, bob: User, relays: None) -> None:
    """Also of a permission that another, wider one makes needless: both go at once."""
    waiting = save(alice, "access", "connect:203.0.113.7", "OK", comment="x", reason="narrower")
    held = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    for key in ("connect:203.0.113.7", "connect:198.51.100.1"):
        changes.propose(
            request=held,
            actor=Actor.of(alice),
            table=TABLES["access"],
            key=key,
            after=changes.Entry(key, "RELAY", comment="mine"),
        )
    held = changes.submit(request=held, actor=Actor.of(alice), reason="another")
    assert (waiting.state, held.state) == ("applied", "submitted")
    AccessRule.objects.filter(key="connect:203.0.113.7").update(value="RELAY")

    assert close(bob if bob.has_perm("tables.edit_tables") else alice).state == "applied"

    held.refresh_from_db()
    assert held.state == "conflicted"
    assert stands("access", "connect:203.0.113.7") is None


def test_nothing_to_close_and_no_reason_are_said(alice: User, relays: None) -> None:
    with pytest.raises(ChangeError, match="Say why"):
        close(alice, reason=" ")
    close(alice)
    with pytest.raises(ChangeError, match="there is nothing to close"):
        close(alice)


def test_a_setting_that_cannot_be_read_closes_nothing(alice: User, relays: None, settings: Any) -> None:
    settings.OWN_NETWORKS = ["our/net"]
    with pytest.raises(ChangeError, match=r"MAILADMIN_OWN_NETWORKS cannot be read. “our/net” is no network"):
        close(alice)


def test_a_limited_person_and_one_who_only_looks_cannot(charlie: User, relays: None) -> None:
    with pytest.raises(Forbidden, match="concerns all domains"):
        close(make_limited("erin", Role.POSTMASTER))
    with pytest.raises(Forbidden):
        close(charlie)


def test_it_is_live_though_most_of_a_file_goes(alice: User, relays: None, settings: Any, outside: Path) -> None:
    """What stops a publication that takes too much does not stop this one."""
    settings.MAIL_DIR = outside
    for key in ("postmaster", "mailer-daemon"):
        save(alice, "aliases", key, "root")
    host = publishing.register_host()
    panic.releases.cut(cluster=get_cluster(), actor=Actor.of(alice))
    first = publishing.converge(host=host)
    assert isinstance(first, Publication)
    assert first.state == "succeeded", first.error
    assert "customer1.example" in (settings.MAIL_DIR / "relay-domains").read_text()

    release = panic.publish(request=close(alice), actor=Actor.of(alice))
    done = publishing.converge(host=host)

    assert isinstance(done, Publication)
    assert (done.release, done.state) == (release, "succeeded"), done.error
    assert "customer1.example" not in (settings.MAIL_DIR / "relay-domains").read_text()
    assert AuditEvent.objects.filter(action="unsafe-override").exists()
    assert [person.username for person in panic.publishers()]
