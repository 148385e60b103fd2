"""Two who edit at the same moment: nothing is lost, and each number of the change log is given once."""

from __future__ import annotations

import pytest

from tables import amending, applying, changes
from tables.actors import Actor
from tables.entries import get_entry
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.machine.history import wrong
from tests.parallel.conftest import Cast
from tests.parallel.racing import done, interrupted, race, refusals
from tests.services.editing import save, value_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4
ALIASES = TABLES["aliases"]


def checksum(cluster: Cluster, key: str) -> str:
    return changes.entry_checksum(get_entry(cluster=cluster, table=ALIASES, key=key))


def test_of_two_editors_of_one_entry_one_is_told_what_the_other_did(cast: Cast, cluster: Cluster) -> None:
    save(cast["alice"], "aliases", "sales", "nobody")

    def once(number: int) -> None:
        seen = checksum(cluster, "sales")
        results = race(
            lambda: save(cast["alice"], "aliases", "sales", f"alice{number}", seen=seen),
            lambda: save(cast["amy"], "aliases", "sales", f"amy{number}", seen=seen),
        )
        assert len(done(results)) == 1
        assert "somebody changed it" in refusals(results)[0]
        assert value_of("aliases", "sales") in {f"alice{number}", f"amy{number}"}

    for number in range(ROUNDS):
        once(number)
    assert Change.objects.filter(number__isnull=False).count() == 1 + ROUNDS
    assert wrong(cluster) == []


def test_of_two_who_add_one_key_one_does(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        results = race(
            *(
                lambda name=name: save(cast[name], "aliases", f"key{number}", name, original_key="")
                for name in ("alice", "amy")
            )
        )
        assert len(done(results)) == 1

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_an_editor_who_comes_between_is_not_overwritten(cast: Cast, cluster: Cluster) -> None:
    """The other one has read the entry already and waits to apply."""
    save(cast["alice"], "aliases", "sales", "nobody")
    seen = checksum(cluster, "sales")
    first, second = interrupted(
        lambda: save(cast["alice"], "aliases", "sales", "alice", seen=seen),
        changes,
        "submit",
        lambda: save(cast["amy"], "aliases", "sales", "amy", seen=seen),
    )
    assert len(done([first, second])) == 1
    assert wrong(cluster) == []


def test_editors_of_different_keys_all_succeed_and_leave_no_gap(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        results = race(
            *(
                lambda name=name: save(cast[name], "aliases", f"{name}{number}", "root")
                for name in ("alice", "amy", "dora", "dan")
            )
        )
        assert refusals(results) == []

    for number in range(ROUNDS):
        once(number)
    numbers = Change.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 4 * ROUNDS + 1))
    assert wrong(cluster) == []


def test_one_key_is_held_by_one_of_two_requests(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        results = race(
            *(
                lambda name=name: save(cast[name], "relay-domains", f"c{number}.example", reason=name)
                for name in ("alice", "amy")
            )
        )
        assert len(done(results)) == 1
        assert "held by change request" in refusals(results)[0] or "holds one of the keys" in refusals(results)[0]

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


# --- requests that wait -----------------------------------------------------------------------------------------------


def waiting(cast: Cast, number: int) -> ChangeRequest:
    return save(cast["alice"], "aliases", f"run{number}", '"|/bin/one"', reason="wanted")


def test_of_two_who_edit_a_request_one_is_told_that_it_changed(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = waiting(cast, number)
        line = request.changes.get().pk

        def amend(name: str) -> object:
            return amending.amend(
                request=request,
                actor=Actor.of(cast[name]),
                seen=request.checksum,
                lines={line: Entry("", f'"|/bin/{name}"')},
                reason=name,
                confirmed=True,
            )

        results = race(lambda: amend("alice"), lambda: amend("amy"))
        assert len(done(results)) == 1
        assert "changed since you looked" in refusals(results)[0]
        request.refresh_from_db()
        assert request.reason in request.changes.get().after["value"]  # type: ignore[index]

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []


def test_a_request_that_is_edited_while_another_edits_it_is_not_mixed(cast: Cast, cluster: Cluster) -> None:
    request = waiting(cast, 0)
    line = request.changes.get().pk

    def amend(name: str) -> object:
        return amending.amend(
            request=request,
            actor=Actor.of(cast[name]),
            seen=request.checksum,
            lines={line: Entry("", f'"|/bin/{name}"')},
            reason=name,
            confirmed=True,
        )

    results = interrupted(lambda: amend("alice"), applying, "locked", lambda: amend("amy"))
    assert len(done(list(results))) == 1
    request.refresh_from_db()
    assert request.reason in request.changes.get().after["value"]  # type: ignore[index]


def test_two_who_bring_a_request_up_to_date_do_not_spoil_it(cast: Cast, cluster: Cluster) -> None:
    def once(number: int) -> None:
        request = waiting(cast, number)
        race(
            *(
                lambda name=name: amending.bring_up_to_date(request=request, actor=Actor.of(cast[name]))
                for name in ("alice", "amy")
            )
        )
        request.refresh_from_db()
        assert request.state == ChangeRequest.State.SUBMITTED
        assert request.changes.count() == 1

    for number in range(ROUNDS):
        once(number)
    assert wrong(cluster) == []
