"""The plan says what publishing would do, from wherever it is asked, and touches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tables import publishing
from tables.models import Host
from tables.publishing.comparing import Comparison, OnDisk
from tables.sendmail.plan import DIFF_LINES, FilePlan, Plan
from tests.publisher.conftest import Load, Publish
from tests.services.editing import delete, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

FILES = {
    "aliases": "postmaster: root\nsales: alice\n",
    "access": "From:a@bad.example\tREJECT\n",
    "relay-domains": "one.example\n",
}


def plan_now() -> Plan:
    return publishing.make_plan(host=Host.objects.get())


def file_of(plan: Plan, table: str) -> FilePlan:
    return next(file for file in plan.files if file.table.name == table)


def test_before_the_first_publication_everything_is_new(load: Load, host: Host) -> None:
    load(FILES)
    plan = plan_now()
    assert [file.table.name for file in plan.changed] == list(FILES)
    assert [file.table.name for file in plan.maps] == ["aliases", "access"]
    aliases = file_of(plan, "aliases")
    assert (aliases.creates, aliases.existing, aliases.entries) == (2, 0, 2)
    assert aliases.diff.splitlines()[2:] == ["@@ -0,0 +1,2 @@", "+postmaster: root", "+sales: alice"]


def test_after_a_publication_there_is_nothing_to_do(load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    plan = plan_now()
    assert plan.empty
    assert file_of(plan, "aliases").entries == 2


def test_a_plan_touches_nothing(mail_dir: Path, load: Load, host: Host) -> None:
    load(FILES)
    plan_now()
    assert list(mail_dir.iterdir()) == []


def test_an_edit_is_a_diff_of_that_edit(load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    save(None, "aliases", "sales", "bob")
    save(None, "aliases", "info", "root")
    plan = plan_now()
    aliases = file_of(plan, "aliases")
    assert aliases.diff == (
        "--- aliases (live)\n+++ aliases (to be published)\n@@ -1,2 +1,3 @@\n"
        " postmaster: root\n-sales: alice\n+sales: bob\n+info: root\n"
    )
    assert aliases.summary == "1 created, 1 updated"
    assert [file.table.name for file in plan.files if file.touched] == ["aliases"]


def test_a_long_diff_is_cut_and_says_so(load: Load, host: Host) -> None:
    load({"aliases": "".join(f"user{number}: root\n" for number in range(DIFF_LINES * 2))})
    aliases = file_of(plan_now(), "aliases")
    assert len(aliases.diff.splitlines()) == DIFF_LINES
    assert aliases.diff_cut == DIFF_LINES + 3


def test_a_changed_class_file_has_a_living_daemon_signalled(load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    delete(None, "relay-domains", "one.example")
    plan = plan_now()
    assert plan.classes_changed
    assert not plan.signal
    plan.daemon = True
    assert plan.signal


def test_another_host_is_compared_with_its_last_release(load: Load, publish: Publish, settings: Any) -> None:
    load(FILES)
    publish()
    save(None, "aliases", "sales", "bob")
    settings.HOST_NAME = "web.test.example"
    settings.MAIL_DIR = Path("/nonexistent")
    plan = plan_now()
    assert not plan.from_disk
    assert file_of(plan, "aliases").diff.splitlines()[-2:] == ["-sales: alice", "+sales: bob"]
    assert [file.table.name for file in plan.files if file.touched] == ["aliases"]


def test_a_file_that_may_not_be_read_is_compared_with_the_last_release(
    load: Load, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(FILES)
    publish()
    save(None, "access", "From:b@bad.example", "REJECT")
    monkeypatch.setattr(Comparison, "_look", lambda *_: OnDisk(readable=False))
    plan = plan_now()
    assert not plan.from_disk
    assert file_of(plan, "access").diff.splitlines()[-1] == "+from:b@bad.example\tREJECT"
    assert [file.table.name for file in plan.files if file.touched] == ["access"]


def test_a_baseline_after_an_empty_release_is_noticed(load: Load, publish: Publish) -> None:
    publish()
    load(FILES)
    assert [file.table.name for file in plan_now().changed] == list(FILES)


def test_of_a_few_changes_no_table_is_read(load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    save(None, "aliases", "sales", "bob")
    with CaptureQueriesContext(connection) as queries:
        plan_now()
    said = " ".join(query["sql"] for query in queries)
    assert 'FROM "tables_alias"' not in said
    assert 'FROM "tables_accessrule"' not in said


def test_a_table_without_a_file_is_read(load: Load, publish: Publish, mail_dir: Path) -> None:
    load(FILES)
    publish()
    (mail_dir / "aliases").unlink()
    with CaptureQueriesContext(connection) as queries:
        plan_now()
    said = " ".join(query["sql"] for query in queries)
    assert 'FROM "tables_alias"' in said
    assert 'FROM "tables_accessrule"' not in said


def test_the_json_holds_what_a_script_needs(load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    save(None, "aliases", "sales", "bob")
    found = plan_now().as_json()
    assert (found["empty"], found["signal"], found["maps"]) == (False, False, ["aliases"])
    assert found["files"][0]["table"] == "aliases"
    assert found["files"][0]["updates"] == 1
