"""The history as JSON lines: stable names, no password unless it is asked for, and recorded."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import audit
from tables.actors import Actor
from tables.eventlines import event_of
from tables.models import AuditEvent
from tables.sendmail.secret import MASK
from tests.commands.running import run
from tests.people import make_limited
from tests.services.editing import approve, save

pytestmark = pytest.mark.django_db

FIELDS = [
    *("number", "at", "actor", "actor_name", "action", "cluster", "table", "key", "request", "reason"),
    *("before", "after", "detail", "previous_hash", "hash", "masked"),
]


@pytest.fixture
def history(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    approve(
        bob, save(alice, "access", "authinfo:smart.example", '"U:relay" "P:c4nary"', reason="the P:c4nary authinfo")
    )
    save(alice, "aliases", "feigned", '"P:seen"')


def exported(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("audit_export", *arguments).splitlines()]


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("number")


def test_every_event_is_a_line_with_the_same_names_in_the_same_order(history: None) -> None:
    lines = exported()
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(list(line) == FIELDS for line in lines)
    (added,) = [line for line in lines if line["action"] == "entry-created" and line["key"] == "sales"]
    assert (added["actor_name"], added["table"], added["before"]) == ("alice", "aliases", None)
    assert added["after"]["value"] == "alice"
    assert added["hash"] == AuditEvent.objects.get(number=added["number"]).hash


def test_a_password_is_dots_and_the_line_says_so(history: None) -> None:
    text = run("audit_export")
    assert "c4nary" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    hidden = [line for line in lines if line["masked"]]
    assert {line["action"] for line in hidden} >= {"entry-created", "request-submitted"}
    (created,) = [line for line in hidden if line["action"] == "entry-created"]
    assert created["after"]["value"] == f'"U:relay" "P:{MASK}"'
    assert MASK in created["reason"]


def test_in_a_table_that_holds_none_nothing_is_hidden(history: None) -> None:
    (line,) = [line for line in exported() if line["key"] == "feigned" and line["after"]]
    assert (line["after"]["value"], line["masked"]) == ('"P:seen"', False)


def test_from_a_line_without_dots_the_hash_can_be_computed(history: None) -> None:
    lines = run("audit_export", "--secrets").splitlines()
    assert any("c4nary" in line for line in lines)
    for line in lines:
        event = event_of(line)
        assert audit.event_hash(event) == event.hash
    for told in run("audit_export").splitlines():
        event = event_of(told)
        assert (audit.event_hash(event) == event.hash) != json.loads(told)["masked"]


def test_an_export_is_in_the_history_with_what_it_took(history: None) -> None:
    count = AuditEvent.objects.count()
    assert len(exported("--after", "1")) == count - 1
    event = last_event()
    assert (event.action, event.actor_name) == ("audit-exported", Actor.command().name)
    assert event.detail == {"events": count - 1, "first": 2, "last": count}
    run("audit_export", "--secrets", "--actor", "dora")
    assert (last_event().actor_name, last_event().detail["secrets"]) == ("dora", True)


def test_it_can_be_narrowed_by_time(history: None) -> None:
    now = timezone.now()
    assert exported("--until", (now - timedelta(days=1)).isoformat()) == []
    assert exported("--since", (now + timedelta(days=1)).isoformat()) == []
    assert len(exported("--since", (now - timedelta(days=1)).isoformat())) == last_event().number - 1
    with pytest.raises(CommandError, match="“yesterday” is no time"):
        run("audit_export", "--since", "yesterday")


def test_a_file_is_for_its_owner_alone(history: None, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    count = AuditEvent.objects.count()
    assert run("audit_export", "--output", path) == f"{count} events to {path}.\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().splitlines()) == count
    with pytest.raises(CommandError, match="is a directory"):
        run("audit_export", "--output", tmp_path)


def test_who_may_not_see_it_gets_nothing_and_nothing_is_recorded(history: None, alice: User) -> None:
    make_limited("liz")
    make_limited("vera", Role.VIEWER)
    for who, more, said in (
        ("liz", (), "may not see the history"),
        ("vera", (), "is limited to what is delegated"),
        ("alice", ("--secrets",), "may not see passwords"),
    ):
        with pytest.raises(CommandError, match=said):
            run("audit_export", "--actor", who, *more)
    assert not AuditEvent.objects.filter(action="audit-exported").exists()
