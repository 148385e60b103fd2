"""A publication writes what the host's own sendmail.cf reads, where that looks for it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tables import publishing
from tables.models import Host, Publication
from tables.publishing.site import here
from tables.sendmail import commands
from tables.sendmail.tables import TABLES
from tables.sendmail.whereabouts import parse_overrides
from tests.publisher.conftest import Load, Publish, message

pytestmark = pytest.mark.django_db

#: Red Hat's places: aliases beside the directory; no genericstable, no mailertable. Enough for sendmail -bt.
RED_HAT = """
V10/Berkeley
Djmx.test.example
Mlocal, P=/bin/false, A=false, F=lA5
Mprog, P=/bin/false, A=false, F=lA5
O QueueDirectory={above}
Fw-o {mail}/local-host-names
FR-o {mail}/relay-domains
Kvirtuser btree -N -a.added -o {mail}/virtual.db
Kaccess hash -T<TMPF> -o {mail}/access.db
O AliasFile={above}/aliases
Sparse=0
R$*\t$#local $: $1
"""

FILES = {
    "aliases": "postmaster: root\nmailer-daemon: root\n",
    "access": "From:spam@bad.example\tREJECT\n",
    "virtusertable": "info@here.example\troot\n",
    "mailertable": "far.example\tesmtp:[192.0.2.1]\n",
    "local-host-names": "here.example\n",
}


@pytest.fixture
def red_hat(mail_dir: Path, settings: Any, load: Load) -> Path:
    """The directory above the mail directory."""
    above = mail_dir.parent
    settings.SENDMAIL_CF.write_text(RED_HAT.format(mail=mail_dir, above=above))
    settings.SENDMAIL_DAEMON = "no"
    load(FILES)
    return above


def dumped(map_type: str, path: Path) -> str:
    return commands.run(["makemap", "-u", map_type, str(path)], timeout=20).stdout


def test_each_table_lies_where_sendmail_looks_for_it(red_hat: Path, mail_dir: Path, publish: Publish) -> None:
    publication = publish()
    assert publication.state == Publication.State.SUCCEEDED, publication.error
    assert "postmaster: root\n" in (red_hat / "aliases").read_text()
    assert (red_hat / "aliases.db").exists()
    assert dumped("btree", mail_dir / "virtual.db") == "info@here.example\troot\n"
    assert dumped("hash", mail_dir / "access.db") == "from:spam@bad.example\tREJECT\n"
    assert sorted(path.name for path in mail_dir.iterdir() if path.name != ".mailadmin") == [
        "access",
        "access.db",
        "local-host-names",
        "relay-domains",
        "virtual",
        "virtual.db",
    ]
    assert {item["table"]: item["path"] for item in publication.files}["aliases"] == f"{red_hat}/aliases"


def test_what_sendmail_does_not_use_is_told_with_the_missing_line(red_hat: Path, mail_dir: Path, host: Host) -> None:
    plan = publishing.make_plan(host=host)
    assert "mailertable" not in {file.table.name for file in plan.files}
    assert plan.as_json()["unused"] == [
        {
            "table": name,
            "why": f"{red_hat}/none.cf does not use it: the line FEATURE(`{name}') is missing in its .mc file.",
        }
        for name in ("genericstable", "mailertable")
    ]


def test_a_second_publication_knows_what_the_first_wrote_elsewhere(red_hat: Path, publish: Publish) -> None:
    publish()
    assert message(publish(), "plan") == "Nothing to change: what is live is this release."
    (red_hat / "aliases").write_text("postmaster: somebody\n")
    assert "aliases was changed by hand since the last publication" in publish().error


def test_a_table_is_written_from_the_day_on_which_its_line_is_there(
    red_hat: Path, mail_dir: Path, settings: Any, publish: Publish
) -> None:
    publish()
    with settings.SENDMAIL_CF.open("a") as cf:
        cf.write(f"Kmailertable hash {mail_dir}/mailertable\n")
    assert publish().state == Publication.State.SUCCEEDED
    assert dumped("hash", mail_dir / "mailertable.db") == "far.example\tesmtp:[192.0.2.1]\n"


def test_a_moved_table_is_written_at_its_new_place_and_the_old_one_stays(
    red_hat: Path, mail_dir: Path, settings: Any, publish: Publish
) -> None:
    publish()
    text = settings.SENDMAIL_CF.read_text()
    settings.SENDMAIL_CF.write_text(text.replace(f"{mail_dir}/access.db", f"{red_hat}/rules"))
    assert publish().state == Publication.State.SUCCEEDED
    assert dumped("hash", red_hat / "rules.db") == dumped("hash", mail_dir / "access.db")
    assert (red_hat / "rules").read_text().endswith(FILES["access"])


def test_a_map_is_built_anew_when_its_line_asks_for_another_type(
    red_hat: Path, mail_dir: Path, settings: Any, publish: Publish
) -> None:
    publish()
    text = settings.SENDMAIL_CF.read_text()
    settings.SENDMAIL_CF.write_text(text.replace("Kvirtuser btree -N", "Kvirtuser hash"))
    assert message(publish(), "plan").startswith("virtusertable: virtual.db shall be of the type hash now. ")
    assert dumped("hash", mail_dir / "virtual.db") == "info@here.example\troot\n"


def test_a_type_that_makemap_does_not_build_stops_before_anything_is_written(
    red_hat: Path, mail_dir: Path, settings: Any, publish: Publish
) -> None:
    text = settings.SENDMAIL_CF.read_text()
    settings.SENDMAIL_CF.write_text(text.replace("Kvirtuser btree", "Kvirtuser dbm"))
    publication = publish()
    assert publication.state == Publication.State.FAILED
    assert publication.error.startswith(
        f"The map of virtusertable is of the type dbm (Kvirtuser dbm -N -a.added -o {mail_dir}"[:100]
    )
    assert not (red_hat / "aliases").exists()


def test_a_setting_says_otherwise(red_hat: Path, mail_dir: Path, settings: Any, publish: Publish) -> None:
    settings.FILES = parse_overrides([f"access={red_hat}/rules.txt", f"mailertable=btree:{red_hat}/routes"])
    assert publish().state == Publication.State.SUCCEEDED
    assert (red_hat / "rules.txt").exists()
    assert not (mail_dir / "access").exists()
    assert dumped("hash", mail_dir / "access.db") == "from:spam@bad.example\tREJECT\n"
    assert dumped("btree", red_hat / "routes.db") == "far.example\tesmtp:[192.0.2.1]\n"


def test_without_a_sendmail_cf_every_table_is_written(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    assert publish().state == Publication.State.SUCCEEDED
    assert {name for name in TABLES if (mail_dir / name).exists()} == set(FILES)


def test_the_plan_says_what_is_not_written(red_hat: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("plan")
    assert "mailertable is not written on mx.test.example: " in capsys.readouterr().out


def test_without_the_option_the_pid_file_is_the_usual_one_that_is_there(red_hat: Path, settings: Any) -> None:
    usual = red_hat / "sendmail.pid"
    with settings.SENDMAIL_CF.open("a") as cf:
        cf.write(f"#O PidFile={usual}\n")
    usual.touch()
    assert here(commands.run).pid_file == usual
    usual.unlink()
    settings.SENDMAIL_PID_FILE = "/x/pid"
    assert here(commands.run).pid_file == Path("/x/pid")
