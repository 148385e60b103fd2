"""A publisher tells the panel what it runs and where its files are, and the history what of that changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailadmin import __version__
from tables import publishing
from tables.management.reporter import Reporter
from tables.models import AuditEvent, Host
from tables.publishing import reporting
from tables.publishing.site import here
from tables.sendmail import commands
from tables.sendmail.commands import MissingProgram, Result

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

CF = """
V10/Berkeley
Fw-o {mail}/local-host-names
Kvirtuser btree -o {mail}/virtual
Kldap ldap -P x -k y
O AliasFile={mail}/aliases
O DaemonPortOptions=Port=2525, Addr=127.0.0.1
O DaemonPortOptions=Port=2526, Addr=127.0.0.1
O PidFile={mail}/pid
R<SKIP> <$+> <$+> <$- $-> <$*>	$@ x
"""


@pytest.fixture
def cf(mail_dir: Path, settings: Any) -> Path:
    path: Path = settings.SENDMAIL_CF
    path.write_text(CF.format(mail=mail_dir))
    return path


def told(host: Host) -> bool:
    return publishing.report(host=host, site=here(commands.run))


def events() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="host-reported").order_by("number"))


def test_it_tells_what_is_there(cf: Path, mail_dir: Path, host: Host) -> None:
    assert told(host)
    found = Host.objects.get().report
    assert found["mailadmin"] == __version__
    assert found["sendmail"].startswith("8.")
    assert {"hash", "btree"} <= set(found["map_types"])
    assert (found["cf"], found["cf_read"], found["used"]) == (str(cf), True, True)
    assert found["features"] == ["skip"]
    assert found["listens"] == ["127.0.0.1:2525", "127.0.0.1:2526"]
    assert found["pid_file"] == f"{mail_dir}/pid"
    assert f"Kvirtuser btree -o {mail_dir}/virtual" in found["lines"]
    tables = {item["table"]: item for item in found["tables"]}
    assert tables["virtusertable"] == {
        "table": "virtusertable",
        "text": f"{mail_dir}/virtual",
        "map": f"{mail_dir}/virtual.db",
        "type": "btree",
        "line": f"Kvirtuser btree -o {mail_dir}/virtual",
        "unused": "",
        "problem": "",
    }
    assert "FEATURE(`mailertable')" in tables["mailertable"]["unused"]


def test_the_history_tells_what_changed_and_nothing_otherwise(cf: Path, mail_dir: Path, host: Host) -> None:
    assert told(host)
    assert not told(host)
    cf.write_text(CF.format(mail=mail_dir).replace("2526", "587"))
    assert told(host)
    first, second = events()
    assert "sendmail" in first.after
    assert (first.before, second.actor_name, second.key) == (None, "publisher:mx.test.example", "mx.test.example")
    assert second.before["listens"] == "127.0.0.1:2525; 127.0.0.1:2526"
    assert second.after["listens"] == "127.0.0.1:2525; 127.0.0.1:587"
    assert set(second.after) == {"listens", "lines"}


def test_what_cannot_be_found_out_is_empty(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(argv: Any, **_more: Any) -> Result:
        raise MissingProgram(argv[0])

    assert reporting.map_types(missing) == []
    assert reporting.sendmail_version(missing) == ""
    monkeypatch.setattr(reporting, "host_is_qualified", lambda: True)
    assert reporting.sendmail_version(lambda argv, **_more: Result(tuple(argv), 0, "nothing", "", 0)) == ""
    monkeypatch.setattr(reporting, "host_is_qualified", lambda: False)
    assert reporting.sendmail_version(commands.run) == ""


def test_programs_are_asked_when_there_is_a_reason(cf: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(argv: Any, **more: Any) -> Result:
        asked.append(argv[0])
        return commands.run(argv, **more)

    reporter = Reporter(counted)
    reporter.look(host)
    reporter.look(host)
    assert asked == ["sendmail", "makemap"]
    cf.write_text(cf.read_text() + "O PidFile=/other\n")
    reporter.look(host)
    assert len(asked) == 4
    reporter.not_before = 0
    reporter.look(host)
    assert (len(asked), len(events())) == (6, 2)


def test_a_plan_made_elsewhere_knows_the_files_of_the_host(cf: Path, mail_dir: Path, host: Host, settings: Any) -> None:
    told(host)
    kept = Host.objects.get()
    kept.report["tables"].append({**kept.report["tables"][0], "table": "of-a-newer-version"})
    settings.HOST_NAME, settings.MAIL_DIR = "web.test.example", mail_dir / "nothing"
    plan = publishing.make_plan(host=kept)
    assert {file.table.name: str(file.path) for file in plan.files}["virtusertable"] == f"{mail_dir}/virtual"
    assert [place.table.name for place in plan.unused] == ["access", "genericstable", "mailertable", "relay-domains"]
