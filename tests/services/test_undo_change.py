"""One change is taken back as a new request, unless something was changed since; and all since any change."""

import pytest

from mailadmin.accounts.models import User
from tables import changes, undoing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden, NotDelegated
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import delegate, make_limited
from tests.services.editing import approve, delete, save, settle, value_of

pytestmark = pytest.mark.django_db


def change_of(key: str, which: int = -1) -> Change:
    found = list(Change.objects.filter(key=key, number__isnull=False).order_by("number"))
    return found[which]


def undo(person: User, change: Change, reason: str = "") -> ChangeRequest:
    return undoing.undo_change(change=change, actor=Actor.of(person), reason=reason)


def two_at_once(person: User) -> ChangeRequest:
    actor, cluster = Actor.of(person), get_cluster()
    request = changes.draft(cluster=cluster, actor=actor)
    pairs = [(None, Entry(key, "alice", position=place)) for place, key in enumerate(("sales", "press"), start=1)]
    changes.propose_many(request=request, actor=actor, table=TABLES["aliases"], pairs=pairs)
    return changes.submit(request=request, actor=actor)


def test_one_change_of_a_request_is_taken_back_alone(alice: User) -> None:
    two_at_once(alice)

    done = undo(alice, change_of("sales"))

    assert (done.state, done.kind, done.undoes) == ("applied", "revert", None)
    assert (value_of("aliases", "sales"), value_of("aliases", "press")) == (None, "alice")
    again = undo(alice, change_of("sales"))
    assert again.state == "applied"
    assert value_of("aliases", "sales") == "alice"


def test_the_only_change_of_a_request_is_the_request(alice: User) -> None:
    request = save(alice, "aliases", "sales", "alice")

    assert undo(alice, change_of("sales")).undoes == request


def test_what_was_changed_since_is_refused_and_says_by_whom(alice: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    later = save(dora, "aliases", "sales", "dora")

    with pytest.raises(undoing.Overtaken) as refused:
        undo(alice, change_of("sales", 0))
    assert str(refused.value) == (
        f"sales in aliases was changed since, by request {later.pk} of dora. "
        "Undo that change first, or edit the entry by hand."
    )
    assert value_of("aliases", "sales") == "dora"
    undo(alice, change_of("sales"))
    undo(alice, change_of("sales", 0))
    assert value_of("aliases", "sales") is None


def test_taking_back_what_closed_a_relay_needs_two_people(alice: User, bob: User) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="new"))
    delete(alice, "relay-domains", "customer.example")

    request = undo(alice, change_of("customer.example"), reason="They are back")

    assert request.state == "submitted"
    assert value_of("relay-domains", "customer.example") is None
    assert approve(bob, request).state == "applied"
    assert value_of("relay-domains", "customer.example") == ""


def test_what_was_only_proposed_cannot_be_undone(alice: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="new")
    with pytest.raises(ChangeError, match="was not applied"):
        undo(alice, request.changes.get())


def test_whoever_may_only_look_or_sees_another_domain_undoes_nothing(alice: User, charlie: User) -> None:
    save(alice, "virtusertable", "a@foreign.example", "x@foreign.example")
    erin = make_limited("erin", "postmaster")  # type: ignore[arg-type]
    delegate(erin, "virtusertable", "own.example", outside_targets=True)
    for person, refusal in ((charlie, Forbidden), (erin, NotDelegated)):
        with pytest.raises(refusal):
            undo(person, change_of("a@foreign.example"))
    assert value_of("virtusertable", "a@foreign.example") == "x@foreign.example"


def test_all_since_any_change_is_taken_back_at_once(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "one")
    save(alice, "aliases", "press", "one")
    then = Cluster.objects.get().last_change
    save(alice, "aliases", "sales", "two")
    delete(alice, "aliases", "press")
    save(alice, "aliases", "info", "two")

    request = undoing.back_to_change(
        cluster=get_cluster(), change_number=then, actor=Actor.of(alice), reason="All was well then"
    )
    done = settle(bob, request)

    assert (done.state, done.kind) == ("applied", "rollback")
    assert [value_of("aliases", key) for key in ("sales", "press", "info")] == ["one", "one", None]
    with pytest.raises(ChangeError, match="say that already"):
        undoing.back_to_change(cluster=get_cluster(), change_number=then, actor=Actor.of(alice), reason="again")
