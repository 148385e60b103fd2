"""Entries that begin and end by themselves, and what of that needs a second person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import changes, dates, due, entries, releases, scheduling, scopes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Invalid
from tables.models import Change, ChangeRequest, Notice
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.verifying import verify
from tests.services.editing import actor, approve, delete, save, switch
from tests.web.visits import standing, stands

TOMORROW = timezone.now() + timedelta(days=1)
LATER, EVEN_LATER = due.stamp(TOMORROW), due.stamp(TOMORROW + timedelta(days=7))


def dated(person: User, table: str, key: str, value: str = "", **about: str) -> ChangeRequest:
    current = stands(table, key)
    return changes.save_entry(
        cluster=get_cluster(),
        actor=actor(person),
        table=TABLES[table],
        original_key=key if current else None,
        typed=Entry(key, value, enabled=current.enabled if current else True),
        seen=changes.entry_checksum(current),
        reason="for a while",
        confirmed=True,
        about=about,
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """A clock that a test puts forward."""
    at = [timezone.now()]
    monkeypatch.setattr(due.timezone, "now", lambda: at[0])
    return at


def put_forward(clock: list[datetime], **by: float) -> int:
    clock[0] += timedelta(**by)
    return scheduling.carry_out()


def test_an_entry_is_off_until_it_begins_and_once_it_has_ended(alice: User, clock: list[datetime]) -> None:
    dated(alice, "aliases", "fair", "anna", starts=LATER, ends=EVEN_LATER, owner="anna", ticket="HELP-1")
    assert not standing("aliases", "fair").enabled
    assert put_forward(clock, hours=1) == 0

    assert put_forward(clock, days=1) == 1

    fair = standing("aliases", "fair")
    assert (fair.enabled, fair.starts, fair.ends, fair.owner, fair.ticket) == (True, "", EVEN_LATER, "anna", "HELP-1")
    assert put_forward(clock, days=1) == 0
    assert put_forward(clock, days=7) == 1
    assert not standing("aliases", "fair").enabled
    assert put_forward(clock, days=1) == 0
    assert [request.state for request in ChangeRequest.objects.filter(kind="schedule")] == ["applied", "applied"]
    assert list(verify([])) == []


def test_who_set_a_date_is_told(alice: User, clock: list[datetime]) -> None:
    dated(alice, "aliases", "fair", "anna", starts=LATER)
    put_forward(clock, days=2)

    notice = Notice.objects.get(person=alice, kind="dates")
    assert notice.text == "Reason: By the dates that were set: fair in aliases begin."


def test_what_begins_later_is_approved_when_the_date_is_set(alice: User, bob: User, clock: list[datetime]) -> None:
    asked = dated(alice, "relay-domains", "partner.example", starts=LATER)
    assert (asked.state, asked.risks) == ("submitted", ["relay"])
    approve(bob, asked)
    assert not standing("relay-domains", "partner.example").enabled

    assert put_forward(clock, days=2) == 1

    assert standing("relay-domains", "partner.example").enabled
    assert list(verify([])) == []


def test_an_end_that_opens_something_is_approved_when_it_is_set(alice: User, bob: User, clock: list[datetime]) -> None:
    save(alice, "access", "from:spam.example", "REJECT")
    asked = dated(alice, "access", "from:spam.example", "REJECT", ends=LATER)
    assert (asked.state, asked.risks) == ("submitted", ["bypass"])
    approve(bob, asked)

    assert put_forward(clock, days=2) == 1
    assert not standing("access", "from:spam.example").enabled


def test_an_end_that_closes_something_needs_nobody(alice: User, bob: User, clock: list[datetime]) -> None:
    approve(bob, save(alice, "relay-domains", "partner.example", reason="a partner"))
    assert dated(alice, "relay-domains", "partner.example", ends=LATER).state == "applied"

    assert put_forward(clock, days=2) == 1
    assert not standing("relay-domains", "partner.example").enabled


@pytest.mark.parametrize("ends", ["", EVEN_LATER], ids=["for good", "longer"])
def test_a_permission_for_a_time_does_not_become_a_longer_one_alone(alice: User, bob: User, ends: str) -> None:
    approve(bob, dated(alice, "relay-domains", "partner.example", ends=LATER))

    asked = dated(alice, "relay-domains", "partner.example", ends=ends)

    assert (asked.state, asked.risks) == ("submitted", ["relay"])


def test_nor_does_it_begin_earlier(alice: User, bob: User) -> None:
    approve(bob, dated(alice, "relay-domains", "partner.example", starts=EVEN_LATER))

    assert dated(alice, "relay-domains", "partner.example", starts=LATER).state == "submitted"
    ChangeRequest.objects.filter(state="submitted").update(state="draft")
    Change.objects.filter(holds=True).update(holds=False)
    assert switch(alice, "relay-domains", "partner.example", True, reason="now").state == "submitted"


def test_what_would_open_more_by_then_waits_for_a_review(alice: User, bob: User, clock: list[datetime]) -> None:
    save(alice, "access", "from:example.net", "REJECT")
    save(alice, "access", "from:bad.example.net", "REJECT")
    end = dated(alice, "access", "from:bad.example.net", "REJECT", ends=LATER)
    if end.state == "submitted":
        pytest.fail("the wider rule stands, so the end of the narrower one opens nothing")
    approve(bob, delete(alice, "access", "from:example.net", reason="no longer"))

    assert put_forward(clock, days=2) == 0

    waits = ChangeRequest.objects.get(kind="schedule")
    assert (waits.state, waits.risks) == ("submitted", ["bypass"])
    assert standing("access", "from:bad.example.net").enabled
    assert put_forward(clock, minutes=1) == 0
    assert ChangeRequest.objects.filter(kind="schedule").count() == 1


def test_what_somebody_rejected_is_not_asked_again(alice: User, bob: User, clock: list[datetime]) -> None:
    from tables import reviews

    save(alice, "access", "from:example.net", "REJECT")
    save(alice, "access", "from:bad.example.net", "REJECT")
    dated(alice, "access", "from:bad.example.net", "REJECT", ends=LATER)
    approve(bob, delete(alice, "access", "from:example.net", reason="no longer"))
    put_forward(clock, days=2)
    waits = ChangeRequest.objects.get(kind="schedule")
    reviews.note_viewing(request=waits, person=bob)
    reviews.reject(request=waits, reviewer=bob, checksum=waits.checksum, comment="it stays")

    assert put_forward(clock, days=1) == 0
    assert ChangeRequest.objects.filter(kind="schedule").count() == 1


def test_a_request_of_that_kind_holds_nothing_but_what_is_due(alice: User) -> None:
    save(alice, "aliases", "sales", "anna")
    forged = changes.draft(cluster=get_cluster(), actor=scheduling.SCHEDULER, kind="schedule", reason="x")
    changes.propose(
        request=forged,
        actor=scheduling.SCHEDULER,
        table=TABLES["aliases"],
        key="sales",
        after=Entry("sales", "mallory", position=standing("aliases", "sales").position),
    )

    with pytest.raises(ChangeError, match="no date asks for"):
        changes.submit(request=forged, actor=scheduling.SCHEDULER)


def test_one_that_another_request_holds_does_not_keep_the_others(alice: User, bob: User, clock: list[datetime]) -> None:
    for key in ("fair", "shop"):
        dated(alice, "aliases", key, "anna", ends=LATER)
    save(alice, "aliases", "fair", "|/bin/x", reason="asked for")

    assert put_forward(clock, days=2) == 1
    assert not standing("aliases", "shop").enabled
    assert standing("aliases", "fair").enabled


def test_switching_it_on_by_hand_takes_an_end_in_the_past_off(alice: User, clock: list[datetime]) -> None:
    dated(alice, "aliases", "fair", "anna", ends=LATER)
    put_forward(clock, days=2)

    switch(alice, "aliases", "fair", True)

    assert (standing("aliases", "fair").enabled, standing("aliases", "fair").ends) == (True, "")
    assert put_forward(clock, days=1) == 0


def test_what_began_or_ended_is_published_at_once(alice: User, clock: list[datetime], settings: object) -> None:
    dated(alice, "aliases", "fair", "anna", ends=LATER)
    releases.cut(cluster=get_cluster(), actor=Actor.command())

    put_forward(clock, days=2)

    newest = releases.newest(get_cluster())
    assert newest is not None
    assert (newest.number, newest.author_name) == (2, "mailadmin")
    assert newest.change_number == get_cluster().last_change


def test_unless_the_site_wants_to_publish_by_hand(alice: User, clock: list[datetime], settings: object) -> None:
    settings.PUBLISH_DATES = False  # type: ignore[attr-defined]
    dated(alice, "aliases", "fair", "anna", ends=LATER)
    releases.cut(cluster=get_cluster(), actor=Actor.command())

    put_forward(clock, days=2)

    assert releases.newest(get_cluster()).number == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2031-01-31T12:00", "2031-01-31T12:00:00Z"),
        ("2031-01-31 12:00:30", "2031-01-31T12:00:30Z"),
        ("2031-01-31", "2031-01-31T00:00:00Z"),
        ("2031-01-31T12:00+01:00", "2031-01-31T11:00:00Z"),
        ("2031-07-31 12:00 Europe/Berlin", "2031-07-31T10:00:00Z"),
        ("  ", ""),
    ],
)
def test_ways_to_write_a_time(written: str, kept: str) -> None:
    assert dates.parse(written) == kept


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("soon", "“soon” is no time"),
        ("2031-02-30", "is no time"),
        ("2031-01-31 12:00 Europe/Atlantis", "There is no time zone Europe/Atlantis."),
        ("2031-01-31 12:00 ../../etc/passwd", "is no time"),
        ("2031-01-31 12:00 A/../../../etc/passwd", "There is no time zone"),
        ("2031-03-30 02:30 Europe/Berlin", "There is no 02:30 on 2031-03-30 in Europe/Berlin"),
        ("9999-12-31", "too far away"),
        ("0001-01-01", "too far away"),
        ("2031-01-31\0", "is no time"),
    ],
)
def test_what_is_no_time(written: str, said: str) -> None:
    with pytest.raises(dates.BadMomentError) as refused:
        dates.parse(written)
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ({"ends": "2001-01-31"}, "date.past-ends"),
        ({"starts": "2001-01-31"}, "date.past-starts"),
        ({"starts": "2031-02-01", "ends": "2031-01-31"}, "date.order"),
        ({"starts": "soon"}, "date.starts"),
        ({"owner": "a\nb"}, "owner.control"),
        ({"ticket": "x" * 201}, "ticket.long"),
    ],
)
def test_what_an_entry_does_not_take(typed: dict[str, str], rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        dates.read(typed, before=None)
    assert [problem.rule for problem in refused.value.problems] == [rule]


def test_a_date_that_stays_may_lie_in_the_past() -> None:
    past = Entry("fair", ends="2001-01-31T00:00:00Z")
    assert dates.read({"ends": "2001-01-31", "owner": "anna"}, before=past) == {
        "ends": "2001-01-31T00:00:00Z",
        "owner": "anna",
    }
    assert dates.moment_of("2001-01-31T00:00:00Z") == datetime(2001, 1, 31, tzinfo=UTC)
    assert dates.moment_of("nonsense") is None


def test_what_comes_next_is_told_of_all_tables_the_soonest_first(
    alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    dated(alice, "aliases", "fair", "anna", starts=EVEN_LATER)
    approve(bob, dated(alice, "relay-domains", "partner.example", ends=LATER))
    save(alice, "aliases", "plain", "anna")
    cluster = get_cluster()

    with django_assert_num_queries(1):
        found = entries.coming(scope=scopes.EVERYTHING, cluster=cluster, until=dates.soon(30), most=5)

    assert [(one.table.name, one.key, one.begins) for one in found] == [
        ("relay-domains", "partner.example", False),
        ("aliases", "fair", True),
    ]
    soon = entries.coming(scope=scopes.EVERYTHING, cluster=cluster, until=dates.soon(2), most=5)
    assert [one.key for one in soon] == ["partner.example"]
