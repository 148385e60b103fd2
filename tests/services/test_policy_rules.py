"""The rules of the policy, each by its number in docs/four-eyes.md's order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import append_only, applying, breaking, changes, closing, policies, policy, reviews, sizes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden, ReasonMissing, ReviewError
from tables.models import AuditEvent, Change, ChangeRequest, PolicyChange, PolicyVersion, VirtualUser
from tables.releases import cut
from tables.rules import CLOSED, DEFAULT, REASONS, BreakGlass, Freeze, PolicyInvalid, Rules, Size, from_json, to_json
from tables.sendmail.layout import STEP
from tables.sendmail.spec import Entry, Risk
from tables.sendmail.tables import TABLES
from tables.verifying import verify
from tests.people import make_limited, make_person
from tests.services.editing import approve, delete, save, switch, value_of
from tests.services.ruling import decree, freeze, propose, rule, rules_now

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def fill(person: User, count: int, table: str = "aliases", value: str = "alice") -> list[str]:
    """Entries that somebody else added: nobody who is counted."""
    names = [f"n{number}" for number in range(count)]
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(person), reason="start")
    pairs = [(None, Entry(name, value, position=place)) for place, name in enumerate(names, start=1)]
    changes.propose_many(request=request, actor=Actor.of(person), table=TABLES[table], pairs=pairs)
    changes.submit(request=request, actor=Actor.of(person))
    return names


def change_all(person: User, names: list[str], after: str | None, table: str = "aliases") -> ChangeRequest:
    """One request that gives all of them another value, or deletes them."""
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(person), reason="wanted")
    for name in names:
        entry = None if after is None else Entry(name, after)
        changes.propose(request=request, actor=Actor.of(person), table=TABLES[table], key=name, after=entry)
    return changes.submit(request=request, actor=Actor.of(person))


# --- 3: closed when in doubt ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("risk", [risk.value for risk in Risk])
def test_rule_03_every_risk_needs_one_approver_by_default(alice: User, risk: str) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    assert policy.demand(request=request, risks=[risk], changes=[]).reviews == 1
    assert policy.demand(request=request, risks=[], changes=[]).reviews == 0


def test_rule_03_a_risk_that_no_rule_matches_needs_an_approval(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule("routing", 0),))
    assert save(alice, "relay-domains", "customer.example", reason="wanted").state == "submitted"
    decree(dora, bob, rules=())
    assert save(alice, "aliases", "run", "|/bin/run", reason="wanted").state == "submitted"


def test_rule_03_a_policy_that_cannot_be_read_asks_the_most(alice: User, bob: User, dora: User) -> None:
    request = propose(dora, tick_above=9)
    PolicyVersion.objects.create(cluster=get_cluster(), number=1, content={"rules": "none"}, request=request)
    found = policy.in_force(get_cluster())
    assert found.rules == CLOSED
    assert "not a list" in found.trouble
    with pytest.raises(ChangeError, match="needs 5 approvals"):
        save(alice, "relay-domains", "customer.example", reason="wanted")
    assert save(alice, "aliases", "sales", "alice").state == "applied"


def test_rule_03_a_version_that_is_gone_counts_as_unreadable(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    ChangeRequest.objects.filter(pk=request.pk).update(policy_version=7)
    assert approve(bob, request).state == "submitted"


def test_the_most_demanding_matching_rule_counts(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule(), rule("relay", 2), rule("relay", 0, "access")))
    request = save(alice, "access", "connect:203.0.113", "RELAY", reason="wanted")
    assert approve(bob, request).state == "submitted"
    assert approve(dora, request).state == "applied"


def test_a_rule_for_a_table_asks_nothing_of_another_table(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule(), rule("program", 2, "mailertable")))
    assert approve(bob, save(alice, "aliases", "run", "|/bin/run", reason="wanted")).state == "applied"


def test_tables_are_told_apart_within_one_request(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule(), rule("relay", 2, "access"), rule("program", 2, "relay-domains")))
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), reason="wanted")
    for table, key, value in (("aliases", "run", "|/bin/run"), ("relay-domains", "a.example", "")):
        changes.propose(request=request, actor=Actor.of(alice), table=TABLES[table], key=key, after=Entry(key, value))
    request = changes.submit(request=request, actor=Actor.of(alice))
    assert request.asked == {"aliases": ["program"], "relay-domains": ["relay"]}
    assert approve(bob, request).state == "applied"


def test_a_rule_may_ask_for_a_role(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule("relay", 1, role="administrator"),))
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    assert approve(bob, request).state == "submitted"
    assert approve(dora, request).state == "applied"


def test_a_rule_may_ask_for_so_many_of_named_people(alice: User, bob: User, dora: User) -> None:
    make_person("emma", Role.APPROVER)
    frank = make_person("frank", Role.APPROVER)
    decree(dora, bob, rules=(rule(), rule("relay", 2, people="emma frank dora")))
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    assert approve(bob, request).state == "submitted"
    assert approve(frank, request).state == "submitted"
    assert approve(dora, request).state == "applied"


def test_what_too_few_could_ever_approve_is_refused_at_once(alice: User, bob: User, dora: User) -> None:
    emma = make_person("emma", Role.APPROVER)
    decree(dora, bob, rules=(rule("relay", 3),))
    User.objects.filter(pk=emma.pk).update(is_active=False)
    with pytest.raises(ChangeError, match=r"3 approvals .*2 who may review it, 1 too few"):
        save(alice, "relay-domains", "customer.example", reason="wanted")


def test_who_is_named_and_cannot_review_is_missed_at_once(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule("relay", 1, people="bob"),))
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(ChangeError, match="at least 1 of bob"):
        save(alice, "relay-domains", "customer.example", reason="wanted")


# --- 4 and 5: size ----------------------------------------------------------------------------------------------------


def test_rule_04_splitting_does_not_slip_under_the_size_threshold(alice: User, bob: User) -> None:
    names = fill(bob_as_editor(), 12)
    for name in names[:3]:
        assert save(alice, "aliases", name, "bob").state == "applied"
    fourth = save(alice, "aliases", names[3], "bob", reason="wanted")
    assert fourth.state == "submitted"
    assert fourth.risks == ["large"]
    assert approve(bob, fourth).state == "applied"


def bob_as_editor() -> User:
    return make_person("gina", Role.POSTMASTER)


def test_rule_04_what_another_approved_starts_no_new_count(alice: User, bob: User) -> None:
    names = fill(bob_as_editor(), 12)
    assert approve(bob, change_all(alice, names[:6], "bob")).state == "applied"
    assert save(alice, "aliases", names[7], "bob").state == "applied"


def test_rule_04_one_entry_counts_once_however_often_it_is_edited(alice: User) -> None:
    names = fill(bob_as_editor(), 12)
    for turn in range(6):
        assert save(alice, "aliases", names[0], f"bob{turn}").state == "applied"


def test_rule_04_the_window_rolls_on(alice: User) -> None:
    names = fill(bob_as_editor(), 12)
    for name in names[:3]:
        save(alice, "aliases", name, "bob")
    append_only.remove(connection)
    Change.objects.filter(alone=True).update(applied_at=timezone.now() - timedelta(hours=25))
    append_only.install(connection)
    assert save(alice, "aliases", names[3], "bob").state == "applied"


def test_rule_04_each_author_is_counted_alone(alice: User, dora: User) -> None:
    names = fill(bob_as_editor(), 12)
    for person, some in ((alice, names[:3]), (dora, names[3:6])):
        for name in some:
            assert save(person, "aliases", name, "bob").state == "applied"


def test_rule_04_a_command_is_an_author_by_its_name(alice: User, bob: User) -> None:
    names = fill(bob_as_editor(), 12)
    for name in names[:3]:
        assert save(None, "aliases", name, "bob").state == "applied"
    assert save(None, "aliases", names[3], "bob", reason="wanted").state == "submitted"
    assert save(alice, "aliases", names[4], "bob").state == "applied"


def test_rule_04_who_submits_anothers_draft_does_not_start_anew(alice: User, bob: User, dora: User) -> None:
    names = fill(bob_as_editor(), 12)
    for name in names[:3]:
        save(dora, "aliases", name, "bob")
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), reason="wanted")
    spec, key = TABLES["aliases"], names[3]
    changes.propose(request=request, actor=Actor.of(alice), table=spec, key=key, after=Entry(key, "bob"))
    assert changes.submit(request=request, actor=Actor.of(dora)).risks == ["large"]


def test_rule_04_tightening_is_not_counted(alice: User, bob: User) -> None:
    for number in range(9):
        approve(bob, save(alice, "relay-domains", f"d{number}.example", reason="wanted"))
    for number in range(9):
        assert delete(alice, "relay-domains", f"d{number}.example").state == "applied"


def test_rule_05_nine_of_nine_may_not_go_unseen(alice: User, bob: User) -> None:
    names = fill(bob_as_editor(), 9)
    request = change_all(alice, names, None)
    assert request.risks == ["large"]
    assert value_of("aliases", "n0") == "alice"
    assert approve(bob, request).state == "applied"
    assert value_of("aliases", "n0") is None


def test_rule_05_one_of_two_is_not_much(alice: User) -> None:
    names = fill(bob_as_editor(), 2)
    assert save(alice, "aliases", names[0], "bob").state == "applied"


def test_rule_05_adding_entries_first_does_not_make_a_table_large(alice: User, bob: User) -> None:
    names = fill(bob_as_editor(), 9)
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    pairs = [(None, Entry(f"new{number}", "alice", position=100 + number)) for number in range(200)]
    changes.propose_many(request=request, actor=Actor.of(alice), table=TABLES["aliases"], pairs=pairs)
    assert changes.submit(request=request, actor=Actor.of(alice)).state == "applied"
    assert change_all(alice, names, None).risks == ["large"]


def test_rule_05_what_was_deleted_alone_still_counts_as_having_been_there(alice: User) -> None:
    names = fill(bob_as_editor(), 40)
    for name in names[:12]:
        assert delete(alice, "aliases", name).state == "applied", "12 of 40 are 30 %"
    assert delete(alice, "aliases", names[12], reason="wanted").state == "submitted"


def test_rule_05_more_than_so_many_rows_are_much_of_any_table(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, size=Size(rows=5))
    names = fill(bob_as_editor(), 100)
    assert change_all(alice, names[:5], "bob").state == "applied"
    assert save(alice, "aliases", names[5], "bob", reason="wanted").state == "submitted"


def test_a_large_change_must_say_why_and_has_its_own_rule(alice: User, bob: User, dora: User) -> None:
    names = fill(bob_as_editor(), 9)
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    for name in names:
        changes.propose(request=request, actor=Actor.of(alice), table=TABLES["aliases"], key=name, after=None)
    with pytest.raises(ReasonMissing, match="large"):
        changes.submit(request=request, actor=Actor.of(alice))
    decree(dora, bob, rules=(rule(), rule("large", 2)))
    request = changes.submit(request=request, actor=Actor.of(alice), reason="wanted")
    assert approve(bob, request).state == "submitted"
    assert approve(dora, request).state == "applied"


def test_the_size_is_found_again_when_applied(alice: User, bob: User) -> None:
    names = fill(bob_as_editor(), 12)
    request = change_all(alice, names[:6], "bob")
    ChangeRequest.objects.filter(pk=request.pk).update(risks=[], asked={}, state="approved")
    with pytest.raises(Forbidden, match="large"):
        applying.apply(request=request, actor=Actor.of(alice))


def test_an_edit_counts_no_further_than_it_must(alice: User, cluster: Any) -> None:
    rows = [
        VirtualUser(cluster=cluster, key=f"u{number}@a.example", value="x", position=number * STEP)
        for number in range(3000)
    ]
    VirtualUser.objects.bulk_create(rows)
    request = changes.draft(cluster=cluster, actor=Actor.of(alice))
    for number in range(5):
        key = f"u{number}@a.example"
        spec = TABLES["virtusertable"]
        changes.propose(request=request, actor=Actor.of(alice), table=spec, key=key, after=Entry(key, "y"))
    with CaptureQueriesContext(connection) as queries:
        assert sizes.large(request=request, changes=list(request.changes.all()), limits=[Size()]) == []
    counting = [query["sql"] for query in queries if "tables_virtualuser" in query["sql"]]
    assert len(counting) == 1
    assert "LIMIT 17" in counting[0]


# --- 17: three people -------------------------------------------------------------------------------------------------


def test_rule_17_who_approved_a_relay_does_not_publish_it(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, three_people=True)
    request = approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    with pytest.raises(ChangeError, match=f"you approved change request {request.pk}"):
        cut(cluster=get_cluster(), actor=Actor.of(bob))
    with pytest.raises(ChangeError, match="you are an author"):
        cut(cluster=get_cluster(), actor=Actor.of(alice))
    with pytest.raises(ChangeError, match="no person publishes"):
        cut(cluster=get_cluster(), actor=Actor.command())
    assert cut(cluster=get_cluster(), actor=Actor.of(dora)).number == 1
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 1, "what is published is only queued again"


def test_rule_17_is_about_relays_alone_and_off_by_default(alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    assert cut(cluster=get_cluster(), actor=Actor.of(bob)).number == 1
    decree(dora, bob, three_people=True)
    approve(bob, save(alice, "aliases", "run", "|/bin/run", reason="wanted"))
    assert cut(cluster=get_cluster(), actor=Actor.of(bob)).number == 2


# --- 33: the policy itself --------------------------------------------------------------------------------------------


def test_rule_33_the_policy_changes_by_two_persons_only(dora: User, bob: User) -> None:
    request = propose(dora, tick_above=3)
    assert request.state == "submitted"
    assert rules_now() == DEFAULT
    reviews.note_viewing(request=request, person=dora)
    with pytest.raises(ReviewError, match="author"):
        reviews.approve(request=request, reviewer=dora, checksum=request.checksum)
    assert approve(bob, request).state == "applied"
    assert rules_now().tick_above == 3
    assert PolicyVersion.objects.get().request == request


def test_rule_33_two_persons_whatever_the_policy_says(dora: User, bob: User) -> None:
    decree(dora, bob, rules=(rule(reviews=0),))
    request = propose(dora, tick_above=50)
    assert request.state == "submitted"
    ChangeRequest.objects.filter(pk=request.pk).update(state="approved")
    with pytest.raises(Forbidden, match="one more person"):
        applying.apply(request=request, actor=Actor.of(dora))


def test_rule_33_loosening_it_needs_as_many_as_it_asks_of_anything(dora: User, bob: User) -> None:
    emma = make_person("emma", Role.APPROVER)
    decree(dora, bob, rules=(rule(), rule("relay", 2)))
    request = propose(dora, rules=(rule(),))
    assert approve(bob, request).state == "submitted"
    assert approve(emma, request).state == "applied"
    assert approve(bob, propose(dora, tick_above=3)).state == "applied", "to tighten it one is enough"


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_rule_33_only_who_holds_the_right_proposes(people: dict[str, User], who: str) -> None:
    with pytest.raises(Forbidden, match="Ask an administrator"):
        propose(people[who], tick_above=3)


def test_rule_33_nobody_limited_has_a_say_in_it(dora: User, bob: User) -> None:
    limited = make_limited("lisa", Role.ADMINISTRATOR)
    with pytest.raises(Forbidden, match="all domains"):
        propose(limited, tick_above=3)
    request = propose(dora, tick_above=3)
    with pytest.raises(ReviewError, match="all domains"):
        approve(limited, request)


def test_rule_33_a_command_proposes_nothing(dora: User, bob: User) -> None:
    with pytest.raises(Forbidden):
        policies.propose(
            cluster=get_cluster(), actor=Actor.command(), rules=Rules(tick_above=3), based_on=0, reason="wanted"
        )


def test_rule_33_broken_glass_lets_no_policy_through(dora: User, bob: User) -> None:
    request = propose(dora, tick_above=3)
    assert "never changed by breaking glass" in breaking.why_not(request=request, user=dora)
    with pytest.raises(Forbidden, match="never changed by breaking glass"):
        breaking.break_glass(
            request=request, person=dora, reason="The relay must be open now", proved_at=timezone.now()
        )
    assert rules_now() == DEFAULT


def test_the_policy_names_who_may_break_glass(dora: User, bob: User) -> None:
    decree(dora, bob, break_glass=BreakGlass(("bob",), 5))
    request = save(None, "relay-domains", "customer.example", reason="wanted")
    assert "only these break glass: bob" in breaking.why_not(request=request, user=dora)
    assert policy.glass_hours(get_cluster()) == 5


def test_broken_glass_passes_a_freeze(alice: User, dora: User, bob: User) -> None:
    decree(dora, bob, freezes=(freeze(),), three_people=True)
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    release = breaking.break_glass(
        request=request, person=dora, reason="The relay must be open now", proved_at=timezone.now()
    )
    assert release.number == 1
    assert value_of("relay-domains", "customer.example") == ""


def test_one_request_at_a_time_changes_the_policy(dora: User, bob: User) -> None:
    waiting = propose(dora, tick_above=3)
    with pytest.raises(ChangeError, match=f"request {waiting.pk} of dora"):
        propose(dora, tick_above=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeRequest.objects.create(cluster=get_cluster(), kind="policy", state="submitted", author_name="x")
    closing.withdraw(request=waiting, actor=Actor.of(dora))
    assert propose(dora, tick_above=4).state == "submitted"


def test_what_it_carries_is_under_the_checksum(dora: User, bob: User) -> None:
    request = propose(dora, tick_above=3)
    change = PolicyChange(based_on=0, before={}, after=to_json(Rules(rules=(rule(reviews=0),))), request=request)
    request.policy_change = change
    assert applying.request_checksum(request, []) != request.checksum


def test_a_policy_that_changed_meanwhile_makes_a_conflict(dora: User, bob: User) -> None:
    other = decree(dora, bob, tick_above=3)
    request = propose(dora, tick_above=4)
    gone = ChangeRequest.objects.create(cluster=get_cluster(), kind="edit", state="applied", author_name="x")
    PolicyVersion.objects.create(cluster=get_cluster(), number=2, content=other.policy_change.after, request=gone)
    done = approve(bob, request)
    assert done.state == "conflicted"
    assert "version 2 is in force" in done.outcome
    assert rules_now().tick_above == 3


def test_who_was_shown_an_older_policy_is_told(dora: User, bob: User) -> None:
    decree(dora, bob, tick_above=3)
    with pytest.raises(ChangeError, match="version 1 is in force"):
        policies.propose(cluster=get_cluster(), actor=Actor.of(dora), rules=Rules(), based_on=0, reason="wanted")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "Nothing was changed"),
        ({"tick_above": 0}, "no whole number from 1"),
        ({"rules": (rule("relay", 6),)}, "from 0 to 5"),
        ({"rules": (rule("relay", 1, role="viewer"),)}, "reviews nothing"),
        ({"rules": (rule("relay", 3),)}, "only 2 could give one"),
        ({"rules": (rule("relay", 2, role="administrator"),)}, "only 1 could give one"),
        ({"rules": (rule("relay", 2, people="bob"),)}, "Name more of them"),
        ({"rules": (rule("relay", 1, people="alice"),)}, "alice reviews nothing"),
        ({"rules": (rule("relay", 1, people="nobody"),)}, "Nobody who may log in is called nobody"),
        ({"freezes": (Freeze(timezone.now(), timezone.now() - timedelta(days=1), "x"),)}, "ends before it starts"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(dora: User, bob: User, alice: User, changed: Any, message: str) -> None:
    with pytest.raises((ChangeError, PolicyInvalid), match=message):
        propose(dora, **changed)
    assert not ChangeRequest.objects.exists()


def test_it_says_why(dora: User, bob: User) -> None:
    with pytest.raises(ChangeError, match="Say in the reason"):
        propose(dora, reason=" ", tick_above=3)


def test_without_another_reviewer_it_is_refused_at_once(dora: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(ChangeError, match="needs 1 other person who may review it, and there are 0"):
        propose(dora, tick_above=3)


@pytest.mark.parametrize("act", ["update", "delete"])
@pytest.mark.parametrize("model", [PolicyVersion, PolicyChange])
def test_the_database_refuses_to_alter_a_policy(dora: User, bob: User, model: Any, act: str) -> None:
    decree(dora, bob, tick_above=3)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(request=0) if act == "update" else model.objects.all()._raw_delete("default")


def test_the_history_tells_in_words_what_became_of_it(dora: User, bob: User) -> None:
    request = decree(dora, bob, rules=(rule("relay", 2),))
    proposed, changed = (AuditEvent.objects.get(action=action) for action in ("policy-proposed", "policy-changed"))
    for event in (proposed, changed):
        assert (event.actor_name, event.request_id, event.reason) == ("dora", request.pk, "wanted")
        assert event.before["Any risk in any table"] == "1 approval by any approver"
        assert event.after["Risk relay in any table"] == "2 approvals by any approver"
    assert changed.detail["approved_by"] == ["bob"]
    assert list(verify()) == []


# --- 34: the stricter of then and now ---------------------------------------------------------------------------------


def test_rule_34_a_request_is_not_let_off_by_a_later_policy(alice: User, bob: User, dora: User) -> None:
    emma = make_person("emma", Role.APPROVER)
    decree(dora, bob, rules=(rule(), rule("relay", 2)))
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    loosened = propose(dora, rules=(rule("relay", 1),))
    approve(bob, loosened)
    assert approve(emma, loosened).state == "applied"
    assert approve(bob, request).state == "submitted"
    assert approve(emma, request).state == "applied"


def test_rule_34_and_is_bound_by_a_stricter_one(alice: User, bob: User, dora: User) -> None:
    emma = make_person("emma", Role.APPROVER)
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    decree(dora, bob, rules=(rule("relay", 2),), approval_hours=5, request_days=2, tick_above=1)
    assert approve(bob, request).state == "submitted"
    assert policy.approval_hours(request) == 5
    assert policy.tick_above(request) == 1
    assert closing.expire(now=timezone.now() + timedelta(days=1, hours=23)) == 0
    assert approve(emma, request).state == "applied"


def test_rule_34_a_stricter_policy_stops_what_is_not_published_yet(alice: User, bob: User, dora: User) -> None:
    request = approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    decree(dora, bob, rules=(rule("relay", 2),))
    with pytest.raises(ChangeError, match=f"now asks for 2 approvals of what change request {request.pk} did"):
        cut(cluster=get_cluster(), actor=Actor.of(alice))
    assert list(verify()) == [], "when it was applied it was right"
    delete(alice, "relay-domains", "customer.example")
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 1


def test_requests_expire_as_the_policy_says(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, request_days=3)
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    assert closing.expire(now=timezone.now() + timedelta(days=2, hours=23)) == 0
    assert closing.expire(now=timezone.now() + timedelta(days=3, hours=1)) == 1
    request.refresh_from_db()
    assert request.outcome == "Nobody decided it within 3 days."


# --- 35 and 36 --------------------------------------------------------------------------------------------------------


def test_rule_35_asking_nobody_any_more_is_an_event_of_its_own(alice: User, bob: User, dora: User) -> None:
    assert rules_now().unreviewed == {}
    request = decree(dora, bob, rules=(rule(), rule("routing", 0)))
    assert rules_now().unreviewed == {}, "the rule for any risk still counts"
    every = tuple(rule(reason) for reason in REASONS if reason != "routing")
    request = decree(
        dora, bob, rules=(*every, rule("routing", 0, "local-host-names"), rule("routing", 1, "mailertable"))
    )
    assert rules_now().unreviewed == {"routing": ["local-host-names"]}
    event = AuditEvent.objects.get(action="reviews-switched-off")
    assert event.request_id == request.pk
    assert event.detail == {"unreviewed": ["routing"]}
    decree(dora, bob, rules=(rule(),))
    assert AuditEvent.objects.filter(action="reviews-switched-on").count() == 1


def test_rule_35_what_needs_nobody_is_applied_and_still_says_what_it_risks(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, rules=(rule("relay", 0),))
    request = save(alice, "relay-domains", "customer.example")
    assert (request.state, request.risks) == ("applied", ["relay"])
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 1
    assert list(verify()) == []


def test_rule_36_administrators_and_superusers_are_inside_the_rules(bob: User, dora: User) -> None:
    root = User.objects.create_superuser("root2", password="x")
    for person in (dora, root):
        request = propose(person, tick_above=3)
        with pytest.raises(ReviewError, match="author"):
            approve(person, request)
        closing.withdraw(request=request, actor=Actor.of(person))
    names = fill(bob_as_editor(), 9)
    assert change_all(root, names, None).state == "submitted"


# --- 40: freezes ------------------------------------------------------------------------------------------------------


def test_rule_40_a_freeze_refuses_what_needs_no_approval(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, freezes=(freeze(),))
    with pytest.raises(ChangeError, match=r"frozen until 20\d\d-.*: Christmas\. Only what closes"):
        save(alice, "aliases", "sales", "alice")
    assert value_of("aliases", "sales") is None


def test_rule_40_tightening_goes_through_and_is_published(alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    decree(dora, bob, freezes=(freeze(),))
    assert delete(alice, "relay-domains", "customer.example").state == "applied"
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 2


def test_rule_40_what_is_approved_waits_until_the_freeze_is_over(alice: User, bob: User, dora: User) -> None:
    decree(dora, bob, freezes=(freeze(),))
    request = approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    assert request.state == "approved"
    assert "Christmas" in applying.waits(request)
    with pytest.raises(ChangeError, match="frozen until"):
        applying.apply(request=request, actor=Actor.of(bob))
    decree(dora, bob, freezes=())
    assert reviews.carry_out(request=request, actor=Actor.of(alice)).state == "applied"


def test_rule_40_what_was_applied_before_is_not_published_during_it(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    decree(dora, bob, freezes=(freeze(),))
    with pytest.raises(ChangeError, match="There is 1 change that does not only close something"):
        cut(cluster=get_cluster(), actor=Actor.of(alice))


def test_rule_40_what_was_done_and_undone_is_no_change(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    switch(alice, "aliases", "sales", enabled=False)
    switch(alice, "aliases", "sales", enabled=True)
    decree(dora, bob, freezes=(freeze(),))
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 2


def test_rule_40_before_and_after_it_nothing_is_frozen(alice: User, bob: User, dora: User) -> None:
    now = timezone.now()
    past = Freeze(now - timedelta(days=2), now - timedelta(days=1), "gone")
    decree(dora, bob, freezes=(past, Freeze(now + timedelta(days=1), now + timedelta(days=2), "to come")))
    assert save(alice, "aliases", "sales", "alice").state == "applied"


# --- how it is written down -------------------------------------------------------------------------------------------


def test_rules_are_written_and_read_back() -> None:
    rules = Rules(
        rules=(rule("relay", 2, "access", role="administrator"), rule("large", 1, people="bob dora")),
        size=Size(1, 2, 3, 4),
        three_people=True,
        freezes=(freeze(),),
    )
    assert from_json(to_json(rules)) == rules
    assert from_json({"rules": []}) == Rules(rules=())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a set of names"),
        ({}, "lacks rules"),
        ({"rules": {}}, "not a list"),
        ({"rules": [], "sise": {}}, "mean nothing: sise"),
        ({"rules": ["relay"]}, "Rule 1 is not a set"),
        ({"rules": [{"risk": "rely", "reviews": 1}]}, "“rely” is none of"),
        ({"rules": [{"risk": "relay", "table": "x", "reviews": 1}]}, "“x” is none of"),
        ({"rules": [{"risk": "relay", "reviews": True}]}, "no number of approvals"),
        ({"rules": [{"risk": "relay", "reviews": 1, "role": "approver", "people": ["bob"]}]}, "a role and people"),
        ({"rules": [{"risk": "relay", "reviews": 1, "people": "bob"}]}, "not a list of user names"),
        ({"rules": [], "size": {"percent": 101}}, "Per cent of a table: “101” is no whole number from 1 to 100"),
        ({"rules": [], "three_people": "yes"}, "neither on nor off"),
        ({"rules": [], "freezes": [{"from": "x", "until": "2026-01-01", "reason": "x"}]}, "its start is no date"),
        ({"rules": [], "freezes": [{"from": 1, "until": 2, "reason": ""}]}, "say why"),
    ],
)
def test_what_is_no_policy_is_told_in_sentences(content: Any, message: str) -> None:
    with pytest.raises(PolicyInvalid, match=message):
        from_json(content)
