"""What a letter says, what it never says, and the head that it has."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from mailadmin.accounts import grants
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes, closing, notices, reviews
from tables.actors import Actor
from tables.entries import get_cluster
from tables.letters import changes as about
from tables.models import Host, Letter, Notice, Publication
from tables.publishing import outcome
from tables.releases import cut
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import make_person
from tests.services.editing import approve, save
from tests.services.post import letter_to, post
from tests.services.ruling import propose, rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def addressed(settings: Any) -> None:
    settings.BASE_URL = "https://panel.example.org"
    settings.EMAIL_FROM = "mailadmin@example.org"


def test_whoever_is_asked_reads_what_it_would_do(alice: User, bob: User) -> None:
    request = save(alice, "access", "connect:203.0.113", "RELAY", reason="Branch office,\nticket 4711")
    letter = letter_to("bob")
    assert f"Subject: [mailadmin] Review wanted: request {request.pk} by alice (relay)\n" in letter
    assert "  Reason: Branch office,\n  ticket 4711\n" in letter
    assert "  Every host of 203.0.113 may send mail anywhere through this host.\n" in letter
    assert "  relay: lets somebody send mail to anywhere through this host\n" in letter
    assert "  --- access\n  +++ access\n  +connect:203.0.113\tRELAY\n" in letter
    assert f"https://panel.example.org/requests/{request.pk}/\n" in letter
    assert "https://panel.example.org/notices/settings/" in letter


def test_an_author_reads_what_became_of_it(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="New customer")
    reviews.note_viewing(request=request, person=bob)
    reviews.reject(request=request, reviewer=bob, checksum=request.checksum, comment="Not a customer of ours")
    letter = letter_to("alice")
    assert f"Subject: [mailadmin] bob rejected request {request.pk}\n" in letter
    assert "  Not a customer of ours\n" in letter
    assert "  +customer.example\n" in letter
    assert "What it does" not in letter


def test_a_long_difference_is_cut_and_says_by_how_much(alice: User, bob: User) -> None:
    many(alice, 300)
    letter = letter_to("bob")
    shown = about.LINES - 2  # the names of the table take two
    assert letter.count("\n  +10.") == shown
    assert f"  … and {300 - shown} more lines\n" in letter
    assert "  … and 280 more effects\n" in letter


def test_beyond_what_is_looked_at_changes_are_only_counted(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(about, "LOOKED_AT", 100)
    many(alice, 300)
    assert f"  … and {102 - about.LINES} more lines and 200 more changes\n" in letter_to("bob")


def many(person: User, number: int) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(person), reason="Many")
    keys = [f"10.0.{count // 250}.{count % 250}" for count in range(number)]
    pairs = [(None, Entry(key, "RELAY", position=place)) for place, key in enumerate(keys, 1)]
    changes.propose_many(request=request, actor=Actor.of(person), table=TABLES["access"], pairs=pairs)
    changes.submit(request=request, actor=Actor.of(person))


def test_a_long_line_is_cut(alice: User, bob: User) -> None:
    save(alice, "aliases", "run", '"|/bin/run ' + "x" * 400 + '"', reason="long")
    letter = letter_to("bob")
    assert "more characters)" in letter
    assert max(map(len, letter.splitlines())) < 500


def test_what_was_asked_and_is_answered_does_not_go_out(alice: User, bob: User) -> None:
    closing.withdraw(request=save(alice, "relay-domains", "a.example", reason="x"), actor=Actor.of(alice))
    post()
    assert mail.outbox == []
    assert set(Letter.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.parametrize("how", ["switched off", "without a role"])
def test_who_may_no_longer_be_told_gets_no_letter(alice: User, bob: User, dora: User, how: str) -> None:
    save(alice, "relay-domains", "a.example", reason="x")
    if how == "switched off":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        bob.groups.clear()
    assert set(post()) == {"dora@example.com"}


def test_broken_glass_is_loud(alice: User, bob: User, dora: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="Mail is down")
    post()
    notices.glass_broken(request=request, actor=Actor.of(dora), reason="Mail is down")
    letter = letter_to("bob")
    assert "Subject: [mailadmin] BREAK GLASS: dora applied request" in letter
    assert "Importance: high\n" in letter
    assert "X-Priority: 1\n" in letter
    assert "A second person must review it now." in letter
    assert "What it does" in letter


def test_a_publication_names_its_hosts_and_ones_own_changes(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    save(dora, "aliases", "press", "dora")
    for name in ("mx1", "mx2"):
        Host.objects.create(cluster=get_cluster(), name=name, mail_dir="/x")
    cut(cluster=get_cluster(), actor=Actor.of(bob))
    publication = Publication.objects.get(host__name="mx1")
    Publication.objects.update(state="running")
    outcome.succeed(publication, files=[])
    Notice.objects.update(how="now")
    Letter.objects.bulk_create(
        Letter(person=notice.person, notice=notice, next_try_at=notice.created_at) for notice in Notice.objects.all()
    )
    letter = letter_to("alice")
    assert "  mx1: live\n  mx2: not yet\n" in letter
    assert "  +sales: alice\n" in letter
    assert "+press" not in letter
    assert f"https://panel.example.org/publish/{publication.pk}/\n" in letter


# --- the head ---------------------------------------------------------------------------------------------------------


def test_no_machine_answers_it_and_programs_thread_it(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="x")
    approve(bob, request)
    notice = Notice.objects.get(kind="approved")
    head = post()["alice@example.com"]
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["List-Id"] == "mailadmin notices <notices.mailadmin.example.org>"
    assert head["From"] == "mailadmin@example.org"
    assert head["References"] == head["In-Reply-To"] == f"<request.{request.pk}.mailadmin@example.org>"
    assert head["Message-ID"].startswith(f"<letter.{notice.letter.pk}.")
    assert head.get_content_type() == "text/plain"


HOSTILE = "x\r\nBcc: everybody@example.com\r\n\r\nBuy now\x1b[31m\u202e"


def test_nothing_that_a_person_types_gets_into_the_head(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(username=HOSTILE, first_name=HOSTILE)
    alice.refresh_from_db()
    request = save(alice, "relay-domains", "a.example", reason=HOSTILE)
    head = post()["bob@example.com"]
    assert set(head.keys()) == {
        "Content-Type",
        "MIME-Version",
        "Content-Transfer-Encoding",
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Id",
        "In-Reply-To",
        "References",
    }
    wire = head.as_bytes()
    assert wire.split(b"\n\n")[0].lower().count(b"\nbcc") == 0
    assert not {0, 0x1B} & set(wire)
    assert request.state == "submitted"
    assert mail.outbox[-1].recipients() == [mail.outbox[-1].to[0]]


def test_an_address_with_a_line_end_is_none(alice: User, bob: User, dora: User) -> None:
    User.objects.filter(pk=bob.pk).update(email="bob@example.com\nBcc: everybody@example.com")
    save(alice, "relay-domains", "a.example", reason="x")
    assert set(post()) == {"dora@example.com"}
    letter = Letter.objects.get(person=bob)
    assert letter.state == "waiting"
    assert letter.error == "“bob” has no valid e-mail address. Correct it under People."


def test_a_link_has_nothing_but_the_place(alice: User, bob: User) -> None:
    save(alice, "relay-domains", "a.example", reason="x")
    links = [word for word in letter_to("bob").split() if word.startswith("https://")]
    assert len(links) == 2
    assert not any("?" in link or "@" in link for link in links)


def test_a_role_is_told_without_a_request(dora: User, charlie: User) -> None:
    make_person("emma", Role.ADMINISTRATOR)
    grants.without_asked(actor=Actor.of(dora), person=charlie, roles=[Role.APPROVER])
    letter = letter_to("emma")
    assert "dora asks for the role approver for charlie" in letter
    assert "https://panel.example.org/people/\n" in letter


def test_a_letter_about_the_policy_says_what_loosens(bob: User, dora: User) -> None:
    propose(dora, rules=(rule("relay", 0), rule("routing", 2)))
    letter = letter_to("bob")
    assert "What changes in the policy:\n  Any risk in any table (loosens):\n  -1 approval by any approver\n" in letter
    assert "  Risk relay in any table (loosens):\n  +no approval\n" in letter
    assert "  Risk routing in any table:\n  +2 approvals by any approver\n" in letter
