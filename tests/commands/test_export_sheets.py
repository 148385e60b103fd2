"""``export_tables --format``: a sheet of each table, as it is or was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailadmin.accounts.models import User
from tables.models import AuditEvent
from tables.sendmail.secret import MASK
from tests.commands.running import run
from tests.services.editing import save, settle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_each_table_that_was_ever_used_becomes_a_sheet(alice: User, tmp_path: Path, kind: str) -> None:
    save(alice, "virtusertable", "a@example.com", "alice")
    printed = run("export_tables", tmp_path, "--format", kind)
    assert [path.name for path in tmp_path.iterdir()] == [f"virtusertable.{kind}"]
    assert str(tmp_path / f"virtusertable.{kind}") in str(printed)
    assert AuditEvent.objects.get(action="export").detail == {"at": "now", "format": kind}


def test_passwords_are_dots_without_the_option(alice: User, bob: User, dora: User, tmp_path: Path) -> None:
    settle(bob, save(dora, "access", "authinfo:smart.example", '"U:relay" "P:s3cr3t"', reason="x"))
    printed = run("export_tables", tmp_path, "--format", "json")
    (entry,) = json.loads((tmp_path / "access.json").read_text())["entries"]
    assert MASK in entry["value"]
    assert "Passwords are masked in 1 line of access" in str(printed)
    run("export_tables", tmp_path, "--format", "json", "--secrets")
    assert "s3cr3t" in (tmp_path / "access.json").read_text()
    assert (tmp_path / "access.json").stat().st_mode & 0o077 == 0


def test_an_earlier_moment_can_be_asked_for(alice: User, tmp_path: Path) -> None:
    save(alice, "virtusertable", "a@example.com", "alice")
    save(alice, "virtusertable", "b@example.com", "bob")
    moment = AuditEvent.objects.filter(key="a@example.com").earliest("number").at
    run("export_tables", tmp_path, "--format", "json", "--at", moment.isoformat())
    found = json.loads((tmp_path / "virtusertable.json").read_text())["entries"]
    assert "b@example.com" not in [entry["key"] for entry in found]
