"""A limited person edits only what is delegated to them or to their teams: before and after, and when it is applied."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from mailadmin.accounts.models import Team, User
from mailadmin.accounts.roles import BREAK_GLASS, PEOPLE, PUBLISH, SECRETS, Role
from tables import amending, applying, changes, importing, inbox, releases, reviewers, reviews, scopes, undoing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import Forbidden, KeyHeld, NotDelegated, ReviewError, Stale
from tables.models import Change, ChangeRequest
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import delegate, make_limited, make_person
from tests.services.editing import approve, delete, save, switch, value_of
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db

TABLE = "virtusertable"


@pytest.fixture
def erin(people: dict[str, User]) -> User:
    """A limited postmaster, so far without a delegation."""
    return make_limited("erin", Role.POSTMASTER)


@pytest.fixture
def frank(people: dict[str, User]) -> User:
    """A limited approver, so far without a delegation."""
    return make_limited("frank", Role.APPROVER)


def refused(erin: User, table: str, key: str, value: str = "", **more: Any) -> str:
    with pytest.raises(NotDelegated) as caught:
        save(erin, table, key, value, reason="x", **more)
    assert Change.objects.filter(author=erin).count() == 0
    return str(caught.value)


def test_without_a_delegation_nothing_can_be_edited(erin: User, alice: User) -> None:
    assert refused(erin, TABLE, "info@a.example", "x@a.example") == (
        "virtusertable is not delegated to you. Nothing is yet: ask an administrator."
    )
    save(alice, TABLE, "info@a.example", "x@a.example")
    with pytest.raises(Stale):
        delete(erin, TABLE, "info@a.example")


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        (TABLE, "info@a.example", "x@a.example"),
        (TABLE, "info@shop.a.example", "x@a.example"),
        (TABLE, "INFO@A.EXAMPLE", "X@Shop.A.Example"),
        (TABLE, "user+*@a.example", "%1@a.example"),
        (TABLE, "info@a.example", "error:nouser 550 No such user here"),
        ("access", "from:spam@a.example", "REJECT"),
        ("access", "from:a.example", "REJECT"),
    ],
)
def test_what_lies_in_a_delegated_domain_can_be_edited(erin: User, table: str, key: str, value: str) -> None:
    delegate(erin, f"{TABLE} access", "a.example")
    assert save(erin, table, key, value).state == "applied"
    assert save(erin, table, key.lower(), value, comment="mine").state == "applied"


@pytest.mark.parametrize(
    ("table", "key", "value", "said"),
    [
        (TABLE, "info@b.example", "x@a.example", "b.example is not delegated to you. Yours are a.example, c.example."),
        (TABLE, "info@evila.example", "x@a.example", "evila.example is not delegated to you."),
        (TABLE, "info@a.example.org", "x@a.example", "a.example.org is not delegated to you."),
        (TABLE, "@a.example", "x@a.example", "catch-alls are not delegated to you"),
        (TABLE, "+*@a.example", "x@a.example", "catch-alls are not delegated to you"),
        (TABLE, "info@a.example", "x@b.example", "“x@b.example” leads outside the domains that are delegated to you."),
        (TABLE, "info@a.example", "root", "“root” leads outside"),
        (TABLE, "info@a.example", "%1@b.example", "“%1@b.example” leads outside"),
        (TABLE, "info@a.example", "x@a.example <y@b.example>", "leads outside"),
        ("access", "from:info@", "REJECT", "“from:info@” lies in no domain that is, so it is not delegated to you."),
        ("access", "connect:192.0.2", "REJECT", "“connect:192.0.2” lies in no domain"),
        (
            "mailertable",
            "a.example",
            "esmtp:[mx.a.example]",
            "mailertable is not delegated to you. Yours are access, v",
        ),
        ("aliases", "sales", "x@a.example", "aliases is not delegated to you."),
    ],
)
def test_what_lies_or_leads_outside_is_refused_and_says_why(
    erin: User, table: str, key: str, value: str, said: str
) -> None:
    delegate(erin, f"{TABLE} access", "c.example", "a.example", "shop.a.example")
    assert said in refused(erin, table, key, value)
    assert said in refused(erin, table, key, value, enabled=False)


def test_aliases_are_delegated_to_nobody_whatever_the_database_says(erin: User) -> None:
    delegate(erin, "aliases", "a.example")
    assert "aliases is not delegated" in refused(erin, "aliases", "info@a.example", "bob")
    assert scopes.of_person(erin).tables == []


@pytest.mark.parametrize("key", ["@a.example", "info@a.example"])
def test_catch_alls_and_targets_outside_need_to_be_delegated_too(erin: User, key: str) -> None:
    delegate(erin, TABLE, "a.example", catch_alls=True, outside_targets=True)
    done = save(erin, TABLE, key, "someone@b.example", reason="x")
    assert done.state == ("submitted" if key == "@a.example" else "applied")


def test_one_delegation_allows_a_change_or_none_does(erin: User) -> None:
    delegate(erin, TABLE, "a.example", outside_targets=True)
    delegate(erin, TABLE, "b.example", catch_alls=True)
    assert save(erin, TABLE, "info@a.example", "x@c.example").state == "applied"
    assert "leads outside" in _refused_message(erin, TABLE, "info@b.example", "x@a.example")


def _refused_message(erin: User, table: str, key: str, value: str) -> str:
    with pytest.raises(NotDelegated) as caught:
        save(erin, table, key, value, reason="x")
    return str(caught.value)


@pytest.mark.parametrize("act", ["delete", "switch", "change", "rename"])
def test_what_others_set_up_beyond_ones_rights_cannot_be_touched(erin: User, alice: User, act: str) -> None:
    """An address of the domain that leads outside is not one's own, though one may see it."""
    delegate(erin, TABLE, "a.example")
    save(alice, TABLE, "abuse@a.example", "abuse@isp.example")
    acts = {
        "delete": lambda: delete(erin, TABLE, "abuse@a.example"),
        "switch": lambda: switch(erin, TABLE, "abuse@a.example", enabled=False),
        "change": lambda: save(erin, TABLE, "abuse@a.example", "me@a.example"),
        "rename": lambda: save(erin, TABLE, "mine@a.example", "me@a.example", original_key="abuse@a.example"),
    }
    with pytest.raises(NotDelegated, match="leads outside"):
        acts[act]()
    assert value_of(TABLE, "abuse@a.example") == "abuse@isp.example"


@pytest.mark.parametrize("act", ["delete", "switch", "change", "rename"])
def test_an_entry_outside_is_as_if_it_were_not_there(erin: User, alice: User, act: str) -> None:
    delegate(erin, TABLE, "a.example")
    save(alice, TABLE, "info@b.example", "x@b.example")
    acts = {
        "delete": lambda: delete(erin, TABLE, "info@b.example"),
        "switch": lambda: switch(erin, TABLE, "info@b.example", enabled=False),
        "change": lambda: save(erin, TABLE, "info@b.example", "x@a.example"),
        "rename": lambda: save(erin, TABLE, "info@a.example", "x@a.example", original_key="info@b.example"),
    }
    with pytest.raises(Stale) as caught:
        acts[act]()
    assert caught.value.current is None
    assert value_of(TABLE, "info@b.example") == "x@b.example"


def test_an_entry_cannot_be_renamed_out_of_the_domain(erin: User) -> None:
    delegate(erin, TABLE, "a.example")
    save(erin, TABLE, "info@a.example", "x@a.example")
    with pytest.raises(NotDelegated, match=r"b.example is not delegated to you"):
        save(erin, TABLE, "info@b.example", "x@a.example", original_key="info@a.example")
    assert value_of(TABLE, "info@a.example") == "x@a.example"


def test_whether_a_key_outside_is_taken_is_not_told(erin: User, alice: User) -> None:
    delegate(erin, TABLE, "a.example")
    save(alice, TABLE, "info@b.example", "x@b.example")
    for key in ("info@b.example", "free@b.example"):
        problems, risks = changes.check(
            scope=scopes.of_person(erin),
            cluster=get_cluster(),
            table=TABLES[TABLE],
            original_key=None,
            typed=Entry(key, "x@a.example"),
        )
        assert [problem.rule for problem in problems] == ["rights.key"]
        assert risks == frozenset()


def test_a_team_gives_its_members_what_is_delegated_to_it(erin: User) -> None:
    team = Team.objects.create(name="shop")
    delegate(team, TABLE, "a.example")
    assert "not delegated" in refused(erin, TABLE, "info@a.example", "x@a.example")
    team.members.add(erin)
    assert save(erin, TABLE, "info@a.example", "x@a.example").state == "applied"
    delegate(erin, TABLE, "b.example")
    assert scopes.of_person(erin).domains(TABLE) == ["a.example", "b.example"]
    team.delete()
    assert scopes.of_person(erin).domains(TABLE) == ["b.example"]


def test_who_is_not_limited_needs_no_delegation(alice: User) -> None:
    delegate(alice, TABLE, "a.example")
    assert save(alice, TABLE, "info@b.example", "x@c.example").state == "applied"


def test_commands_are_not_limited(people: dict[str, User]) -> None:
    assert save(None, TABLE, "info@b.example", "x@c.example").state == "applied"


# --- quotas -----------------------------------------------------------------------------------------------------------


def test_a_quota_is_the_most_entries_inside_whoever_made_them(erin: User, alice: User) -> None:
    delegate(erin, f"{TABLE} access", "a.example", quota=3)
    save(alice, TABLE, "one@a.example", "x@a.example")
    save(alice, TABLE, "other@b.example", "x@b.example")
    save(erin, TABLE, "two@shop.a.example", "x@a.example", enabled=False)
    save(erin, "access", "from:a.example", "REJECT")
    assert _refused_message(erin, TABLE, "three@a.example", "x@a.example") == (
        "a.example would hold more entries than the 3 that are delegated to you; 3 stand there. "
        "Delete one first, or ask an administrator for more."
    )
    save(erin, TABLE, "one@a.example", "y@a.example")
    save(erin, TABLE, "renamed@a.example", "y@a.example", original_key="one@a.example")
    delete(erin, TABLE, "renamed@a.example")
    assert save(erin, TABLE, "three@a.example", "x@a.example").state == "applied"


def test_a_quota_of_nothing_allows_no_new_entry(erin: User) -> None:
    delegate(erin, TABLE, "a.example", quota=0)
    assert "the 0 that are delegated" in _refused_message(erin, TABLE, "one@a.example", "x@a.example")


def test_another_delegation_with_room_lets_an_entry_in(erin: User) -> None:
    delegate(erin, TABLE, "a.example", quota=0)
    delegate(erin, TABLE, "shop.a.example", quota=1)
    assert "more entries" in _refused_message(erin, TABLE, "one@a.example", "x@a.example")
    assert save(erin, TABLE, "one@shop.a.example", "x@shop.a.example").state == "applied"


def test_several_entries_at_once_count_all(erin: User) -> None:
    delegate(erin, TABLE, "a.example", quota=1)
    actor, cluster = Actor.of(erin), get_cluster()
    request = changes.draft(cluster=cluster, actor=actor)
    for name in ("one", "two"):
        entry = Entry(f"{name}@a.example", "x@a.example")
        changes.propose(request=request, actor=actor, table=TABLES[TABLE], key=entry.key, after=entry)
    with pytest.raises(NotDelegated, match="0 stand there"):
        changes.submit(request=request, actor=actor)


def test_the_quota_counts_again_when_a_request_is_applied(erin: User, alice: User, bob: User) -> None:
    delegate(erin, TABLE, "a.example", quota=1, catch_alls=True)
    request = save(erin, TABLE, "@a.example", "x@a.example", reason="x")
    save(alice, TABLE, "one@a.example", "x@a.example")
    with pytest.raises(NotDelegated, match="the 1 that are delegated to erin; 1 stand there"):
        approve(bob, request)
    request.refresh_from_db()
    assert request.state == "submitted"


# --- rights as they are when a request is applied ---------------------------------------------------------------------


def waiting_request(erin: User) -> ChangeRequest:
    request = save(erin, TABLE, "@a.example", "x@a.example", reason="x")
    assert request.state == "submitted"
    return request


@pytest.mark.parametrize("lost", ["delegation", "role", "account", "catch-alls"])
def test_a_request_is_applied_by_the_rights_that_its_author_has_then(erin: User, bob: User, lost: str) -> None:
    delegation = delegate(erin, TABLE, "a.example", catch_alls=True)
    request = waiting_request(erin)
    if lost == "delegation":
        delegation.delete()
    elif lost == "role":
        erin.groups.clear()
    elif lost == "account":
        User.objects.filter(pk=erin.pk).update(is_active=False)
    else:
        delegation.catch_alls = False
        delegation.save()
    with pytest.raises(NotDelegated, match="delegated to erin"):
        approve(bob, request)
    assert value_of(TABLE, "@a.example") is None


def test_who_becomes_limited_later_is_limited_in_what_waits(alice: User, bob: User) -> None:
    request = save(alice, TABLE, "@a.example", "x@a.example", reason="x")
    User.objects.filter(pk=alice.pk).update(limited=True)
    with pytest.raises(NotDelegated, match=r"not delegated to alice. An administrator can delegate it"):
        approve(bob, request)


def test_every_author_of_a_line_is_asked_about(erin: User, alice: User, bob: User) -> None:
    delegate(erin, TABLE, "a.example")
    cluster = get_cluster()
    request = changes.draft(cluster=cluster, actor=Actor.of(alice), reason="x")
    foreign = Entry("@b.example", "x@b.example")
    changes.propose(request=request, actor=Actor.of(alice), table=TABLES[TABLE], key=foreign.key, after=foreign)
    mine = Entry("info@a.example", "x@a.example")
    changes.propose(request=request, actor=Actor.of(erin), table=TABLES[TABLE], key=mine.key, after=mine)
    request = changes.submit(request=request, actor=Actor.of(alice))
    Change.objects.filter(request=request, key="@b.example").update(author=erin)
    request.checksum = applying.request_checksum(request, request.changes.all())
    request.save(update_fields=["checksum"])
    with pytest.raises(NotDelegated, match=r"b.example is not delegated to erin"):
        approve(bob, request)


def test_a_limited_person_puts_no_foreign_line_into_anybodys_draft(erin: User, alice: User) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    entry = Entry("info@b.example", "x@b.example")
    with pytest.raises(NotDelegated):
        changes.propose(request=request, actor=Actor.of(erin), table=TABLES[TABLE], key=entry.key, after=entry)


@pytest.mark.parametrize("act", ["edit", "rebase"])
def test_a_request_with_a_line_that_is_not_ones_own_is_not_amended(erin: User, alice: User, act: str) -> None:
    """One may see it, for its key lies inside; but its target leads outside, which one could not have written."""
    delegate(erin, TABLE, "a.example", catch_alls=True)
    request = save(alice, TABLE, "@a.example", "x@b.example", reason="x")
    line = request.changes.get()
    acts = {
        "edit": lambda: amending.amend(
            request=request, actor=Actor.of(erin), seen=request.checksum, lines={line.pk: None}, reason="mine"
        ),
        "rebase": lambda: amending.bring_up_to_date(request=request, actor=Actor.of(erin)),
    }
    with pytest.raises(NotDelegated, match="leads outside"):
        acts[act]()
    request.refresh_from_db()
    assert (request.state, request.reason) == ("submitted", "x")


def test_a_request_whose_lines_one_could_have_written_is_amended(erin: User, alice: User) -> None:
    delegate(erin, TABLE, "a.example", catch_alls=True)
    request = save(alice, TABLE, "@a.example", "x@a.example", reason="x")
    line = request.changes.get()

    def amended(value: str) -> ChangeRequest:
        wanted = Entry("@a.example", value)
        return amending.amend(
            request=ChangeRequest.objects.get(pk=request.pk),
            actor=Actor.of(erin),
            seen=request.checksum,
            lines={line.pk: wanted},
            reason="mine",
            confirmed=True,
        )

    with pytest.raises(NotDelegated, match="leads outside"):
        amended("x@b.example")
    assert amended("y@a.example").state == "submitted"


def test_what_is_no_longer_delegated_is_not_undone_either(erin: User, alice: User) -> None:
    delegation = delegate(erin, TABLE, "a.example")
    request = save(erin, TABLE, "info@a.example", "x@a.example")
    delegation.delete()
    save(alice, TABLE, "info@a.example", "y@a.example")
    with pytest.raises(NotDelegated, match="virtusertable is not delegated to you"):
        undoing.undo(request=request, actor=Actor.of(erin))
    page = visitor(erin).get(reverse("request-undo", args=[request.pk])).content.decode()
    assert "is not delegated to you" in page
    assert "y@a.example" not in page
    assert "was changed since" not in page


# --- what holds a key -------------------------------------------------------------------------------------------------


def test_a_request_of_others_that_holds_a_key_says_nothing_of_itself(erin: User, alice: User) -> None:
    delegate(erin, TABLE, "a.example", catch_alls=True)
    actor, cluster = Actor.of(alice), get_cluster()
    request = changes.draft(cluster=cluster, actor=actor, reason="secret plans")
    for key in ("@a.example", "@b.example"):
        entry = Entry(key, "x@a.example")
        changes.propose(request=request, actor=actor, table=TABLES[TABLE], key=key, after=entry)
    changes.submit(request=request, actor=actor)
    with pytest.raises(KeyHeld) as caught:
        save(erin, TABLE, "@a.example", "y@a.example", reason="x")
    assert str(caught.value).startswith("@a.example in virtusertable is held by a change request of others.")
    assert caught.value.request.pk is None


# --- imports ----------------------------------------------------------------------------------------------------------


def imported(person: User, tmp_path: Any, text: str, mode: str = "merge") -> ChangeRequest | None:
    file = tmp_path / TABLE
    file.write_text(text)
    return importing.request_import(
        cluster=get_cluster(), actor=Actor.of(person), files={TABLE: file}, mode=mode
    ).request


def test_an_import_for_a_limited_person_is_limited(erin: User, alice: User, tmp_path: Any) -> None:
    delegate(erin, TABLE, "a.example")
    save(alice, TABLE, "old@a.example", "x@a.example")
    save(alice, TABLE, "info@b.example", "x@b.example")
    with pytest.raises(NotDelegated, match=r"b.example is not delegated to you"):
        imported(erin, tmp_path, "info@b.example\ty@b.example\n")
    done = imported(erin, tmp_path, "new@a.example\tx@a.example\n", mode="replace")
    assert done is not None
    assert done.state == "applied"
    assert value_of(TABLE, "old@a.example") is None
    assert value_of(TABLE, "info@b.example") == "x@b.example"


def test_a_limited_person_takes_no_files_over(erin: User, tmp_path: Any) -> None:
    file = tmp_path / TABLE
    file.write_text("info@a.example\tx@a.example\n")
    with pytest.raises(Forbidden, match="limited"):
        importing.baseline(cluster=get_cluster(), actor=Actor.of(erin), files={TABLE: file})


# --- reviewing and publishing -----------------------------------------------------------------------------------------


def test_a_limited_approver_reviews_only_what_they_could_have_written(alice: User, frank: User) -> None:
    request = save(alice, TABLE, "@a.example", "x@a.example", reason="x")
    said = "Not all of this request is delegated to you."
    assert reviewers.why_not(request=request, user=frank).startswith(said)
    delegation = delegate(frank, TABLE, "a.example")
    assert reviewers.why_not(request=request, user=frank).startswith(said)
    delegation.catch_alls = True
    delegation.save()
    assert reviewers.why_not(request=request, user=frank) == ""
    assert frank in reviewers.eligible_reviewers(request)
    assert approve(frank, request).state == "applied"


def test_a_limited_approver_cannot_decide_about_a_request_outside(alice: User, frank: User) -> None:
    delegate(frank, TABLE, "a.example", catch_alls=True)
    request = save(alice, TABLE, "@b.example", "x@b.example", reason="x")
    assert frank not in reviewers.eligible_reviewers(request)
    for decide in (
        lambda: approve(frank, request),
        lambda: reviews.reject(request=request, reviewer=frank, checksum=request.checksum, comment="no"),
    ):
        with pytest.raises(ReviewError, match="Not all of this request is delegated to you"):
            decide()


def test_only_limited_approvers_elsewhere_are_no_reviewers(alice: User, bob: User, dora: User, frank: User) -> None:
    User.objects.filter(pk__in=[bob.pk, dora.pk]).update(is_active=False)
    delegate(frank, TABLE, "b.example", catch_alls=True)
    with pytest.raises(changes.ChangeError, match="nobody may review it"):
        save(alice, TABLE, "@a.example", "x@a.example", reason="x")


def test_a_request_about_no_entry_is_nothing_for_a_limited_approver(alice: User, frank: User) -> None:
    delegate(frank, TABLE, "a.example")
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    assert reviewers.why_not(request=request, user=frank).startswith("Not all of this request is delegated to you.")


def test_who_is_limited_reads_no_notice_of_what_is_not_theirs_any_more(alice: User, bob: User) -> None:
    """They were told of it when it was."""
    save(alice, TABLE, "@b.example", "x@b.example", reason="x")
    mine = save(alice, TABLE, "@a.example", "x@a.example", reason="x")
    assert inbox.unread(bob) == 2
    User.objects.filter(pk=bob.pk).update(limited=True)
    delegate(bob, TABLE, "a.example")
    bob = User.objects.get(pk=bob.pk)
    assert [notice.request_id for notice in inbox.notices_of(bob)] == [mine.pk]
    assert inbox.unread(bob) == 1


def test_an_approval_counts_while_its_giver_may_still_give_it(alice: User, frank: User) -> None:
    delegation = delegate(frank, TABLE, "a.example", catch_alls=True)
    approve(frank, save(alice, TABLE, "@a.example", "x@a.example", reason="x"))
    delegation.delete()
    with pytest.raises(changes.ChangeError, match="no longer an approver"):
        releases.cut(cluster=get_cluster(), actor=Actor.of(alice))


@pytest.mark.parametrize("role", [Role.POSTMASTER, Role.APPROVER])
def test_a_limited_person_publishes_only_as_a_publisher(people: dict[str, User], role: Role) -> None:
    person = make_limited("gina", role)
    assert not person.has_perm(PUBLISH)
    with pytest.raises(PermissionDenied):
        releases.cut(cluster=get_cluster(), actor=Actor.of(person))
    both = make_limited("hugo", role, Role.PUBLISHER)
    assert both.has_perm(PUBLISH)
    assert releases.cut(cluster=get_cluster(), actor=Actor.of(both)).number == 1
    with pytest.raises(Forbidden, match="concerns all domains"):
        releases.cut(cluster=get_cluster(), actor=Actor.of(both), override=True)


def test_a_publisher_publishes_and_edits_nothing(people: dict[str, User]) -> None:
    person = make_person("paul", Role.PUBLISHER)
    assert releases.cut(cluster=get_cluster(), actor=Actor.of(person)).author == person
    with pytest.raises(Forbidden):
        save(person, TABLE, "info@a.example", "x@a.example")


def test_a_limited_person_never_sees_passwords_or_manages_people(people: dict[str, User]) -> None:
    """Whatever their roles: the database could say that an administrator is limited."""
    person, withheld = make_limited("ida", Role.ADMINISTRATOR), (PEOPLE, SECRETS, BREAK_GLASS, PUBLISH)
    assert not any(person.has_perm(right) for right in withheld)
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    assert not any(User.objects.get(pk=person.pk).has_perm(right) for right in withheld)
