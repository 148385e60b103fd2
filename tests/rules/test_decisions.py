"""Rules 29 to 32: final, counted once, enforced where it is applied and by the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mailadmin.accounts.models import User
from tables import amending, applying, reviews
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden, ReviewError
from tables.models import ChangeRequest, Review
from tests.rules.test_who_may_approve import demand_two
from tests.services.editing import approve, value_of

pytestmark = pytest.mark.django_db


def reject(person: User, request: ChangeRequest) -> None:
    reviews.note_viewing(request=request, person=person)
    reviews.reject(request=request, reviewer=person, checksum=request.checksum, comment="no contract")


def test_rule_29_one_rejection_is_not_outvoted(
    alice: User, bob: User, erin: User, dora: User, relay: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand_two(monkeypatch)
    approve(bob, relay)
    reject(erin, relay)
    with pytest.raises(ReviewError, match="rejected"):
        approve(dora, relay)
    with pytest.raises(ChangeError, match="rejected"):
        amending.bring_up_to_date(request=relay, actor=Actor.of(alice))
    assert value_of("relay-domains", "customer.example") is None


def test_rule_30_a_decision_is_final_for_its_version(
    bob: User, erin: User, relay: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand_two(monkeypatch)
    approve(bob, relay)
    with pytest.raises(ReviewError, match="decided on this version already"):
        approve(bob, relay)
    with pytest.raises(ReviewError, match="decided on this version already"):
        reject(bob, relay)


@pytest.mark.parametrize("state", ["draft", "approved", "submitted"])
def test_rule_31_the_states_are_enforced_where_a_request_is_applied(
    alice: User, bob: User, relay: ChangeRequest, state: str
) -> None:
    ChangeRequest.objects.filter(pk=relay.pk).update(state=state)
    with pytest.raises((Forbidden, ChangeError)):
        applying.apply(request=relay, actor=Actor.of(alice))
    assert value_of("relay-domains", "customer.example") is None


@pytest.mark.parametrize("state", ["applied", "rejected", "withdrawn", "conflicted", "expired"])
def test_rule_31_what_is_closed_is_never_applied(alice: User, bob: User, relay: ChangeRequest, state: str) -> None:
    ChangeRequest.objects.filter(pk=relay.pk).update(state=state)
    with pytest.raises(ChangeError, match=state):
        applying.apply(request=relay, actor=Actor.of(bob))
    with pytest.raises(ReviewError, match=state):
        approve(bob, relay)


def a_review(request: ChangeRequest, person: User, **more: object) -> Review:
    return Review(
        request=request, author=request.author, reviewer=person, decision="approve", checksum=request.checksum, **more
    )


def test_rule_32_the_database_refuses_an_author_and_a_contributor(
    alice: User, dora: User, bob: User, relay: ChangeRequest
) -> None:
    again = amending.amend(request=relay, actor=Actor.of(dora), seen=relay.checksum, lines={}, reason="better")
    for person in (alice, dora):
        with pytest.raises(IntegrityError), transaction.atomic():
            a_review(again, person).save()


def test_rule_32_the_database_refuses_a_second_decision_of_one_turn(bob: User, relay: ChangeRequest) -> None:
    a_review(relay, bob).save()
    with pytest.raises(DatabaseError), transaction.atomic():
        a_review(relay, bob).save()


@pytest.mark.parametrize("statement", ["UPDATE tables_review SET decision = 'reject'", "DELETE FROM tables_review"])
def test_rule_32_the_database_keeps_reviews_as_they_are(bob: User, relay: ChangeRequest, statement: str) -> None:
    approve(bob, relay)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
