"""``check_tables`` names every problem with its place, and its exit status says whether there is an error."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tables import surveys
from tables.entries import get_cluster
from tables.models import CheckRun, StoredFinding
from tables.sendmail.tables import TABLES
from tests.commands.running import run, run_json

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The command says what SIGTERM does, which is the process's."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


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


def test_what_it_finds_is_kept_for_the_panel_when_asked(mail: Path) -> None:
    (mail / "access").write_text("# lan\nConnect:10.9\tREJET\n")
    run("import_tables", mail)
    assert run("check_tables", "--store").startswith("1 warning; kept for the panel in ")
    assert list(StoredFinding.objects.values_list("table", "line", "rule")) == [("access", 2, "access.unknown-value")]
    assert CheckRun.objects.get().by_name.startswith("cli:")
    run("check_tables", "--store", "--host", "mx1")
    assert CheckRun.objects.get().by_name == "publisher:mx1"


def test_keeping_them_has_the_same_exit_status(mail: Path) -> None:
    (mail / "virtusertable").write_text("sales\troot\n")
    run("import_tables", mail)
    with pytest.raises(SystemExit) as status:
        run("check_tables", "--store")
    assert status.value.code == 1
    assert StoredFinding.objects.filter(grade="error").exists()


def test_it_keeps_nothing_while_another_check_is_at_work(mail: Path) -> None:
    run("import_tables", mail)
    CheckRun.objects.create(cluster=get_cluster(), turn="another", turn_at=timezone.now())
    with pytest.raises(CommandError, match="Another check is at work"):
        run("check_tables", "--store")
    assert not StoredFinding.objects.exists()


def test_told_to_end_it_gives_its_turn_back(mail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import_tables", mail)
    monkeypatch.setattr(surveys, "look", lambda **_: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as status:
        run("check_tables", "--store")
    assert status.value.code == 143
    assert CheckRun.objects.get().turn == ""


def test_problems_come_in_the_order_of_the_files_what_is_missing_first(mail: Path) -> None:
    (mail / "aliases").write_text("mailer-daemon: b\nb: mailer-daemon\nc: REJECT\nd: b\n")
    (mail / "virtusertable").write_text("a@v.example\troot # x\n@v.example\terror:nouser No\nb@v.example\t|/bin/x\n")
    run("import_tables", mail)
    told = run("check_tables").splitlines()
    assert [line.split(" ")[0] for line in told[:-1]] == sorted(line.split(" ")[0] for line in told[:-1])
    assert told[0].startswith("aliases: warning: There is no alias postmaster")
    assert told[1].startswith("aliases:2: warning: The aliases lead back")


def test_json_holds_every_table_in_one_document(mail: Path) -> None:
    (mail / "access").write_text("Connect:10.9\tREJET\nConnect:10.8\tALLOW\n")
    run("import_tables", mail)
    tables = run_json("check_tables")["tables"]
    assert list(tables) == list(TABLES)
    assert [problem["line"] for problem in tables["access"]["problems"]] == [1, 2]
    assert tables["mailertable"] == {"problems": []}


def test_what_this_host_has_is_not_complained_of(mail: Path, tmp_path: Path, settings: Any) -> None:
    (mail / "mailertable").write_text("b.example\thylafax:fax\nc.example\tuucp:fax\n")
    settings.SENDMAIL_CF = tmp_path / "sendmail.cf"
    settings.SENDMAIL_CF.write_text("Mhylafax, P=/bin/x\n")
    run("import_tables", mail)
    problems = run_json("check_tables")["tables"]["mailertable"]["problems"]
    assert [(problem["key"], problem["rule"]) for problem in problems] == [("c.example", "mailertable.unknown-mailer")]
