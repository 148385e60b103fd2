"""What is rolled back by hand is rolled back in the running sendmail, class files and maps alike."""

import pytest

from mailadmin.accounts.models import User
from tables.publishing import rollback
from tables.publishing.errors import PublishError
from tables.sendmail import daemon
from tables.sendmail.held import Held
from tables.sendmail.maildir import MailDir
from tests.integration.conftest import Publish
from tests.integration.daemon import MailHost, ask
from tests.services.editing import approve, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail, pytest.mark.one_database]


def test_class_files_and_maps_are_rolled_back_in_the_running_sendmail(
    mail_host: MailHost, publish: Publish, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    save(alice, "access", "From:other@bad.example", "REJECT")
    publish()
    approve(bob, save(alice, "relay-domains", "partner.example", reason="our partner"))
    save(alice, "access", "From:spam@bad.example", "REJECT")
    publish()
    assert mail_host.answer("user@partner.example")[0] == 250
    before = mail_host.pid
    with mail_host.stranger() as session:
        assert ask(session, "root@here.example", "spam@bad.example")[0] == 550

        said = rollback.roll_back(wanted="", by="anna")

        assert ask(session, "root@here.example", "spam@bad.example")[0] == 250
    assert f"Sent SIGHUP to sendmail (process {before})." in said
    assert any(line.startswith("sendmail greets: 220 mx.test.example") for line in said)
    assert "sendmail answers from what is live now (from:other@bad.example)." in said
    assert "Relaying denied" in mail_host.answer("user@partner.example")[1]
    assert mail_host.pid != before

    _one_that_sendmail_does_not_survive(mail_host, monkeypatch)


def _one_that_sendmail_does_not_survive(mail_host: MailHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """It greeted before, so what it ran with is put back; with a dead daemon the next one goes through."""
    monkeypatch.setattr(daemon, "PROOF_SECONDS", 2)
    directory = MailDir(mail_host.mail)
    held = Held.load(directory)
    with mail_host.cf.open("a") as cf:
        cf.write("an odd line that no sendmail reads\n")
    with pytest.raises(PublishError, match=r"Not rolled back: sendmail is not running: .* live again\. But "):
        rollback.roll_back(wanted="", by="anna")
    assert Held.load(directory) == held
    assert "partner" not in (mail_host.mail / "relay-domains").read_text()

    said = rollback.roll_back(wanted="", by="anna")
    assert any("names no living sendmail" in line for line in said)
    assert "partner.example" in (mail_host.mail / "relay-domains").read_text()
