"""Decisions at the same moment: one of them counts, and what is applied is what was decided on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts import people
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import amending, applying, audit, closing, reviews
from tables.actors import Actor
from tables.models import AuditEvent, Change, ChangeRequest, Cluster, Review
from tables.sendmail.spec import Entry
from tests.machine.history import wrong
from tests.parallel.conftest import Cast
from tests.parallel.racing import Act, done, interrupted, race, refusals
from tests.services.editing import approve, delete, save, value_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def relay(cast: Cast, number: int = 0) -> ChangeRequest:
    """A request that bob and ben have opened."""
    request = save(cast["alice"], "relay-domains", f"c{number}.example", reason="wanted")
    for name in ("bob", "ben"):
        reviews.note_viewing(request=request, person=cast[name])
    return request


def approval(cast: Cast, name: str, request: ChangeRequest) -> Act:
    return lambda: reviews.approve(request=request, reviewer=User.objects.get(username=name), checksum=request.checksum)


def rejection(cast: Cast, name: str, request: ChangeRequest) -> Act:
    return lambda: reviews.reject(
        request=request, reviewer=cast[name], checksum=request.checksum, comment="no contract"
    )


def state_of(request: ChangeRequest) -> str:
    return ChangeRequest.objects.get(pk=request.pk).state


def test_two_reviewers_at_once_apply_a_request_once(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = relay(cast, number)
        results = race(approval(cast, "bob", request), approval(cast, "ben", request))
        assert len(done(results)) == 1
        assert refusals(results) == ["This request is applied."]

    for number in range(ROUNDS):
        once(number)
    assert Change.objects.filter(number__isnull=False).count() == ROUNDS
    assert wrong(cluster) == []


def test_one_reviewer_twice_at_once_decides_once(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = relay(cast, number)
        results = race(approval(cast, "bob", request), approval(cast, "bob", request))
        assert len(done(results)) == 1
        assert Review.objects.filter(request=request).count() == 1

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_of_an_approval_and_a_rejection_the_first_counts(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = relay(cast, number)
        results = race(approval(cast, "bob", request), rejection(cast, "ben", request))
        assert len(done(results)) == 1
        stands = value_of("relay-domains", f"c{number}.example")
        assert (state_of(request), stands) in {("applied", ""), ("rejected", None)}

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_of_an_approval_and_a_withdrawal_the_first_counts(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = relay(cast, number)
        results = race(
            approval(cast, "bob", request),
            lambda: closing.withdraw(request=request, actor=Actor.of(cast["alice"])),
        )
        assert len(done(results)) == 1
        assert state_of(request) in {"applied", "withdrawn"}

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_what_was_edited_meanwhile_is_not_approved_unseen(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = save(cast["alice"], "aliases", f"run{number}", '"|/bin/one"', reason="wanted")
        reviews.note_viewing(request=request, person=cast["bob"])
        line = request.changes.get().pk

        def amend() -> object:
            return amending.amend(
                request=request,
                actor=Actor.of(cast["amy"]),
                seen=request.checksum,
                lines={line: Entry("", '"|/bin/two"')},
                reason="newer",
                confirmed=True,
            )

        race(approval(cast, "bob", request), amend)
        assert value_of("aliases", f"run{number}") in {None, '"|/bin/one"'}

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_who_looks_does_not_stand_in_the_way_of_who_decides(cast: Cast, cluster: Cluster) -> None:
    request = save(cast["alice"], "relay-domains", "c.example", reason="wanted")
    reviews.note_viewing(request=request, person=cast["bob"])
    first, second = interrupted(
        approval(cast, "bob", request),
        audit,
        "record",
        lambda: reviews.note_viewing(request=request, person=cast["ben"]),
    )
    assert refusals([first, second]) == []
    assert state_of(request) == "applied"


# --- against edits ----------------------------------------------------------------------------------------------------


def test_a_tightening_and_the_approval_of_the_same_key_leave_one_of_both(cast: Cast, cluster: Cluster) -> None:
    """The alias runs a program; one request makes it another one while somebody takes it away."""

    def once(number: int) -> None:
        key = f"run{number}"
        approve(cast["bob"], save(cast["alice"], "aliases", key, '"|/bin/one"', reason="wanted"))
        held = save(cast["alice"], "aliases", key, '"|/bin/two"', reason="newer")
        reviews.note_viewing(request=held, person=cast["bob"])
        results = race(approval(cast, "bob", held), lambda: delete(cast["dora"], "aliases", key))
        outcome = (state_of(held), value_of("aliases", key), len(done(results)))
        assert outcome in {
            ("conflicted", None, 1),  # taken away first: there is nothing left to approve
            ("applied", '"|/bin/two"', 1),  # changed first: who wanted it away is told what it became
            ("applied", None, 2),  # changed first, and taken away from there
        }

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_what_is_withdrawn_while_a_tightening_overtakes_it_is_closed_once(cast: Cast, cluster: Cluster) -> None:
    approve(cast["bob"], save(cast["alice"], "aliases", "run", '"|/bin/one"', reason="wanted"))
    held = save(cast["alice"], "aliases", "run", '"|/bin/two"', reason="newer")
    _first, second = interrupted(
        lambda: closing.withdraw(request=held, actor=Actor.of(cast["alice"])),
        audit,
        "record",
        lambda: delete(cast["dora"], "aliases", "run"),
    )
    assert done([second])
    assert state_of(held) in {"withdrawn", "conflicted"}
    assert wrong(cluster) == []


def test_what_expires_while_a_tightening_overtakes_it_is_closed_once(cast: Cast, cluster: Cluster) -> None:
    approve(cast["bob"], save(cast["alice"], "aliases", "run", '"|/bin/one"', reason="wanted"))
    held = save(cast["alice"], "aliases", "run", '"|/bin/two"', reason="newer")
    ChangeRequest.objects.filter(pk=held.pk).update(submitted_at=timezone.now() - timedelta(days=15))
    _first, second = interrupted(
        closing.expire,
        audit,
        "record",
        lambda: delete(cast["dora"], "aliases", "run"),
    )
    assert done([second])
    assert state_of(held) in {"expired", "conflicted"}
    assert wrong(cluster) == []


# --- against changes of rights ----------------------------------------------------------------------------------------


def order_of(*actions: str) -> list[str]:
    return list(AuditEvent.objects.filter(action__in=actions).order_by("number").values_list("action", flat=True))


def take_role(cast: Cast, name: str) -> Act:
    return lambda: people.change(
        actor=Actor.of(cast["dora"]), person=cast[name], full_name="", email="", roles=[Role.VIEWER]
    )


def test_who_loses_the_role_meanwhile_has_approved_before_or_not_at_all(cast: Cast, cluster: Cluster) -> None:
    request = relay(cast)
    first, second = interrupted(approval(cast, "bob", request), Review.objects, "create", take_role(cast, "bob"))
    assert done([second])
    if done([first]):
        assert order_of("request-approved", "person-changed") == ["request-approved", "person-changed"]
    else:
        assert state_of(request) == "submitted"


def test_who_is_locked_out_meanwhile_has_approved_before_or_not_at_all(cast: Cast, cluster: Cluster) -> None:
    request = relay(cast)
    first, second = interrupted(
        approval(cast, "bob", request),
        Review.objects,
        "create",
        lambda: people.switch(actor=Actor.of(cast["dora"]), person=cast["bob"], active=False),
    )
    assert done([second])
    if done([first]):
        assert order_of("request-approved", "person-changed") == ["request-approved", "person-changed"]
    else:
        assert state_of(request) == "submitted"


def test_an_approval_and_the_loss_of_the_role_at_once_do_not_lock_each_other_out(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = relay(cast, number)
        race(approval(cast, "bob", request), take_role(cast, "bob"))
        cast["bob"] = people.change(
            actor=Actor.command(), person=cast["bob"], full_name="", email="", roles=[Role.APPROVER]
        )

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_two_administrators_do_not_put_each_other_out(cast: Cast, cluster: Cluster) -> None:
    results = race(
        lambda: people.switch(actor=Actor.of(cast["dora"]), person=cast["dan"], active=False),
        lambda: people.switch(actor=Actor.of(cast["dan"]), person=cast["dora"], active=False),
    )
    assert done(results)
    assert User.objects.filter(is_active=True, groups__name=Role.ADMINISTRATOR).exists()


def test_what_is_applied_counts_only_approvals_that_stand_then(cast: Cast, cluster: Cluster) -> None:
    request = relay(cast)
    first, second = interrupted(
        approval(cast, "bob", request), applying, "settle_locked", rejection(cast, "ben", request)
    )
    assert len(done([first, second])) == 1
    assert wrong(cluster) == []
