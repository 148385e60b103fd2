"""``import_sheet``: a spreadsheet of one table goes the one way a change goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from mailadmin.accounts.models import User
from tables.models import AuditEvent, BrokenRow, ChangeRequest
from tables.sheets.writing import FORMATS
from tests.commands.running import run, run_json
from tests.services.editing import save
from tests.web.visits import stands

pytestmark = pytest.mark.django_db

GOOD = "key,value,comment\nnew@example.com,alice,for the shop\nold@example.com,bob,\n"
BROKEN = "key,value\nnew@example.com,alice\ntwo words,bob\nlate@example.com,\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return tmp_path / "virtual.csv"


def test_what_opens_nothing_is_applied_at_once(alice: User, sheet: Path) -> None:
    save(alice, "virtusertable", "old@example.com", "anna")
    sheet.write_text(GOOD)
    said = run(
        "import_sheet", sheet, "--table", "virtusertable", "--actor", "alice", "--reason", "x", "--ticket", "T-1"
    )
    request = ChangeRequest.objects.latest("pk")
    assert said.splitlines() == [
        "virtusertable: 2 rows read (CSV with commas, UTF-8): 1 new, 1 changed",
        f"Applied as change request {request.pk}.",
    ]
    assert (request.author_name, request.reason, request.ticket) == ("alice", "x", "T-1")
    entry = stands("virtusertable", "new@example.com")
    assert entry is not None
    assert entry.comment == "for the shop"
    event = AuditEvent.objects.get(action="import")
    assert event.detail["tables"]["virtusertable"]["file"] == "virtual.csv"


def test_what_puts_something_at_risk_waits(bob: User, sheet: Path) -> None:
    sheet.write_text("key,value\n@example.com,alice\n")
    said = run("import_sheet", sheet, "--table", "virtusertable", "--reason", "They want all of it")
    assert "waits for a second person (catch-all)." in said
    assert stands("virtusertable", "@example.com") is None


def test_a_broken_row_refuses_all_of_it(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet.write_text(BROKEN)
    with pytest.raises(CommandError, match=r"Nothing was imported because of 2 broken rows\."):
        run("import_sheet", sheet, "--table", "virtusertable")
    assert not ChangeRequest.objects.exists()
    assert not BrokenRow.objects.exists()


def test_a_dry_run_tells_each_broken_row_and_writes_nothing(sheet: Path) -> None:
    sheet.write_text(BROKEN)
    said = run("import_sheet", sheet, "--table", "virtusertable", "--dry-run")
    lines = said.splitlines()
    assert lines[0].startswith(f"{sheet}:3: error: ")
    assert any(line.startswith(f"{sheet}:4: error: ") for line in lines)
    assert lines[-2] == "virtusertable: 3 rows read (CSV with commas, UTF-8): 1 new, 2 broken"
    assert lines[-1] == "Nothing was written."
    assert not ChangeRequest.objects.exists()
    assert not AuditEvent.objects.filter(action="import").exists()


def test_a_draft_keeps_the_rest_for_its_author(alice: User, sheet: Path) -> None:
    sheet.write_text(BROKEN)
    said = run("import_sheet", sheet, "--table", "virtusertable", "--draft", "--actor", "alice")
    draft = ChangeRequest.objects.get()
    assert f"Draft {draft.pk} has it." in said
    assert (draft.state, draft.author, draft.changes.count()) == ("draft", alice, 1)
    assert BrokenRow.objects.filter(request=draft).count() == 2


def test_a_draft_is_somebodys(sheet: Path) -> None:
    sheet.write_text(GOOD)
    with pytest.raises(CommandError, match="Say with --actor whose it is"):
        run("import_sheet", sheet, "--table", "virtusertable", "--draft")


def test_replace_deletes_what_the_sheet_lacks(alice: User, sheet: Path) -> None:
    save(alice, "virtusertable", "gone@example.com", "anna")
    sheet.write_text(GOOD)
    found = run_json("import_sheet", sheet, "--table", "virtusertable", "--mode", "replace", "--actor", "alice")
    assert {name: found[name] for name in ("rows", "new", "changed", "gone", "broken")} == {
        "rows": 2,
        "new": 2,
        "changed": 0,
        "gone": 1,
        "broken": 0,
    }
    assert found["request"]["state"] == "applied"
    assert stands("virtusertable", "gone@example.com") is None


@pytest.mark.parametrize("kind", [name for name in FORMATS if name != "flat"])
def test_what_is_exported_comes_in_again_as_nothing_new(alice: User, tmp_path: Path, kind: str) -> None:
    save(alice, "virtusertable", "a@example.com", "alice", comment="with, comma")
    run("export_tables", tmp_path, "--format", kind)
    said = run("import_sheet", tmp_path / f"virtusertable.{kind}", "--table", "virtusertable")
    assert "nothing new" in said
    assert said.endswith("The tables say this already. Nothing was changed.\n")


def test_what_is_no_sheet_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a file"):
        run("import_sheet", tmp_path, "--table", "aliases")
    (tmp_path / "x.json").write_text(json.dumps({"aliases": 7}))
    with pytest.raises(CommandError):
        run("import_sheet", tmp_path / "x.json", "--table", "aliases")
