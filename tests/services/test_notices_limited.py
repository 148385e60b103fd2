"""A limited person is told of what they may see, by notice, letter and digest, and of nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes, notices
from tables.actors import Actor
from tables.entries import get_cluster
from tables.letters import digests, outbox
from tables.models import ChangeRequest, Host, Letter, Notice, Publication
from tables.publishing import outcome
from tables.releases import cut
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import delegate, make_limited
from tests.services.editing import save
from tests.services.post import letter_to, post

pytestmark = pytest.mark.django_db

TABLE = "virtusertable"


@pytest.fixture
def frank(people: dict[str, User]) -> User:
    """An approver of a.example alone."""
    frank = make_limited("frank", Role.APPROVER)
    delegate(frank, TABLE, "a.example", catch_alls=True, outside_targets=True)
    return frank


@pytest.fixture
def erin(people: dict[str, User]) -> User:
    """A postmaster of a.example alone."""
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, TABLE, "a.example")
    return erin


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(person=person).values_list("kind", flat=True))


def test_a_limited_approver_is_asked_about_their_domains_alone(alice: User, frank: User) -> None:
    save(alice, TABLE, "@b.example", "x", reason="Not theirs")
    assert told(frank) == []
    save(alice, TABLE, "@a.example", "x", reason="Theirs")
    assert told(frank) == ["review"]
    assert "@a.example" in letter_to("frank")


def test_broken_glass_elsewhere_is_not_told_to_them(alice: User, dora: User, frank: User, bob: User) -> None:
    elsewhere = save(alice, TABLE, "@b.example", "x", reason="Not theirs")
    notices.glass_broken(request=elsewhere, actor=Actor.of(dora), reason="Mail is down")
    assert told(frank) == []
    assert "glass" in told(bob)


def test_who_lost_a_domain_gets_no_letter_that_waits(alice: User, frank: User) -> None:
    save(alice, TABLE, "@a.example", "x", reason="Theirs")
    frank.delegations.all().delete()
    post()
    assert "frank@example.com" not in {letter.to[0] for letter in mail.outbox}
    assert Letter.objects.get(person=frank).state == "dropped"


def test_the_digest_counts_what_they_see(alice: User, frank: User) -> None:
    for key in ("info@a.example", "info@b.example", "post@b.example"):
        save(alice, TABLE, key, "alice")
    save(alice, TABLE, "@a.example", "x", reason="Theirs")
    frank.groups.add(*User.objects.get(username="dora").groups.model.objects.filter(name=Role.PUBLISHER))
    User.objects.update(date_joined=timezone.now() - timedelta(days=3))
    digests.write_due(early=True)
    outbox.send()
    (digest,) = (letter for letter in mail.outbox if letter.to == ["frank@example.com"] and "Digest" in letter.subject)
    assert "1 review wanted, 1 not live" in digest.subject
    assert "b.example" not in digest.body


def publication(person: User) -> Publication:
    Host.objects.create(cluster=get_cluster(), name="mx1", mail_dir="/x")
    cut(cluster=get_cluster(), actor=Actor.of(person))
    Publication.objects.update(state="running")
    return Publication.objects.select_related("release", "host__cluster").get()


def test_what_a_program_said_of_all_domains_is_not_for_them(alice: User, bob: User, erin: User) -> None:
    save(alice, TABLE, "info@b.example", "alice")
    save(erin, TABLE, "info@a.example", "x@a.example")
    outcome.fail(publication(bob), error="line 3: secret.b.example is wrong")
    assert "secret.b.example" in letter_to("alice")
    letter = letter_to("erin")
    assert "b.example" not in letter.replace("a.example", "")
    assert "Ask somebody who sees all tables why." in letter
    assert "+info@a.example" in letter


def test_an_author_among_others_hears_nothing_of_what_is_beyond_them(alice: User, bob: User, erin: User) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(erin), reason="Both")
    spec = TABLES[TABLE]
    mine = Entry("info@a.example", "x@a.example", position=1)
    changes.propose(request=request, actor=Actor.of(erin), table=spec, key=mine.key, after=mine)
    theirs = Entry("@b.example", "x", position=2)
    changes.propose(request=request, actor=Actor.of(alice), table=spec, key=theirs.key, after=theirs)
    ChangeRequest.objects.filter(pk=request.pk).update(author=alice)
    changes.submit(request=request, actor=Actor.of(alice))
    notices.edited(request=ChangeRequest.objects.get(pk=request.pk), actor=Actor.of(bob))
    assert told(erin) == []
    assert "applied" in told(alice)
