"""What is published is what the real sendmail does, seen by a stranger's SMTP; and so is what is taken back."""

import pytest

from mailadmin.accounts.models import User
from tables.models import ChangeRequest, Publication
from tests.integration.conftest import Publish
from tests.integration.daemon import MailHost, ask
from tests.services.editing import approve, delete, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

LIVE = Publication.State.SUCCEEDED


def step_of(publication: Publication, name: str) -> dict[str, str]:
    return next(step for step in publication.steps if step["step"] == name)


def test_a_relay_domain_is_relayed_once_a_second_person_approved_it(
    mail_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    assert "Relaying denied" in mail_host.answer("user@partner.example")[1]

    request = save(alice, "relay-domains", "partner.example", reason="our new partner")
    assert request.state == ChangeRequest.State.SUBMITTED
    assert publish().state == LIVE
    assert "Relaying denied" in mail_host.answer("user@partner.example")[1]

    approve(bob, request)
    publication = publish()
    assert publication.state == LIVE, publication.error
    assert mail_host.answer("user@partner.example")[0] == 250
    assert "Relaying denied" in mail_host.answer("user@other.example")[1]

    delete(alice, "relay-domains", "partner.example")
    assert publish().state == LIVE
    assert "Relaying denied" in mail_host.answer("user@partner.example")[1]


def test_a_rejected_sender_is_refused_until_the_entry_is_taken_back(
    mail_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    assert publish().state == LIVE
    assert mail_host.answer("root@here.example", "spam@bad.example")[0] == 250

    save(alice, "access", "From:spam@bad.example", "REJECT")
    assert publish().state == LIVE
    code, text = mail_host.answer("root@here.example", "spam@bad.example")
    assert (code, "Access denied" in text) == (550, True)

    approve(bob, delete(alice, "access", "from:spam@bad.example", reason="it was us"))
    assert publish().state == LIVE
    assert mail_host.answer("root@here.example", "spam@bad.example")[0] == 250


def test_a_virtual_address_answers_its_error_as_written(
    mail_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    save(alice, "virtusertable", "gone@here.example", "error:5.1.6:551 She moved to there.example")
    save(alice, "virtusertable", "info@here.example", "root")
    assert publish().state == LIVE
    assert mail_host.answer("gone@here.example") == (551, "5.1.6 She moved to there.example")
    assert mail_host.answer("info@here.example")[0] == 250

    approve(bob, delete(alice, "virtusertable", "gone@here.example", reason="she is back"))
    assert publish().state == LIVE
    assert "User unknown" in mail_host.answer("gone@here.example")[1]


def test_an_alias_expands_to_its_members_and_back(mail_host: MailHost, publish: Publish, alice: User) -> None:
    save(alice, "aliases", "sales", "root, someone@far.example")
    assert publish().state == LIVE
    said = mail_host.expand("sales")
    assert "root... deliverable" in said
    assert "someone@far.example... deliverable" in said

    save(alice, "aliases", "sales", "root")
    assert publish().state == LIVE
    assert "far.example" not in mail_host.expand("sales")


def test_an_alias_that_is_added_to_those_of_newaliases_is_found(
    mail_host: MailHost, publish: Publish, alice: User
) -> None:
    save(alice, "aliases", "sales", "root")
    assert publish().state == LIVE
    save(alice, "aliases", "shop", "root")  # in a copy of the map, by makemap
    publication = publish()
    assert publication.state == LIVE, publication.error
    assert "root... deliverable" in mail_host.expand("shop")
    assert "root... deliverable" in mail_host.expand("sales")


def test_only_a_class_file_has_sendmail_start_again(
    mail_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    before = mail_host.pid
    save(alice, "access", "From:spam@bad.example", "REJECT")
    publication = publish()
    assert step_of(publication, "signal")["state"] == "skipped"
    assert mail_host.pid == before

    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    publication = publish()
    assert step_of(publication, "signal")["message"] == f"Sent SIGHUP to sendmail (process {before})."
    assert "sendmail greets: 220 mx.test.example" in step_of(publication, "prove")["message"]
    assert mail_host.pid != before


def test_a_daemon_in_the_foreground_is_told_as_well(
    idle_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    publish()
    idle_host.start("-bD")
    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    publication = publish()
    assert publication.state == LIVE, publication.error
    assert idle_host.answer("root@here.example")[0] == 250


def test_a_session_that_is_open_sees_the_new_map(mail_host: MailHost, publish: Publish, alice: User, bob: User) -> None:
    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    save(alice, "access", "From:other@bad.example", "REJECT")
    assert publish().state == LIVE
    with mail_host.stranger() as session:
        assert ask(session, "root@here.example", "spam@bad.example")[0] == 250
        save(alice, "access", "From:spam@bad.example", "REJECT")
        assert publish().state == LIVE
        assert ask(session, "root@here.example", "spam@bad.example")[0] == 550


def test_the_proof_asks_sendmail_for_what_changed(mail_host: MailHost, publish: Publish, alice: User) -> None:
    save(alice, "mailertable", "away.example", "error:5.1.2:550 gone")
    save(alice, "genericstable", "alice", "alice@here.example")
    publication = publish()
    assert publication.state == LIVE, publication.error
    assert "sendmail answers from the new state (alice, away.example)." in step_of(publication, "prove")["message"]
