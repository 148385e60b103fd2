"""A problem mended by one click: the one way that a change goes, and nothing that was posted is believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import bulk, changes, findings, fixes, surveys
from tables.entries import get_cluster, get_entry
from tables.fixes import FixRefused
from tables.models import AuditEvent, ChangeRequest, Cluster
from tables.scopes import EVERYTHING
from tables.sendmail.spec import Entry, Fix, Grade, Problem
from tables.sendmail.tables import TABLES
from tests.services.editing import actor, approve, save, switch, value_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``offered(fix)``: every entry of which the check of access complains (REJET) offers this fix."""
    real = findings.check_entry

    def offer(fix: Fix) -> None:
        def check(spec: Any, entry: Entry) -> list[Problem]:
            problems = real(spec, entry)
            return [replace(found, fix=fix) if found.rule == RULE else found for found in problems]

        monkeypatch.setattr(findings, "check_entry", check)

    return offer


KEY, RULE = "connect:192.0.2", "access.unknown-value"


@pytest.fixture
def odd(cluster: Cluster) -> Cluster:
    entries = [Entry(KEY, "REJET", comment="the lan", position=1 << 32)]
    bulk.load(cluster=cluster, table=TABLES["access"], entries=entries)
    return cluster


def seen(table: str, key: str, rule: str) -> str:
    """What the button beside this problem remembers."""
    cluster, spec = get_cluster(), TABLES[table]
    entry = get_entry(cluster=cluster, table=spec, key=key) if key else None
    alone = findings.alone(spec, entry) if entry else []
    across = [
        one.problem for one in findings.across(scope=EVERYTHING, cluster=cluster, table=spec, keys=[key]).get(key, [])
    ]
    problem = next(found for found in [*alone, *across] if found.rule == rule)
    return findings.problem_checksum(entry, problem)


def click(person: User | None, table: str = "access", key: str = KEY, rule: str = RULE, **more: Any) -> ChangeRequest:
    cluster = get_cluster()
    if "seen" not in more:
        more["seen"] = seen(table, key, rule)
    return fixes.apply(cluster=cluster, actor=actor(person), table=TABLES[table], key=key, rule=rule, **more)


def entry(key: str, table: str = "access") -> Entry | None:
    return get_entry(cluster=get_cluster(), table=TABLES[table], key=key)


def test_a_click_changes_the_entry_at_once_where_nothing_is_at_risk(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Write REJECT", value="REJECT", remark="was REJET"))
    done = click(alice)
    assert done.state == "applied"
    mended = entry(KEY)
    assert mended is not None
    assert (mended.value, mended.comment) == ("REJECT", "the lan\nwas REJET")


def test_the_history_names_the_author_and_the_fix(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Write REJECT", value="REJECT"))
    click(alice)
    event = AuditEvent.objects.get(action="entry-updated")
    assert (event.actor_name, event.reason) == ("alice", f"Write REJECT ({RULE})")


def test_a_key_becomes_several_in_one_request(odd: Cluster, alice: User, bob: User, offered: Any) -> None:
    offered(Fix("Write both", keys=("connect:192.0.2.1", "connect:192.0.2.2"), value="REJECT"))
    done = approve(bob, click(alice, reason="the lan is two hosts"))
    assert [(change.action, change.key) for change in done.changes.order_by("id")] == [
        ("delete", KEY),
        ("create", "connect:192.0.2.1"),
        ("create", "connect:192.0.2.2"),
    ]
    assert entry(KEY) is None
    assert value_of("access", "connect:192.0.2.2") == "REJECT"


def test_a_key_may_stay_among_those_that_it_becomes(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Write both", keys=(KEY, "connect:192.0.3"), value="REJECT"))
    done = click(alice)
    assert [(change.action, change.key) for change in done.changes.order_by("id")] == [
        ("update", KEY),
        ("create", "connect:192.0.3"),
    ]


def test_an_entry_can_be_deleted(odd: Cluster, alice: User, bob: User, offered: Any) -> None:
    offered(Fix("Delete it", keys=()))
    done = click(alice, reason="useless")
    approve(bob, done)
    assert entry(KEY) is None


def test_what_is_missing_is_added(cluster: Cluster, alice: User) -> None:
    save(alice, "aliases", "sales", "root")
    surveys.run(cluster=cluster, by="cli:test")
    done = click(alice, "aliases", "", "aliases.no-postmaster")
    assert done.state == "applied"
    assert value_of("aliases", "postmaster") == "root"


def test_what_loosens_asks_why_and_then_waits_for_a_second_person(
    odd: Cluster, alice: User, bob: User, offered: Any
) -> None:
    offered(Fix("Write RELAY", value="RELAY"))
    with pytest.raises(changes.ReasonMissing):
        click(alice)
    assert not ChangeRequest.objects.exists()
    done = click(alice, reason="our own network")
    assert (done.state, done.reason) == ("submitted", "our own network")
    assert value_of("access", KEY) == "REJET"
    approve(bob, done)
    assert value_of("access", KEY) == "RELAY"


def test_new_warnings_are_confirmed_first(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Write QUARANTINE", value="QUARANTINE"))
    with pytest.raises(changes.Unconfirmed):
        click(alice)
    assert value_of("access", KEY) == "REJET"
    assert click(alice, confirmed=True).state == "applied"


def test_a_stale_click_is_refused(odd: Cluster, alice: User, dora: User, offered: Any) -> None:
    offered(Fix("Write REJECT", value="REJECT"))
    shown = seen("access", KEY, RULE)
    save(dora, "access", KEY, "REJETT")
    with pytest.raises(FixRefused, match="not what you were shown"):
        click(alice, seen=shown)
    assert value_of("access", KEY) == "REJETT"


def test_a_problem_that_is_not_there_is_refused(odd: Cluster, alice: User) -> None:
    with pytest.raises(FixRefused):
        click(alice, rule="access.made-up", seen="0" * 64)


def test_a_problem_without_a_fix_is_refused(cluster: Cluster, alice: User) -> None:
    bulk.load(cluster=cluster, table=TABLES["access"], entries=[Entry(KEY, "ALLOW", position=1 << 32)])
    with pytest.raises(FixRefused):
        click(alice)


def test_an_entry_that_was_switched_off_meanwhile_is_left_alone(
    odd: Cluster, alice: User, bob: User, offered: Any
) -> None:
    offered(Fix("Write REJECT", value="REJECT"))
    shown = seen("access", KEY, RULE)
    approve(bob, switch(alice, "access", KEY, enabled=False, reason="not needed"))
    with pytest.raises(FixRefused):
        click(alice, seen=shown)


def test_a_fix_never_goes_over_another_entry(odd: Cluster, alice: User, offered: Any) -> None:
    save(alice, "access", "connect:192.0.3", "REJECT")
    offered(Fix("Write 192.0.3", keys=("connect:192.0.3",)))
    with pytest.raises(FixRefused, match=r"connect:192\.0\.3 in access stands there already"):
        click(alice)
    assert value_of("access", KEY) == "REJET"


def test_one_key_is_not_made_twice(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Twice", keys=("connect:192.0.3", "connect:192.0.3"), value="REJECT"))
    with pytest.raises(FixRefused):
        click(alice)


def test_what_is_missing_is_not_added_when_somebody_else_did(cluster: Cluster, alice: User, dora: User) -> None:
    save(alice, "aliases", "sales", "root")
    surveys.run(cluster=cluster, by="cli:test")
    shown = seen("aliases", "", "aliases.no-postmaster")
    save(dora, "aliases", "postmaster", "dora@example.net")
    with pytest.raises(FixRefused, match="postmaster in aliases stands there already"):
        click(alice, "aliases", "", "aliases.no-postmaster", seen=shown)
    assert value_of("aliases", "postmaster") == "dora@example.net"


def test_a_fix_that_leaves_an_error_is_refused_with_what_is_wrong(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Write nothing", value=""))
    with pytest.raises(FixRefused, match="The value is empty"):
        click(alice)
    assert not ChangeRequest.objects.exists()


def test_a_fix_that_changes_nothing_is_refused(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Leave it", value="REJET"))
    with pytest.raises(changes.ChangeError, match="Nothing was changed"):
        click(alice)


def test_a_key_that_another_request_holds_is_left_alone(odd: Cluster, alice: User, bob: User, offered: Any) -> None:
    offered(Fix("Write OK", value="OK"))
    held = click(alice, reason="let them in", confirmed=True)
    assert held.state == "submitted"
    with pytest.raises(changes.KeyHeld):
        click(alice, reason="again", confirmed=True)


def test_who_may_only_look_may_not_mend(odd: Cluster, charlie: User, offered: Any) -> None:
    offered(Fix("Write REJECT", value="REJECT"))
    with pytest.raises(changes.Forbidden):
        click(charlie)
    assert value_of("access", KEY) == "REJET"


def test_a_password_of_the_label_is_not_in_the_history(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix('Write "P:s3cr3t"', value="REJECT"))
    assert "s3cr3t" not in click(alice).reason


def test_warnings_that_were_there_before_are_no_reason_to_ask(odd: Cluster, alice: User, offered: Any) -> None:
    offered(Fix("Write REJETT", value="REJETT"))
    assert findings.alone(TABLES["access"], Entry(KEY, "REJETT"))[0].grade is Grade.WARNING
    assert click(alice).state == "applied"
