"""A new state that sendmail does not prove is taken back, on the disk and in the daemon."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables.models import AuditEvent, Host, Publication
from tables.sendmail import commands, daemon
from tests.integration.conftest import Publish
from tests.integration.daemon import MailHost, wait_for
from tests.services.editing import approve, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail, pytest.mark.one_database]

ROLLED_BACK = Publication.State.ROLLED_BACK


def contents(host: MailHost) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(host.mail.iterdir()) if path.is_file()}


def forgetful(
    argv: Sequence[str], *, stdin: Iterable[bytes] = (), stdout: commands.Output | None = None, timeout: float
) -> commands.Result:
    """The real programs, but a sendmail that finds nothing in its maps."""
    result = commands.run(argv, stdin=stdin, stdout=stdout, timeout=timeout)
    if "-bt" not in argv:
        return result
    return replace(result, stdout=result.stdout.replace("returns REJECT (0)", "no match (0)"))


def test_a_wrong_answer_brings_the_previous_files_back(mail_host: MailHost, publish: Publish, alice: User) -> None:
    save(alice, "access", "From:old@bad.example", "REJECT")
    publish()
    before, release = contents(mail_host), Host.objects.get().release

    save(alice, "access", "From:new@bad.example", "REJECT")
    publication = publish(run=forgetful)

    assert publication.state == ROLLED_BACK
    assert publication.error == (
        "sendmail finds nothing for from:new@bad.example in the map access instead of 'REJECT'."
    )
    assert publication.steps[-1]["message"] == "What was live before is live again."
    assert contents(mail_host) == before
    assert Host.objects.get().release == release
    assert AuditEvent.objects.filter(action="publication-rolled-back").count() == 1
    assert publish().state == Publication.State.SUCCEEDED


def test_class_files_that_were_taken_back_are_taken_back_in_the_daemon(
    mail_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "relay-domains", "partner.example", reason="our partner"))
    save(alice, "access", "From:new@bad.example", "REJECT")
    publication = publish(run=forgetful)
    assert publication.state == ROLLED_BACK
    assert "sendmail greets: 220" in publication.steps[-1]["message"]
    assert "Relaying denied" in mail_host.answer("user@partner.example")[1]


def test_a_daemon_that_does_not_come_back_is_found_and_named(
    mail_host: MailHost, publish: Publish, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "PROOF_SECONDS", 8)  # a busy machine needs some to end it
    before, pid = contents(mail_host), mail_host.pid
    with mail_host.cf.open("a") as cf:
        cf.write("an odd line that no sendmail reads\n")

    approve(bob, save(alice, "relay-domains", "partner.example", reason="our partner"))
    publication = publish()

    assert publication.state == ROLLED_BACK
    assert publication.error == (
        f"sendmail is not running: {mail_host.pid_file} names no living process after 8 seconds. Its log says why."
    )
    assert "Start sendmail" in publication.steps[-1]["message"]
    assert contents(mail_host) == before
    assert pid is not None
    assert not daemon.is_sendmail(pid)


def test_nothing_is_begun_while_the_daemon_that_must_prove_it_is_away(
    mail_host: MailHost, publish: Publish, alice: User
) -> None:
    mail_host.stop()
    wait_for(lambda: not mail_host.greets())
    before = contents(mail_host)
    save(alice, "access", "From:new@bad.example", "REJECT")
    publication = publish()
    assert publication.state == Publication.State.FAILED
    assert publication.error == (
        f"{mail_host.pid_file} names no living sendmail, and MAILADMIN_SENDMAIL_DAEMON is yes. "
        "Start sendmail, or set it to auto."
    )
    assert contents(mail_host) == before


def test_a_process_that_is_not_sendmail_is_never_signalled(
    mail_host: MailHost, publish: Publish, alice: User, bob: User, settings: Any
) -> None:
    """The publisher would end itself if it believed this pid file."""
    import os

    settings.SENDMAIL_DAEMON = "auto"
    settings.SENDMAIL_PID_FILE = str(mail_host.directory / "other.pid")
    Path(settings.SENDMAIL_PID_FILE).write_text(f"{os.getpid()}\n")
    approve(bob, save(alice, "relay-domains", "partner.example", reason="our partner"))
    publication = publish()
    assert publication.state == Publication.State.SUCCEEDED
    said = {step["step"]: step["message"] for step in publication.steps}
    assert said["signal"] == "No sendmail daemon is managed here: nothing to signal."
