"""The sendmail.cf of a first look: built by the real m4, read by the real newaliases."""

import subprocess
import uuid
from pathlib import Path

import pytest

from deploy import sendmail_cf

BASE = Path(__file__).parents[2]


@pytest.fixture
def directory():
    """Under var/, because sendmail refuses maps below a world-writable directory."""
    path = BASE / "var/tests" / uuid.uuid4().hex
    (path / "mail").mkdir(parents=True)
    yield path
    for file in sorted(path.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    path.rmdir()


def test_newaliases_builds_the_aliases_that_it_names(directory):
    cf = directory / "sendmail.cf"
    sendmail_cf.build(cf, mail_dir=directory / "mail", map_type="hash")
    (directory / "mail/aliases").write_text("postmaster: root\nMAILER-DAEMON: postmaster\n")
    done = subprocess.run(["/usr/sbin/sendmail", "-bi", "-C", str(cf)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"{directory}/mail/aliases: 2 aliases, longest 10 bytes, 37 bytes total"
    assert (directory / "mail/aliases.db").exists()


def test_all_seven_tables_are_read_from_the_mail_directory(directory):
    cf = directory / "sendmail.cf"
    sendmail_cf.build(cf, mail_dir=directory / "mail", map_type="btree")
    text = cf.read_text()
    for table in ("access", "virtusertable", "genericstable", "mailertable"):
        assert f"{directory}/mail/{table}\n" in text
    assert f"Fw-o {directory}/mail/local-host-names %[^\\#]\n" in text
    assert f"FR-o {directory}/mail/relay-domains %[^\\#]\n" in text
    assert "Kvirtuser btree " in text


def test_the_host_is_given_a_qualified_name(directory):
    cf = directory / "sendmail.cf"
    sendmail_cf.build(cf, mail_dir=directory / "mail", map_type="hash")
    (name,) = (line[2:] for line in cf.read_text().splitlines() if line.startswith("Dj"))
    assert "." in name


@pytest.mark.parametrize("bad", ["/srv/my mail", "/srv/mail`", "/srv/é"])
def test_a_path_that_sendmail_cannot_read_is_refused(directory, bad):
    with pytest.raises(sendmail_cf.CannotBuildError, match="move this checkout, or set MAILADMIN_STATE_DIR"):
        sendmail_cf.build(directory / "sendmail.cf", mail_dir=Path(bad), map_type="hash")
    assert not (directory / "sendmail.cf").exists()


def test_missing_macros_name_the_package_and_leave_the_old_file(directory):
    cf = directory / "sendmail.cf"
    cf.write_text("as it was")
    with pytest.raises(sendmail_cf.CannotBuildError, match="package sendmail-cf"):
        sendmail_cf.build(cf, mail_dir=directory / "mail", map_type="hash", macros=directory / "nowhere")
    assert cf.read_text() == "as it was"
