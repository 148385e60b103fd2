"""Who must look at what, and what no route gets around."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes, closing, reviews, threads
from tables.actors import Actor
from tables.entries import get_cluster, get_entry
from tables.errors import ChangeError, Forbidden, KeyHeld, ReasonMissing, ReviewError
from tables.models import Change, ChangeRequest, Review
from tables.releases import cut
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import make_person
from tests.services.editing import approve, delete, save, switch, value_of

pytestmark = pytest.mark.django_db

LOOSENING = [
    ("relay-domains", "customer.example", ""),
    ("access", "connect:203.0.113", "RELAY"),
    ("access", "to:customer.example", "RELAY"),
    ("access", "203.0.113.7", "RELAY"),
    ("access", "from:friend.example", "OK"),
    ("local-host-names", "new.example", ""),
    ("aliases", "run", '"|/usr/local/bin/run it"'),
    ("aliases", "archive", "/var/mail/archive"),
    ("aliases", "list", ":include:/etc/mail/list"),
    ("virtusertable", "@shop.example", "sales"),
]


@pytest.mark.parametrize(("table", "key", "value"), LOOSENING)
def test_what_loosens_waits_for_a_second_person(alice: User, bob: User, table: str, key: str, value: str) -> None:
    request = save(alice, table, key, value, reason="wanted")
    assert request.state == "submitted"
    assert value_of(table, key) is None
    assert approve(bob, request).state == "applied"
    assert value_of(table, key) == value


@pytest.mark.parametrize(("table", "key", "value"), LOOSENING)
def test_taking_it_back_needs_nobody_else(alice: User, bob: User, table: str, key: str, value: str) -> None:
    approve(bob, save(alice, table, key, value, reason="wanted"))
    assert delete(alice, table, key).state == "applied"
    assert value_of(table, key) is None


def test_a_plain_edit_is_applied_at_once(alice: User) -> None:
    assert save(alice, "aliases", "sales", "alice").state == "applied"
    assert value_of("aliases", "sales") == "alice"


def test_an_author_cannot_approve_their_own_request(dora: User, bob: User) -> None:
    request = save(dora, "relay-domains", "customer.example", reason="wanted")
    reviews.note_viewing(request=request, person=dora)
    with pytest.raises(ReviewError, match="author"):
        reviews.approve(request=request, reviewer=dora, checksum=request.checksum)


def test_not_even_a_superuser_approves_their_own_request(bob: User) -> None:
    root = User.objects.create_superuser("root2", password="x")
    request = save(root, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(ReviewError, match="author"):
        approve(root, request)


def test_who_edited_one_line_is_an_author_of_the_whole(alice: User, dora: User, bob: User) -> None:
    cluster = get_cluster()
    request = changes.draft(cluster=cluster, actor=Actor.of(alice), reason="wanted")
    spec = TABLES["relay-domains"]
    for person, key in ((alice, "a.example"), (dora, "b.example")):
        changes.propose(request=request, actor=Actor.of(person), table=spec, key=key, after=Entry(key, position=1))
    request = changes.submit(request=request, actor=Actor.of(alice))
    with pytest.raises(ReviewError, match="author"):
        approve(dora, request)
    assert approve(bob, request).state == "applied"


def test_who_submits_anothers_draft_is_an_author_too(alice: User, dora: User, bob: User) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), reason="wanted")
    spec = TABLES["relay-domains"]
    changes.propose(request=request, actor=Actor.of(alice), table=spec, key="a.example", after=Entry("a.example"))
    request = changes.submit(request=request, actor=Actor.of(dora))
    with pytest.raises(ReviewError, match="author"):
        approve(dora, request)


def test_one_harmless_and_one_relay_change_wait_together(alice: User, bob: User) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), reason="wanted")
    for table, key, value in (("aliases", "sales", "alice"), ("relay-domains", "a.example", "")):
        spec = TABLES[table]
        changes.propose(request=request, actor=Actor.of(alice), table=spec, key=key, after=Entry(key, value))
    request = changes.submit(request=request, actor=Actor.of(alice))
    assert request.state == "submitted"
    assert value_of("aliases", "sales") is None


def test_a_viewer_cannot_review(alice: User, bob: User, charlie: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(ReviewError, match="not an approver"):
        approve(charlie, request)


def test_a_viewer_cannot_propose(charlie: User) -> None:
    with pytest.raises(Forbidden):
        save(charlie, "aliases", "sales", "alice")


def test_who_lost_the_role_no_longer_counts(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    reviews.note_viewing(request=request, person=bob)
    bob.groups.clear()
    with pytest.raises(ReviewError, match="not an approver"):
        reviews.approve(request=request, reviewer=User.objects.get(pk=bob.pk), checksum=request.checksum)


@pytest.mark.parametrize("what", ["switched off", "no longer an approver"])
def test_what_they_approved_is_not_published_without_them(alice: User, bob: User, what: str) -> None:
    request = approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    if what == "switched off":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        bob.groups.clear()
    with pytest.raises(ChangeError, match=f"request {request.pk} is no longer an approver"):
        cut(cluster=get_cluster(), actor=Actor.of(alice))
    delete(alice, "relay-domains", "customer.example")
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 1


def test_who_was_switched_off_no_longer_counts(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    reviews.note_viewing(request=request, person=bob)
    bob.is_active = False
    bob.save()
    with pytest.raises(ReviewError, match="switched off"):
        reviews.approve(request=request, reviewer=bob, checksum=request.checksum)


def test_who_set_up_the_author_s_account_cannot_approve(alice: User, dora: User, bob: User) -> None:
    alice.credentials_set_by, alice.credentials_set_at = dora, timezone.now()
    alice.save()
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(ReviewError, match="set up the account of alice"):
        approve(dora, request)


def test_after_some_days_they_can(alice: User, dora: User) -> None:
    alice.credentials_set_by, alice.credentials_set_at = dora, timezone.now() - timedelta(days=8)
    alice.save()
    assert approve(dora, save(alice, "relay-domains", "customer.example", reason="wanted")).state == "applied"


def test_without_anybody_to_review_a_request_is_refused_at_once(alice: User, people: dict[str, User]) -> None:
    User.objects.filter(username__in=["bob", "dora"]).update(is_active=False)
    with pytest.raises(ChangeError, match="nobody may review"):
        save(alice, "relay-domains", "customer.example", reason="wanted")
    assert not ChangeRequest.objects.exists()


def test_nobody_approves_what_changed_since_they_looked(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    reviews.note_viewing(request=request, person=bob)
    with pytest.raises(ReviewError, match="changed since you looked"):
        reviews.approve(request=request, reviewer=bob, checksum="0" * 64)


def test_nobody_approves_what_they_never_opened(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(ReviewError, match="Open the request"):
        reviews.approve(request=request, reviewer=bob, checksum=request.checksum)


def test_a_change_slipped_in_behind_the_checksum_is_refused(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    request.changes.update(key="evil.example")
    with pytest.raises(ChangeError, match="not what was submitted"):
        approve(bob, request)
    assert value_of("relay-domains", "evil.example") is None


def test_a_request_marked_approved_without_a_review_is_refused(alice: User, bob: User) -> None:
    from tables import applying

    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    ChangeRequest.objects.filter(pk=request.pk).update(state="approved")
    with pytest.raises(Forbidden, match="needs an approval by one more person"):
        applying.apply(request=request, actor=Actor.of(bob))
    assert value_of("relay-domains", "customer.example") is None


def test_a_touched_entry_that_changed_since_makes_a_conflict(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    request = save(alice, "aliases", "sales", "|/bin/run", reason="wanted")
    Change.objects.filter(request=request).update(holds=False)  # as if the hold had been missed
    save(dora, "aliases", "sales", "dora")
    assert approve(bob, request).state == "conflicted"
    assert value_of("aliases", "sales") == "dora"


def test_one_open_request_holds_a_key(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    held = save(alice, "aliases", "sales", "|/bin/run", reason="wanted")
    with pytest.raises(KeyHeld, match=f"request {held.pk} of alice"):
        save(dora, "aliases", "sales", "dora")
    closing.withdraw(request=held, actor=Actor.of(alice))
    assert save(dora, "aliases", "sales", "dora").state == "applied"


def test_taking_a_program_away_does_not_wait_for_a_held_key(alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "aliases", "run", '"|/bin/one"', reason="wanted"))
    held = save(alice, "aliases", "run", '"|/bin/two"', reason="newer")
    assert delete(dora, "aliases", "run").state == "applied"
    held.refresh_from_db()
    assert held.state == "conflicted"


def test_one_rejection_stops_a_request(alice: User, bob: User, dora: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    reviews.note_viewing(request=request, person=bob)
    reviews.reject(request=request, reviewer=bob, checksum=request.checksum, comment="no contract")
    with pytest.raises(ReviewError, match="rejected"):
        approve(dora, request)


def test_a_rejection_says_why(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    reviews.note_viewing(request=request, person=bob)
    with pytest.raises(ReviewError, match="Say why"):
        reviews.reject(request=request, reviewer=bob, checksum=request.checksum, comment=" ")


def test_a_second_decision_is_refused(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    approve(bob, request)
    with pytest.raises(ReviewError):
        approve(bob, request)


def test_what_loosens_says_why(alice: User, bob: User) -> None:
    with pytest.raises(ReasonMissing, match="second person"):
        save(alice, "relay-domains", "customer.example")
    assert not ChangeRequest.objects.exists()


def test_a_relay_opened_by_removing_a_narrower_reject_waits(alice: User, bob: User) -> None:
    approve(bob, save(alice, "access", "connect:203.0.113", "RELAY", reason="wanted"))
    save(alice, "access", "connect:203.0.113.9", "REJECT")
    request = delete(alice, "access", "connect:203.0.113.9", reason="wanted")
    assert request.state == "submitted"
    assert "relay" in request.risks


def test_switching_a_relay_on_waits_and_off_does_not(alice: User, bob: User) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    assert switch(alice, "relay-domains", "customer.example", False).state == "applied"
    assert switch(alice, "relay-domains", "customer.example", True, reason="again").state == "submitted"


def test_the_risk_is_found_again_when_applied(alice: User, bob: User) -> None:
    """A REJECT is taken away; before that is applied somebody opens a wider relay above it."""
    save(alice, "access", "connect:203.0.113.9", "REJECT")
    request = delete(alice, "access", "connect:203.0.113.9", reason="wanted")
    assert request.risks == ["bypass"]
    approve(bob, save(alice, "access", "connect:203.0.113", "RELAY", reason="wanted"))
    ChangeRequest.objects.filter(pk=request.pk).update(risks=[])  # whatever the list said
    from tables import applying

    with pytest.raises(Forbidden, match="relay"):
        applying.apply(request=request, actor=Actor.of(alice))


def test_the_database_refuses_an_author_as_reviewer(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            request=request, author=alice, reviewer=alice, decision="approve", checksum=request.checksum
        )


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_database_refuses_to_alter_a_review(alice: User, bob: User, act: str) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    given = Review.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        given.update(comment="never mind") if act == "update" else given._raw_delete("default")


def test_open_requests_expire(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    assert closing.expire(now=timezone.now() + timedelta(days=13)) == 0
    assert closing.expire(now=timezone.now() + timedelta(days=15)) == 1
    request.refresh_from_db()
    assert request.state == "expired"
    with pytest.raises(ReviewError, match="expired"):
        approve(bob, request)


def test_an_approved_request_that_is_held_back_expires_too(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    threads.ask(request=request, person=bob, text="Who is that?")
    assert approve(bob, request).state == "approved"
    assert closing.expire(now=timezone.now() + timedelta(days=13)) == 0
    assert closing.expire(now=timezone.now() + timedelta(days=15)) == 1
    request.refresh_from_db()
    assert (request.state, request.outcome) == ("expired", "It was approved, but not applied within 14 days.")


def test_a_stranger_cannot_withdraw(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(Forbidden):
        closing.withdraw(request=request, actor=Actor.of(bob))


def test_the_command_line_may_author_and_not_review(bob: User, alice: User) -> None:
    request = save(None, "relay-domains", "customer.example", reason="wanted")
    assert request.state == "submitted"
    assert request.author is None
    assert get_entry(cluster=get_cluster(), table=TABLES["relay-domains"], key="customer.example") is None


def test_two_roles_make_one_person(alice: User) -> None:
    both = make_person("eve", Role.POSTMASTER, Role.APPROVER)
    make_person("frank", Role.APPROVER)
    request = save(both, "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(ReviewError, match="author"):
        approve(both, request)
