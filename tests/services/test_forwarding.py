"""Every event gets to the syslog server, once and in order, by real sockets; a dead one holds nothing up."""

from __future__ import annotations

import logging
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from mailadmin.accounts.models import User
from mailadmin.environment import SyslogTarget
from tables import audit, forwarding, syslog
from tables.actors import Actor
from tables.management.commands.publisher import Loop
from tables.models import AuditEvent, AuditHead
from tables.sendmail.secret import MASK
from tables.views.audit import ACTIONS
from tests.commands.running import run
from tests.services import loopback
from tests.services.editing import approve, save
from tests.services.loopback import Server
from tests.web.reading import words
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db

HEADER = re.compile(
    rb"<86>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}[+]00:00 mx1\.example\.org mailadmin - entry-created - {"
)


@pytest.fixture(autouse=True)
def named(settings: Any) -> None:
    settings.HOST_NAME = "mx1.example.org"


@pytest.fixture(params=["udp", "tcp", "unix"])
def server(request: pytest.FixtureRequest, settings: Any) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as directory:
        made = {"udp": loopback.udp, "tcp": loopback.tcp, "unix": lambda: loopback.unix(Path(directory))}
        with made[request.param]() as server:
            settings.AUDIT_SYSLOG = server.target
            yield server


def forwarded(server: Server) -> int:
    sent = forwarding.forward()
    if server.target.kind != "tcp":
        server.read_datagrams()
    return sent


def head() -> int:
    return AuditHead.objects.get().number


def note(count: int = 1) -> None:
    audit.record_many([audit.Act(actor=Actor.command(), action="login")] * count)


def test_every_event_arrives_once_and_in_order(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "BATCH", 3)
    note(7)
    assert forwarded(server) == 7
    assert forwarded(server) == 0
    note(2)
    assert forwarded(server) == 2
    assert server.numbers() == list(range(1, 10))


def test_a_message_is_as_rfc_5424_says_and_without_passwords(server: Server, alice: User, bob: User) -> None:
    approve(bob, save(alice, "access", "authinfo:smart.example", '"U:relay" "P:c4nary"', reason="new"))
    forwarded(server)
    assert b"c4nary" not in b"".join(server.messages)
    (created,) = [one for one in server.messages if b" entry-created " in one]
    assert HEADER.match(created)
    (said,) = [one for one in server.said() if one["action"] == "entry-created"]
    assert said["after"]["value"] == f'"U:relay" "P:{MASK}"'
    assert said["hash"] == AuditEvent.objects.get(number=said["number"]).hash


def test_an_event_that_is_too_long_comes_shortened_and_says_so(server: Server) -> None:
    limit = syslog.LIMITS[server.target.kind]
    audit.record(actor=Actor("😀" * 255), action="request-submitted", key="😀" * 500, reason="x" * limit)
    audit.record(actor=Actor.command(), action="login", reason="x" * (limit - 900))
    assert forwarded(server) == 2
    assert max(map(len, server.messages)) <= limit
    short, whole = server.said()
    assert (short["shortened"], short["key"], short["number"]) == (True, "😀" * 40, 1)
    assert "shortened" not in whole


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_dead_server_loses_nothing_and_is_told_of_once(
    settings: Any, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    settings.AUDIT_SYSLOG = loopback.nobody(kind)
    caplog.set_level(logging.INFO)
    note(3)
    for _turn in range(3):
        assert forwarding.forward() == 0
    assert sum("takes no audit events" in said for said in caplog.messages) == 1
    trouble = forwarding.trouble()
    assert trouble
    assert (trouble.waiting, trouble.error) == (3, "Connection refused")
    with loopback.tcp() as server:
        settings.AUDIT_SYSLOG = server.target
        assert forwarding.forward() == 3
    assert server.numbers() == [1, 2, 3]
    assert forwarding.trouble() is None
    assert sum("takes audit events again" in said for said in caplog.messages) == 1


def test_a_server_that_takes_a_connection_and_says_nothing_is_left_after_a_moment(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written into a connection that nobody reads has not arrived."""
    monkeypatch.setattr(syslog, "ARRIVAL", 0.2)
    note()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings.AUDIT_SYSLOG = SyslogTarget("tcp", *deaf.getsockname())
        began = time.monotonic()
        assert forwarding.forward() == 0
        assert time.monotonic() - began < 2
    assert forwarding.waiting() == 1


def test_a_server_that_breaks_off_has_not_got_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = SyslogTarget("tcp", *listening.getsockname())
        with syslog.connected(target) as line, listening.accept()[0] as accepted:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            accepted.close()
            with pytest.raises(OSError, match=r"reset|Broken"):
                line.send([b"x"])


def test_a_turn_ends_when_its_time_is_over(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "BATCH", 2)
    note(5)
    assert forwarding.forward(seconds=0) == 2
    assert forwarding.waiting() == 3


def test_the_publisher_sends_and_goes_on_without_a_server(settings: Any) -> None:
    note()
    settings.AUDIT_SYSLOG = loopback.nobody("tcp")
    Loop("").keep_house()
    assert forwarding.waiting() == 1
    with loopback.tcp() as server:
        settings.AUDIT_SYSLOG = server.target
        Loop("").keep_house()
    assert server.numbers() == [1]


def test_without_the_setting_nothing_is_sent(settings: Any, alice: User) -> None:
    assert settings.AUDIT_SYSLOG is None
    note()
    assert (forwarding.forward(), forwarding.trouble(), forwarding.sent_until()) == (0, None, None)
    with pytest.raises(CommandError, match="Name one in MAILADMIN_AUDIT_SYSLOG"):
        run("audit_export", "--syslog")
    assert "syslog" not in words(visitor(alice).get("/"))


def test_the_command_sends_at_once(settings: Any) -> None:
    note(2)
    settings.AUDIT_SYSLOG = loopback.nobody("tcp")
    with pytest.raises(CommandError, match=r"Connection refused\. 2 events left; nothing is lost"):
        run("audit_export", "--syslog")
    with loopback.tcp() as server:
        settings.AUDIT_SYSLOG = server.target
        assert run("audit_export", "--syslog") == f"2 events to {server.target}.\n"
    assert server.numbers() == [1, 2]


def test_the_first_page_says_how_many_events_wait(settings: Any, alice: User) -> None:
    settings.AUDIT_SYSLOG = loopback.nobody("tcp")
    note(3)
    forwarding.forward()
    shown = words(visitor(alice).get("/"))
    assert (
        f"{forwarding.waiting()} events wait for the syslog server {settings.AUDIT_SYSLOG}, which has taken none for 0"
        in shown
    )
    assert "Connection refused" in shown


def test_every_action_fits_the_field_for_it() -> None:
    assert max(map(len, ACTIONS)) <= 32
