"""Who is told of what, who is not, and that nothing is told of what did not happen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from mailadmin.accounts import grants
from mailadmin.accounts import people as accounts
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes, closing, inbox, notices, reviews
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import Change, ChangeRequest, Host, How, Letter, Notice, Publication, Release
from tables.noticing.kinds import KINDS
from tables.noticing.telling import one_line
from tables.publishing import outcome
from tables.releases import cut
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import make_person
from tests.services.editing import approve, delete, save

pytestmark = pytest.mark.django_db

RISKY = ("relay-domains", "customer.example")


def told(kind: str) -> set[str]:
    return set(Notice.objects.filter(kind=kind).values_list("person__username", flat=True))


def written(kind: str) -> set[str]:
    """Whom a letter about it waits for."""
    return set(Letter.objects.filter(notice__kind=kind).values_list("person__username", flat=True))


def subject(kind: str) -> str:
    return Notice.objects.filter(kind=kind).latest("pk").subject


def risky(person: User) -> ChangeRequest:
    return save(person, *RISKY, reason="New customer")


def reject(person: User, request: ChangeRequest) -> ChangeRequest:
    reviews.note_viewing(request=request, person=person)
    return reviews.reject(request=request, reviewer=person, checksum=request.checksum, comment="Not them")


def by_two(first: User, second: User) -> ChangeRequest:
    """A request in which one person wrote a line and another one another, who submitted it."""
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(first), reason="wanted")
    for person, key in ((first, "a.example"), (second, "b.example")):
        spec = TABLES["relay-domains"]
        changes.propose(request=request, actor=Actor.of(person), table=spec, key=key, after=Entry(key, position=1))
    return changes.submit(request=request, actor=Actor.of(second))


# --- being asked ------------------------------------------------------------------------------------------------------


def test_everybody_who_may_decide_is_asked_and_nobody_else(alice: User, bob: User) -> None:
    request = risky(alice)
    assert told("review") == written("review") == {"bob", "dora"}
    assert subject("review") == f"Review wanted: request {request.pk} by alice (relay)"
    assert Notice.objects.filter(kind="review", text="Reason: New customer").count() == 2


def test_an_author_with_the_right_is_not_asked_about_their_own(dora: User, bob: User) -> None:
    risky(dora)
    assert told("review") == {"bob"}


def test_a_plain_edit_tells_nobody(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    assert not Notice.objects.exists()
    assert not Letter.objects.exists()


def test_who_is_switched_off_gets_nothing(alice: User, bob: User, dora: User) -> None:
    accounts.switch(actor=Actor.of(dora), person=bob, active=False)
    risky(alice)
    assert told("review") == {"dora"}


def test_who_has_no_address_is_told_in_the_panel_alone(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(email="")
    risky(alice)
    assert told("review") == {"bob", "dora"}
    assert written("review") == {"dora"}


def test_what_is_rolled_back_leaves_neither_notice_nor_letter(alice: User, bob: User) -> None:
    with transaction.atomic():
        risky(alice)
        assert Letter.objects.count() == 2
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    assert not Letter.objects.exists()


def test_with_e_mail_off_the_panel_tells_all_the_same(alice: User, bob: User, settings: Any) -> None:
    settings.EMAIL_ON = False
    risky(alice)
    assert told("review") == {"bob", "dora"}
    assert not Letter.objects.exists()


def test_the_same_is_not_told_twice(alice: User, bob: User) -> None:
    request = risky(alice)
    notices.review_asked(request=request, actor=Actor.of(alice))
    assert Notice.objects.filter(kind="review").count() == Letter.objects.count() == 2


@pytest.mark.parametrize("end", ["approve", "reject", "withdraw"])
def test_a_question_that_is_answered_need_not_be_read(alice: User, bob: User, end: str) -> None:
    request = risky(alice)
    if end == "withdraw":
        closing.withdraw(request=request, actor=Actor.of(alice))
    else:
        {"approve": approve, "reject": reject}[end](bob, request)
    assert not Notice.objects.filter(kind="review", read_at__isnull=True).exists()
    assert Notice.objects.filter(kind="review", settled_at__isnull=False).count() == 2


# --- what becomes of one's own ----------------------------------------------------------------------------------------


def test_every_author_hears_of_an_approval_once(alice: User, bob: User, dora: User) -> None:
    request = approve(bob, by_two(alice, dora))
    assert request.state == "applied"
    assert told("approved") == {"alice", "dora"}
    assert told("applied") == set()
    assert subject("approved") == f"bob approved request {request.pk}, and it is applied"


def test_every_author_hears_of_a_rejection_with_its_reason(alice: User, bob: User, dora: User) -> None:
    reject(bob, by_two(alice, dora))
    assert told("rejected") == written("rejected") == {"alice", "dora"}
    assert Notice.objects.filter(kind="rejected", text="Not them").count() == 2


def test_the_author_hears_of_a_conflict(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    request = save(alice, "aliases", "sales", "|/bin/run", reason="wanted")
    Change.objects.filter(request=request).update(holds=False)  # as if the hold had been missed
    save(dora, "aliases", "sales", "dora")
    assert approve(bob, request).state == "conflicted"
    assert told("conflicted") == written("conflicted") == {"alice"}
    assert "sales in aliases" in Notice.objects.get(kind="conflicted").text


def test_who_is_overtaken_by_a_tightening_hears_of_it(alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "aliases", "run", '"|/bin/one"', reason="wanted"))
    request = save(alice, "aliases", "run", '"|/bin/two"', reason="newer")
    delete(dora, "aliases", "run")
    assert told("conflicted") == {"alice"}
    assert not Notice.objects.filter(kind="review", request=request, read_at__isnull=True).exists()


def test_the_author_hears_when_another_applies(alice: User, dora: User) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    changes.propose(
        request=request,
        actor=Actor.of(alice),
        table=TABLES["aliases"],
        key="sales",
        after=Entry("sales", "a", position=1),
    )
    changes.submit(request=request, actor=Actor.of(dora))
    assert told("applied") == {"alice"}
    assert Notice.objects.get().how == How.DIGEST


def test_a_withdrawn_request_is_told_to_those_who_were_asked(alice: User, bob: User) -> None:
    closing.withdraw(request=risky(alice), actor=Actor.of(alice), reason="A mistake")
    assert told("closed") == {"bob", "dora"}
    assert subject("closed").startswith("alice withdrew request")


def test_an_expired_request_is_told_to_its_author_too(alice: User, bob: User) -> None:
    risky(alice)
    ChangeRequest.objects.update(submitted_at=timezone.now() - timedelta(days=15))
    closing.expire()
    assert told("closed") == {"alice", "bob", "dora"}


# --- publications -----------------------------------------------------------------------------------------------------


def publication_of(person: User, number: int = 0) -> Publication:
    host, _made = Host.objects.get_or_create(name=f"mx{number}", cluster=get_cluster(), mail_dir="/x")
    cut(cluster=get_cluster(), actor=Actor.of(person))
    found = Publication.objects.filter(host=host, state="queued").latest("pk")
    found.state = Publication.State.RUNNING
    found.save()
    return found


def test_the_authors_hear_that_their_changes_are_live(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    save(dora, "aliases", "press", "dora")
    outcome.succeed(publication_of(bob), files=[])
    assert told("published") == {"alice", "dora"}
    assert subject("published") == "Release 1 is live on mx0"


def test_who_published_their_own_is_not_told_so(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    outcome.succeed(publication_of(alice), files=[])
    assert told("published") == set()


def test_a_release_is_told_of_once_however_many_hosts_there_are(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    Host.objects.create(name="mx1", cluster=get_cluster(), mail_dir="/x")
    outcome.succeed(publication_of(bob), files=[])
    outcome.succeed(publication_of(bob, 1), files=[])
    assert Notice.objects.filter(kind="published").count() == 1


def test_only_what_is_new_on_the_host_counts(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    outcome.succeed(publication_of(bob), files=[])
    save(dora, "aliases", "press", "dora")
    outcome.succeed(publication_of(bob), files=[])
    second = Release.objects.get(number=2)
    assert Notice.objects.get(publication__release=second).person == dora


@pytest.mark.parametrize(("end", "words"), [(outcome.fail, "failed"), (outcome.roll_back, "was rolled back")])
def test_the_authors_and_who_asked_for_it_hear_of_a_failure(alice: User, bob: User, end: Any, words: str) -> None:
    save(alice, "aliases", "sales", "alice")
    end(publication_of(bob), error="The disk is full.")
    assert told("failed") == written("failed") == {"alice", "bob"}
    assert subject("failed") == f"Publishing release 1 to mx0 {words}"


# --- break glass ------------------------------------------------------------------------------------------------------


def test_broken_glass_is_told_to_every_approver_at_once(alice: User, bob: User, dora: User) -> None:
    make_person("frank", Role.APPROVER)
    request = risky(alice)
    notices.glass_broken(request=request, actor=Actor.of(dora), reason="Mail is down")
    assert told("glass") == written("glass") == {"bob", "frank"}
    assert subject("glass") == f"BREAK GLASS: dora applied request {request.pk} without a review (relay)"


def test_broken_glass_cannot_be_switched_off(alice: User, bob: User, dora: User) -> None:
    with pytest.raises(ChangeError, match="always comes at once"):
        inbox.choose(person=bob, wanted={"glass": How.PANEL})
    inbox.choose(person=bob, wanted=dict.fromkeys(KINDS.keys() - {"glass", "panic"}, How.PANEL))
    notices.glass_broken(request=risky(alice), actor=Actor.of(dora), reason="Mail is down")
    assert written("glass") == {"bob"}


# --- roles ------------------------------------------------------------------------------------------------------------


def test_a_role_that_is_asked_for_is_told_to_who_may_give_it(dora: User, charlie: User) -> None:
    emma = make_person("emma", Role.ADMINISTRATOR)
    grants.without_asked(actor=Actor.of(dora), person=charlie, roles=[Role.APPROVER])
    assert told("role") == {"emma"}
    grants.give(actor=Actor.of(emma), pk=grants.waiting().get().pk)
    assert told("role") == {"emma", "dora", "charlie"}
    assert Notice.objects.get(person=emma).settled_at


# --- what each person chose -------------------------------------------------------------------------------------------


def test_each_kind_comes_as_its_reader_chose(alice: User, bob: User, dora: User) -> None:
    inbox.choose(person=bob, wanted={"review": How.DIGEST})
    inbox.choose(person=dora, wanted={"review": How.PANEL, "approved": How.PANEL})
    risky(alice)
    assert dict(Notice.objects.values_list("person__username", "how")) == {"bob": "digest", "dora": "panel"}
    assert not Letter.objects.exists()
    assert inbox.choices(dora)["approved"] == How.PANEL
    assert inbox.choices(dora)["rejected"] == How.NOW


def test_a_choice_that_no_longer_exists_means_the_default(bob: User) -> None:
    inbox.choose(person=bob, wanted={"review": How.PANEL})
    bob.notice_settings.choices = {"review": "pigeon", "gone": "now"}
    bob.notice_settings.save()
    assert inbox.choices(bob)["review"] == How.NOW


def test_reading(alice: User, bob: User, dora: User) -> None:
    request = risky(alice)
    assert inbox.unread(bob) == 1
    inbox.seen(person=bob, request=request)
    assert (inbox.unread(bob), inbox.unread(dora)) == (0, 1)
    assert inbox.mark_read(person=dora, until=inbox.notices_of(dora).get().pk) == 1


def test_nobody_marks_what_is_somebody_elses(alice: User, bob: User, dora: User) -> None:
    risky(alice)
    assert inbox.mark_read(person=bob, notice=inbox.notices_of(dora).get()) == 0
    assert inbox.unread(dora) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nBcc: x@example.com", "a Bcc: x@example.com"),
        ("a\0b\x1b[1m", "a\\x00b\\x1B[1m"),
        ("authinfo P:secret", "authinfo P:••••"),
        ("x\u202ey", "x\\u202Ey"),
        ("x" * 300, "x" * 249 + "…"),
    ],
)
def test_a_subject_is_one_harmless_line(text: str, line: str) -> None:
    assert one_line(text) == line
