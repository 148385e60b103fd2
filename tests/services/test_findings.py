"""The whole check of the tables: what is kept of it, whose turn it is, and what still holds after a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import bulk, findings, surveys
from tables.actors import Actor
from tables.checking import check_cluster
from tables.entries import get_cluster
from tables.findings import Now
from tables.models import CheckRun, Cluster, StoredFinding
from tables.scopes import EVERYTHING
from tables.sendmail.lint import Finding
from tables.sendmail.spec import Entry, Fix, Grade, Problem
from tables.sendmail.tables import TABLES
from tests.services.editing import approve, delete, save, switch

pytestmark = pytest.mark.django_db


def put(cluster: Cluster, table: str, *pairs: tuple[str, str]) -> None:
    """Entries as a baseline brings them: whatever is wrong with them."""
    entries = [Entry(key, value, position=place << 32) for place, (key, value) in enumerate(pairs, start=1)]
    bulk.load(cluster=cluster, table=TABLES[table], entries=entries)


@pytest.fixture
def poor(cluster: Cluster, settings: Any) -> Cluster:
    """Tables in which something of every grade and kind is wrong: two errors, a loop, two aliases missing."""
    settings.LOCAL_USERS = "unknown"
    put(cluster, "aliases", ("a", "b"), ("b", "a"))
    put(cluster, "access", ("connect:10.0.0.0/8", "REJECT"), ("connect:192.0.2", "REJET"))
    put(cluster, "virtusertable", ("sales", "alice"))
    return cluster


def check(cluster: Cluster, most: int = surveys.MOST) -> CheckRun:
    run = surveys.run(cluster=cluster, by="cli:test", most=most)
    assert run is not None
    return run


def stored(cluster: Cluster) -> list[tuple[str, str, str]]:
    found = StoredFinding.objects.filter(run__cluster=cluster).order_by("number")
    return list(found.values_list("table", "key", "rule"))


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_what_is_stored_is_what_the_command_prints(poor: Cluster) -> None:
    check(poor)
    printed = {(found.table, found.key, found.problem.rule, found.problem.line) for found in check_cluster(poor)}
    kept = StoredFinding.objects.values_list("table", "key", "rule", "line")
    assert set(kept) == printed
    assert len(kept) >= 6


def test_errors_come_first_and_then_the_order_of_the_files(poor: Cluster) -> None:
    check(poor)
    grades = list(StoredFinding.objects.order_by("number").values_list("grade", flat=True))
    assert grades == sorted(grades, key=list(Grade).index)
    assert list(StoredFinding.objects.order_by("number").values_list("number", flat=True)) == [
        *range(1, len(grades) + 1)
    ]
    lines = StoredFinding.objects.filter(table="access", grade="error").order_by("number").values_list("line")
    assert list(lines) == sorted(lines)


def test_it_says_of_which_change_it_is_and_how_much_there_was(poor: Cluster, alice: User) -> None:
    save(alice, "aliases", "postmaster", "root")
    run = check(poor)
    assert (run.change_number, run.by_name) == (1, "cli:test")
    assert run.finished_at is not None
    assert run.errors == StoredFinding.objects.filter(grade="error").count() >= 2
    assert run.warnings == StoredFinding.objects.filter(grade="warning").count() >= 3
    assert sum(group["count"] for group in run.groups) == run.errors + run.warnings + run.notes


def test_of_each_rule_only_so_many_are_kept_and_all_are_counted(cluster: Cluster) -> None:
    put(cluster, "virtusertable", *((f"user{number:03}", "alice") for number in range(250)))
    run = check(cluster, most=100)
    group = next(group for group in run.groups if group["table"] == "virtusertable" and group["grade"] == "error")
    assert (group["count"], group["stored"]) == (250, 100)
    assert run.errors == 250
    assert StoredFinding.objects.filter(rule=group["rule"]).count() == 100


def test_those_across_entries_have_their_lines_too(poor: Cluster) -> None:
    check(poor)
    loop = StoredFinding.objects.get(rule="aliases.loop")
    assert (loop.key, loop.line, loop.across) == ("a", 1, True)


def test_a_new_check_replaces_the_old_one_whole(poor: Cluster, alice: User) -> None:
    check(poor)
    before = StoredFinding.objects.count()
    save(alice, "aliases", "b", "root")
    save(alice, "aliases", "postmaster", "root")
    check(poor)
    assert CheckRun.objects.count() == 1
    assert StoredFinding.objects.count() == before - 2
    assert not {"aliases.loop", "aliases.no-postmaster"} & {rule for _table, _key, rule in stored(poor)}


def test_no_password_is_stored(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = '"U:relay" "P:s3cr3t"'
    fix = Fix('Write "P:s3cr3t"', value=secret)
    problem = Problem("access.made-up", Grade.WARNING, f"{secret} is odd.", f"Drop {secret}.", "value", fix=fix)
    put(cluster, "access", ("authinfo:smart.example", secret))
    survey = surveys.Survey(0, 10)
    survey.add(Finding("access", "authinfo:smart.example", problem), across=True)
    monkeypatch.setattr(surveys, "look", lambda **_: survey)
    run = check(cluster)
    row = StoredFinding.objects.get()
    assert "s3cr3t" not in str([row.message, row.remedy, row.fix, run.groups])
    assert row.message == '"U:relay" "P:••••" is odd.'


def test_a_fix_across_entries_survives_the_way_into_the_database_and_back(cluster: Cluster) -> None:
    put(cluster, "aliases", ("sales", "alice@example.net"))
    check(cluster)
    problem = findings.problem_of(StoredFinding.objects.get(rule="aliases.no-postmaster"))
    assert problem.fix == Fix("Add postmaster: root", adds=(("aliases", "postmaster", "root"),))


def test_a_check_takes_no_more_queries_for_more_findings(poor: Cluster) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            check(poor)
        return len(captured)

    check(poor)
    few = cost()
    put(poor, "mailertable", *((f"host{number}.example", "no mailer") for number in range(50)))
    assert cost() == few


# --- whose turn it is -------------------------------------------------------------------------------------------------


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for the checks."""

    def pass_(span: timedelta) -> None:
        now = timezone.now() + span
        monkeypatch.setattr(surveys.timezone, "now", lambda: now)

    return pass_


def test_a_check_is_due_at_first_and_after_each_change(cluster: Cluster, alice: User) -> None:
    assert surveys.due(cluster=cluster)
    check(cluster)
    assert not surveys.due(cluster=cluster)
    save(alice, "aliases", "sales", "root")
    assert surveys.due(cluster=cluster, now=timezone.now() + timedelta(minutes=1))


def test_a_long_check_is_not_made_again_at_once_unless_somebody_asks(cluster: Cluster, alice: User) -> None:
    check(cluster)
    save(alice, "aliases", "sales", "root")
    CheckRun.objects.update(seconds=20)
    now = timezone.now()
    assert not surveys.due(cluster=cluster, now=now + timedelta(seconds=150))
    assert surveys.due(cluster=cluster, now=now + timedelta(seconds=250))
    CheckRun.objects.update(asked_at=now)
    assert surveys.due(cluster=cluster, now=now)


def test_two_do_not_check_at_once(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    second: list[object] = []

    def look(**about: Any) -> surveys.Survey:
        second.append(surveys.run(cluster=about["cluster"], by="publisher:other"))
        assert not surveys.due(cluster=about["cluster"])
        return surveys.Survey(0, 10)

    monkeypatch.setattr(surveys, "look", look)
    assert surveys.run(cluster=cluster, by="publisher:one") is not None
    assert second == [None]
    assert CheckRun.objects.get().by_name == "publisher:one"


def test_a_check_that_was_killed_does_not_block_the_others_for_ever(
    cluster: Cluster, later: Callable[[timedelta], None]
) -> None:
    CheckRun.objects.create(cluster=cluster, turn="of one who was killed", turn_at=timezone.now())
    assert surveys.run(cluster=cluster, by="cli:test") is None
    later(surveys.TURN + timedelta(seconds=1))
    assert surveys.due(cluster=cluster)
    assert surveys.run(cluster=cluster, by="cli:test") is not None


def test_one_who_was_too_slow_stores_nothing_over_the_newer(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(**_: Any) -> surveys.Survey:
        CheckRun.objects.update(turn="somebody else", by_name="the newer")
        return surveys.Survey(7, 10)

    monkeypatch.setattr(surveys, "look", look)
    assert surveys.run(cluster=cluster, by="the slow one") is None
    run = CheckRun.objects.get()
    assert (run.by_name, run.change_number, run.turn) == ("the newer", None, "somebody else")


def test_the_turn_is_given_back_when_a_check_fails(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(**_: Any) -> surveys.Survey:
        raise SystemExit(143)

    monkeypatch.setattr(surveys, "look", look)
    with pytest.raises(SystemExit):
        surveys.run(cluster=cluster, by="cli:test")
    assert CheckRun.objects.get().turn == ""


def test_small_tables_are_checked_as_soon_as_somebody_asks(poor: Cluster, alice: User) -> None:
    run = surveys.ask(cluster=poor, actor=Actor.of(alice))
    assert run is not None
    assert run.by_name == "alice"
    assert CheckRun.objects.get().asked_at is None


def test_large_tables_are_left_to_the_publisher(poor: Cluster, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "AT_ONCE", 4)
    assert surveys.ask(cluster=poor, actor=Actor.of(alice)) is None
    assert CheckRun.objects.get().asked_by_name == "alice"
    assert surveys.due(cluster=poor)
    check(poor)
    assert CheckRun.objects.get().asked_at is None


def test_only_a_mail_host_knows_the_users(poor: Cluster, alice: User, settings: Any) -> None:
    poor.hosts.create(name="mx1.example.org", mail_dir="/etc/mail")
    settings.HOST_NAME = "panel.example.org"
    assert surveys.ask(cluster=poor, actor=Actor.of(alice)) is None
    settings.HOST_NAME = "mx1.example.org"
    assert surveys.ask(cluster=poor, actor=Actor.of(alice)) is not None


# --- what still holds -------------------------------------------------------------------------------------------------


def beside(table: str, *keys: str) -> dict[str, list[str]]:
    cluster = Cluster.objects.get()
    found = findings.across(scope=EVERYTHING, cluster=cluster, table=TABLES[table], keys=keys)
    return {key: [one.problem.rule for one in shown] for key, shown in found.items()}


def now(rule: str) -> Now:
    row = StoredFinding.objects.get(rule=rule)
    return findings.standing(row.run.cluster, [row])[0].now


def test_what_shows_across_entries_is_found_by_key(poor: Cluster) -> None:
    check(poor)
    assert beside("aliases", "a", "b", "c") == {"a": ["aliases.loop"]}


def test_nothing_is_said_about_an_entry_that_was_edited_since(poor: Cluster, alice: User) -> None:
    check(poor)
    save(alice, "aliases", "a", "root")
    assert beside("aliases", "a") == {}
    assert now("aliases.loop") is Now.CHANGED


def test_nothing_is_said_about_an_entry_that_was_deleted_since(poor: Cluster, alice: User) -> None:
    check(poor)
    delete(alice, "aliases", "a")
    assert beside("aliases", "a") == {}
    assert now("aliases.loop") is Now.GONE


def test_an_entry_that_was_switched_off_since_has_no_problem_of_its_own(poor: Cluster, alice: User) -> None:
    check(poor)
    rule = StoredFinding.objects.get(table="virtusertable").rule
    assert now(rule) is Now.STANDS
    switch(alice, "virtusertable", "sales", enabled=False)
    assert now(rule) is Now.CHANGED


def test_an_entry_that_was_edited_and_still_has_the_problem_says_so_in_its_new_words(
    cluster: Cluster, alice: User
) -> None:
    put(cluster, "access", ("connect:192.0.2", "REJET"))
    check(cluster)
    save(alice, "access", "connect:192.0.2", "REJETT")
    row = StoredFinding.objects.get(table="access")
    shown = findings.standing(cluster, [row])[0]
    assert shown.now is Now.STANDS
    assert "REJETT" in shown.problem.message
    assert "REJETT" not in row.message


def test_a_missing_entry_is_missing_until_it_is_there(poor: Cluster, alice: User) -> None:
    check(poor)
    assert now("aliases.no-postmaster") is Now.STANDS
    save(alice, "aliases", "postmaster", "root")
    assert now("aliases.no-postmaster") is Now.CHANGED


def test_a_finding_of_an_entry_holds_while_others_change(poor: Cluster, alice: User) -> None:
    check(poor)
    save(alice, "aliases", "postmaster", "root")
    assert now("aliases.loop") is Now.STANDS
    assert beside("aliases", "a") == {"a": ["aliases.loop"]}
    [loop] = findings.across(scope=EVERYTHING, cluster=get_cluster(), table=TABLES["aliases"], keys=["a"])["a"]
    assert loop.since == 1


def test_a_page_of_findings_takes_no_more_queries_than_one(poor: Cluster) -> None:
    put(poor, "mailertable", *((f"host{number}.example", "no mailer") for number in range(40)))
    check(poor)

    def cost(rows: Iterable[StoredFinding]) -> int:
        with CaptureQueriesContext(connection) as captured:
            findings.standing(poor, list(rows))
        return len(captured)

    one = StoredFinding.objects.filter(table="mailertable").order_by("number")[:1]
    assert cost(StoredFinding.objects.filter(table="mailertable")) == cost(one)


def test_a_request_that_waits_changes_nothing_about_a_finding(poor: Cluster, alice: User, bob: User) -> None:
    check(poor)
    waits = save(alice, "aliases", "a", '"|/bin/true"', reason="wanted")
    assert now("aliases.loop") is Now.STANDS
    approve(bob, waits)
    assert now("aliases.loop") is Now.CHANGED
