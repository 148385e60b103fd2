"""``check_tables`` names every problem with its place, and its exit status says whether there is an error."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.commands.running import run, run_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    (tmp_path / "aliases").write_text("# head\n\npostmaster: root\nmailer-daemon: postmaster\nabuse: root\n")
    return tmp_path


def test_clean_tables_give_status_0(mail: Path) -> None:
    run("import_tables", mail)
    assert run("check_tables") == "No problems.\n"


def test_a_warning_is_told_and_gives_status_0(mail: Path) -> None:
    (mail / "access").write_text("# lan\nConnect:10.9\tREJET\n")
    run("import_tables", mail)
    told = run("check_tables")
    assert "access:2: warning:" in told
    assert told.endswith("1 warning\n")


def test_an_error_is_told_with_its_line_and_gives_status_1(mail: Path) -> None:
    (mail / "virtusertable").write_text("# shop\n\n# no domain here\nsales\troot\n")
    run("import_tables", mail)
    out = io.StringIO()
    with pytest.raises(SystemExit) as status:
        call_command("check_tables", stdout=out, no_color=True)
    assert status.value.code == 1
    assert "virtusertable:4: error:" in out.getvalue()


def test_a_loop_is_told_at_its_entry(mail: Path) -> None:
    (mail / "aliases").write_text("# head\n\npostmaster: root\nmailer-daemon: postmaster\nabuse: root\na: b\nb: a\n")
    run("import_tables", mail)
    problems = run_json("check_tables")["tables"]["aliases"]["problems"]
    assert [(problem["rule"], problem["key"], problem["line"]) for problem in problems] == [("aliases.loop", "a", 6)]


def test_a_missing_postmaster_is_told(mail: Path) -> None:
    (mail / "aliases").write_text("mailer-daemon: root\n")
    run("import_tables", mail)
    assert "no-postmaster" in run("check_tables")


def test_a_switched_off_entry_is_left_alone(mail: Path) -> None:
    (mail / "aliases").write_text("postmaster: root\nmailer-daemon: postmaster\nabuse: root\n#gone: nosuchuser\n")
    run("import_tables", mail)
    assert run("check_tables") == "No problems.\n"


def test_a_dry_run_tells_what_shows_across_entries(mail: Path) -> None:
    (mail / "aliases").write_text("postmaster: root\nmailer-daemon: postmaster\nabuse: root\na: b\nb: a\n")
    problems = run_json("import_tables", mail, "--dry-run")["tables"]["aliases"]["problems"]
    assert [(problem["rule"], problem["line"]) for problem in problems] == [("aliases.loop", 4)]
