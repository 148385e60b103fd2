"""Rules 18 to 24 and 39: exactly what was shown, for as long as it is true."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError

from mailadmin.accounts.models import User
from tables import amending, applying, closing, reviews
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden, KeyHeld, ReviewError, Stale
from tables.models import ChangeRequest
from tables.releases import cut, entries_at
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import approve, save, value_of

pytestmark = pytest.mark.django_db


def ask(person: User, request: ChangeRequest) -> None:
    """Open a thread, which holds the request back."""
    from tables import threads

    threads.ask(request=request, person=person, text="Who are they?")


def amended(request: ChangeRequest, person: User, **what: str) -> ChangeRequest:
    line = request.changes.get()
    wanted = {"value": "", "comment": "", **line.after, **what} if line.after else {}
    lines = {line.pk: Entry(line.key, wanted["value"], wanted["comment"], True)}
    return amending.amend(
        request=request,
        actor=Actor.of(person),
        seen=request.checksum,
        lines=lines,
        reason=request.reason,
        confirmed=True,
    )


@pytest.mark.parametrize("what", ["before", "after", "reason", "action", "lines", "author"])
def test_rule_18_an_approval_signs_operations_bases_and_the_lines_of_the_file(
    alice: User, dora: User, bob: User, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    change = request.changes.get()
    assert applying.request_checksum(request, [change]) == request.checksum
    if what == "before":
        change.before = {**(change.before or {}), "comment": "x"}
    elif what == "after":
        change.after = {**(change.after or {}), "value": '"|/bin/evil"'}
    elif what == "reason":
        request.reason = "another"
    elif what == "action":
        change.action = "create"
    elif what == "author":
        change.author = dora
    else:
        monkeypatch.setattr("tables.applying.item_text", lambda _table, _entry: "evil: |/bin/evil\n")
    assert applying.request_checksum(request, [change]) != request.checksum


@pytest.mark.parametrize("edit", ["a typo in a comment", "the reason"])
def test_rule_19_any_edit_voids_all_approvals(
    alice: User, bob: User, dora: User, relay: ChangeRequest, edit: str
) -> None:
    ask(bob, relay)
    assert approve(bob, relay).state == "approved"
    relay.refresh_from_db()
    if edit == "the reason":
        again = amending.amend(request=relay, actor=Actor.of(alice), seen=relay.checksum, lines={}, reason="other")
    else:
        again = amended(relay, alice, comment="custommer")
    assert again.state == "submitted"
    assert value_of("relay-domains", "customer.example") is None
    with pytest.raises(ReviewError, match="Open the request"):
        reviews.approve(request=again, reviewer=bob, checksum=again.checksum)


def test_rule_20_a_rebase_keeps_approvals_only_where_the_checksum_is_the_same(
    alice: User, bob: User, dora: User
) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    ask(bob, request)
    approve(bob, request)
    request.refresh_from_db()
    same = amending.bring_up_to_date(request=request, actor=Actor.of(dora))
    assert (same.checksum, same.state) == (request.checksum, "approved")
    request.changes.update(holds=False)  # as if the hold had been missed
    save(dora, "aliases", "run", "dora")
    other = amending.bring_up_to_date(request=same, actor=Actor.of(alice))
    assert other.checksum != request.checksum
    assert other.state == "submitted"


def test_rule_21_a_touched_row_that_changed_is_never_overwritten(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    request.changes.update(holds=False)  # as if the hold had been missed
    save(dora, "aliases", "run", "dora")
    assert approve(bob, request).state == "conflicted"
    assert value_of("aliases", "run") == "dora"
    request.refresh_from_db()
    rebased = amending.bring_up_to_date(request=request, actor=Actor.of(alice))
    assert rebased.state == "submitted"
    change = rebased.changes.get()
    assert (change.before or {})["value"] == "dora"
    assert approve(bob, rebased).state == "applied"
    assert value_of("aliases", "run") == '"|/bin/run"'


def test_rule_21_a_rebase_keeps_what_others_changed_of_the_same_entry(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    request.changes.update(holds=False)
    save(dora, "aliases", "run", "alice", comment="dora's remark")
    rebased = amending.bring_up_to_date(request=request, actor=Actor.of(alice))
    after = rebased.changes.get().after or {}
    assert (after["value"], after["comment"]) == ('"|/bin/run"', "dora's remark")


def test_rule_21_what_is_done_already_drops_out_of_a_rebase(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    request.changes.update(holds=False)
    approve(bob, save(dora, "aliases", "run", '"|/bin/run"', reason="wanted"))
    with pytest.raises(ChangeError, match="stands already"):
        amending.bring_up_to_date(request=request, actor=Actor.of(alice))


def test_rule_21_an_edit_starts_from_what_stands(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    request.changes.update(holds=False)
    save(dora, "aliases", "run", "dora")
    with pytest.raises(Stale):
        amended(request, alice, value='"|/bin/other"')


def test_rule_22_nothing_forces_a_request_whose_checksum_differs(alice: User, bob: User, relay: ChangeRequest) -> None:
    relay.changes.update(key="evil.example")
    reviews.note_viewing(request=relay, person=bob)
    with pytest.raises(ChangeError, match="not what was submitted"):
        reviews.approve(request=relay, reviewer=bob, checksum=relay.checksum)
    with pytest.raises(ChangeError, match="not what was submitted"):
        applying.apply(request=relay, actor=Actor.command())
    assert value_of("relay-domains", "evil.example") is None


def test_rule_23_one_open_request_holds_a_key_and_is_named(alice: User, dora: User, relay: ChangeRequest) -> None:
    with pytest.raises(KeyHeld, match=f"request {relay.pk} of alice"):
        save(dora, "relay-domains", "customer.example", reason="wanted too")


def test_rule_23_a_conflicted_request_holds_nothing_until_it_is_rebased(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "run", "alice")
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    request.changes.update(holds=False)
    save(dora, "aliases", "run", "dora")
    approve(bob, request)
    holder = save(dora, "aliases", "run", '"|/bin/other"', reason="wanted")
    request.refresh_from_db()
    with pytest.raises(KeyHeld, match=f"request {holder.pk} of dora"):
        amending.bring_up_to_date(request=request, actor=Actor.of(alice))


def test_rule_24_an_approval_that_waited_too_long_applies_nothing(
    alice: User, bob: User, relay: ChangeRequest, later: Callable[..., None]
) -> None:
    ask(alice, relay)
    assert approve(bob, relay).state == "approved"
    later(hours=73)
    from tables import threads

    done = threads.resolve(thread=relay.remarks.get(), person=alice)
    assert done.state == "submitted"
    assert value_of("relay-domains", "customer.example") is None
    assert approve(bob, done).state == "applied"


def test_rule_24_an_approval_that_waited_too_long_publishes_nothing(
    alice: User, bob: User, relay: ChangeRequest, later: Callable[..., None]
) -> None:
    applied = approve(bob, relay)
    later(hours=73)
    with pytest.raises(ChangeError, match="approved more than 72 hours ago"):
        cut(cluster=get_cluster(), actor=Actor.of(alice))
    assert reviews.needs_renewal(applied)
    approve(bob, applied)
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 1


def test_rule_24_an_open_request_expires(relay: ChangeRequest) -> None:
    from datetime import timedelta

    from django.utils import timezone

    assert closing.expire(now=timezone.now() + timedelta(days=15)) == 1


def test_a_review_can_be_withdrawn_until_it_is_applied(alice: User, bob: User, relay: ChangeRequest) -> None:
    ask(bob, relay)
    approve(bob, relay)
    assert reviews.take_back(request=relay, reviewer=bob, comment="not so fast").state == "submitted"
    from tables import threads

    assert threads.resolve(thread=relay.remarks.get(), person=bob).state == "submitted"
    with pytest.raises(ReviewError, match="took back your approval"):
        approve(bob, relay)


def test_what_is_applied_is_not_taken_back(bob: User, relay: ChangeRequest) -> None:
    approve(bob, relay)
    with pytest.raises(ReviewError, match="applied"):
        reviews.take_back(request=relay, reviewer=bob)


def test_only_who_may_edit_edits_a_request(charlie: User, bob: User, relay: ChangeRequest) -> None:
    for person in (charlie, bob):
        with pytest.raises(Forbidden):
            amended(relay, person, comment="x")
    relay.refresh_from_db()
    assert relay.state == "submitted"


def test_rule_39_a_release_holds_the_approved_requests_and_nothing_that_waits(
    alice: User, bob: User, relay: ChangeRequest
) -> None:
    approve(bob, save(alice, "relay-domains", "approved.example", reason="wanted"))
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    spec = TABLES["relay-domains"]
    found = entries_at(cluster=get_cluster(), table=spec, change_number=release.change_number)
    assert [entry.key for entry in found] == ["approved.example"]


def test_rule_39_what_was_approved_cannot_be_altered_in_a_release(alice: User, bob: User, relay: ChangeRequest) -> None:
    from tables.publishing.converging import _check_release
    from tables.publishing.errors import PublishError

    approve(bob, relay)
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    try:
        relay.changes.update(key="evil.example")
    except DatabaseError:
        return  # the database itself refuses it
    with pytest.raises(PublishError, match="not those that it was cut with"):
        _check_release(release)
