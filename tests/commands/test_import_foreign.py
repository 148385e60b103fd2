"""A file that is not its table's refuses the whole import in one line, unless a person says that it is."""

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from tables.models import Alias, AuditEvent, ChangeRequest, OriginalFile
from tables.verifying import verify
from tests.commands.running import run, run_json

pytestmark = pytest.mark.django_db

TEMPLATE = b"# x\n{% for k, v in rules %}\n{{ k }}\t{{ v }}\n{% endfor %}\n"


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    directory = tmp_path / "mail"
    directory.mkdir()
    (directory / "aliases").write_bytes(b"postmaster: root\nroot: alice\n")
    (directory / "access").write_bytes(TEMPLATE)
    return directory


def test_the_whole_import_is_refused_before_anything_is_written(mail: Path) -> None:
    with pytest.raises(CommandError) as told:
        run("import_tables", mail)
    assert str(told.value) == (
        "access looks like a Jinja template ({% … %} on line 2), not like sendmail’s access. Render the template "
        "first. Nothing was imported; --force TABLE takes a file all the same."
    )
    assert not Alias.objects.exists()
    assert not ChangeRequest.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_change_request_is_refused_too(mail: Path) -> None:
    run("import_tables", mail, "--table", "aliases")
    with pytest.raises(CommandError, match="Jinja"):
        run("import_tables", mail, "--table", "access")
    assert ChangeRequest.objects.count() == 1


def test_a_dry_run_reports_it_among_the_problems_of_its_table(mail: Path) -> None:
    told = run_json("import_tables", mail, "--dry-run")["tables"]
    (problem,) = told["access"]["problems"]
    assert told["access"]["entries"] == []
    assert (problem["rule"], problem["grade"], problem["line"]) == ("text.foreign", "error", 2)
    assert [entry["key"] for entry in told["aliases"]["entries"]] == ["postmaster", "root"]
    said = run("import_tables", mail, "--dry-run")
    assert "access:2: error: access looks like a Jinja template" in said
    assert "access: 0 entries, 1 error" in said


def test_a_person_takes_it_by_name_and_the_history_says_so(mail: Path) -> None:
    assert "baseline" in run("import_tables", mail, "--force", "access")
    told = AuditEvent.objects.get(action="baseline").detail["tables"]
    assert "Jinja" in told["access"]["forced"]
    assert "forced" not in told["aliases"]
    assert OriginalFile.objects.filter(table="access", size=len(TEMPLATE)).exists()
    assert list(verify()) == []


def test_saying_so_of_one_table_does_not_let_another_in(mail: Path) -> None:
    with pytest.raises(CommandError, match="access looks like"):
        run("import_tables", mail, "--force", "aliases")
    assert "text.foreign" not in run("import_tables", mail, "--dry-run", "--force", "access")


def test_a_forced_change_request_says_so_too(mail: Path) -> None:
    run("import_tables", mail, "--table", "aliases")
    (mail / "aliases").write_bytes(b"postmaster: root\nroot: bob\ntpl: {{ x }}\n")
    run("import_tables", mail, "--table", "aliases", "--force", "aliases")
    assert "Jinja" in AuditEvent.objects.get(action="import").detail["tables"]["aliases"]["forced"]
