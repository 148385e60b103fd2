"""Rules 6 to 16: an author never approves, whatever else they are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from mailadmin.accounts import people as accounts
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import amending, changes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, ReviewError
from tables.models import AuditEvent, ChangeRequest, Contributor
from tables.releases import cut
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import make_person
from tests.services.editing import approve, save, value_of
from tests.web.visits import let_the_log_in_age, visitor

pytestmark = pytest.mark.django_db

RELAYS = TABLES["relay-domains"]


def draft_of(person: User, *keys: str) -> ChangeRequest:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(person), reason="wanted")
    for key in keys:
        put(request, person, key)
    return request


def put(request: ChangeRequest, person: User, key: str, comment: str = "") -> None:
    after = Entry(key, comment=comment, position=1)
    changes.propose(request=request, actor=Actor.of(person), table=RELAYS, key=key, after=after)


def refuses(person: User, request: ChangeRequest) -> None:
    with pytest.raises(ReviewError, match="author"):
        approve(person, request)
    request.refresh_from_db()
    assert request.state == "submitted"


def test_rule_06_an_author_is_no_approver_whatever_their_rights(dora: User, bob: User) -> None:
    refuses(dora, save(dora, "relay-domains", "customer.example", reason="wanted"))
    root = User.objects.create_superuser("root2", password="x")
    root.groups.set(Group.objects.all())
    refuses(root, save(root, "relay-domains", "other.example", reason="wanted"))


def test_rule_06_persons_are_compared_by_their_id_not_their_name(dora: User, bob: User) -> None:
    request = save(dora, "relay-domains", "customer.example", reason="wanted")
    User.objects.filter(pk=dora.pk).update(username="somebody-else")
    refuses(User.objects.get(pk=dora.pk), request)


def test_rule_07_whoever_edited_any_line_is_an_author(alice: User, bob: User, dora: User) -> None:
    request = draft_of(alice, "a.example")
    put(request, dora, "b.example")
    request = changes.submit(request=request, actor=Actor.of(alice))
    refuses(dora, request)
    assert approve(bob, request).state == "applied"


def test_rule_07_also_when_another_wrote_over_their_line(alice: User, bob: User, dora: User) -> None:
    request = draft_of(dora, "a.example")
    put(request, alice, "a.example", comment="alice's now")
    request = changes.submit(request=request, actor=Actor.of(alice))
    refuses(dora, request)


def test_rule_07_also_when_their_line_was_left_out_again(alice: User, bob: User, dora: User) -> None:
    request = draft_of(alice, "a.example")
    put(request, dora, "b.example")
    request = changes.submit(request=request, actor=Actor.of(alice))
    gone = request.changes.get(key="b.example").pk
    request = amending.amend(
        request=request, actor=Actor.of(alice), seen=request.checksum, lines={gone: None}, reason="wanted"
    )
    refuses(dora, request)


def test_rule_08_a_rebase_by_another_rewrites_no_authorship(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "alice")
    request = save(dora, "aliases", "sales", '"|/bin/run"', reason="wanted")
    request.changes.update(holds=False)  # as if the hold had been missed
    save(alice, "aliases", "sales", "alice", comment="since then")
    request = amending.bring_up_to_date(request=request, actor=Actor.of(alice))
    assert request.changes.get().author == dora
    refuses(dora, request)


def test_rule_09_who_brought_the_current_version_in_is_an_author_too(alice: User, bob: User, dora: User) -> None:
    request = changes.submit(request=draft_of(alice, "a.example"), actor=Actor.of(dora))
    refuses(dora, request)
    again = amending.bring_up_to_date(
        request=save(alice, "relay-domains", "b.example", reason="wanted"), actor=Actor.of(dora)
    )
    refuses(dora, again)


def test_rule_10_nobody_can_act_as_another(alice: User, bob: User, dora: User) -> None:
    """There is no log-in as somebody else: whatever is posted, the session's person is who acted."""
    browser = visitor(dora)
    browser.post(
        reverse("entry-add", args=["aliases"]),
        {"key": "sales", "value": "x", "enabled": "on", "author": alice.pk, "user": "alice", "actor": "alice"},
        headers={"remote-user": "alice", "x-remote-user": "alice", "x-forwarded-user": "alice"},
        REMOTE_USER="alice",
    )
    event = AuditEvent.objects.get(action="entry-created")
    assert (event.actor, event.actor_name) == (dora, "dora")


def test_rule_11_and_12_one_person_with_two_roles_is_one_approval(
    alice: User, bob: User, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
    bob = User.objects.get(pk=bob.pk)
    demand_two(monkeypatch)
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    assert approve(bob, request).state == "submitted"
    with pytest.raises(ReviewError, match="decided on this version already"):
        approve(bob, request)
    assert value_of("relay-domains", "customer.example") is None
    assert approve(erin, request).state == "applied"


def demand_two(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from tables import policy

    asked = policy.demand
    monkeypatch.setattr(policy, "demand", lambda **about: replace(asked(**about), reviews=2))


def test_rule_13_an_approver_must_still_be_one_when_it_is_published(
    alice: User, bob: User, erin: User, relay: ChangeRequest
) -> None:
    approve(bob, relay)
    bob.groups.clear()
    with pytest.raises(ChangeError, match="no longer an approver"):
        cut(cluster=get_cluster(), actor=Actor.of(alice))


def test_rule_13_and_when_it_is_applied(
    alice: User, bob: User, erin: User, relay: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand_two(monkeypatch)
    assert approve(bob, relay).state == "submitted"
    bob.groups.clear()
    assert approve(erin, relay).state == "submitted"
    assert value_of("relay-domains", "customer.example") is None


def test_rule_14_only_a_fresh_log_in_approves(bob: User, relay: ChangeRequest) -> None:
    browser = visitor(bob)
    browser.get(reverse("request", args=[relay.pk]))
    let_the_log_in_age(browser)
    answer = browser.post(reverse("request-approve", args=[relay.pk]), {"checksum": relay.checksum})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    relay.refresh_from_db()
    assert relay.state == "submitted"


def test_rule_14_nothing_but_a_session_lets_anybody_in(bob: User, relay: ChangeRequest) -> None:
    for headers in ({"authorization": "Bearer x"}, {"authorization": "Basic Ym9iOmJvYg=="}, {"x-api-key": "x"}):
        answer = Client().post(
            reverse("request-approve", args=[relay.pk]), {"checksum": relay.checksum}, headers=headers
        )
        assert answer["Location"].startswith(reverse("account_login"))


def test_rule_15_who_reset_an_account_cannot_approve_for_it(alice: User, bob: User, dora: User) -> None:
    accounts.reset_password(actor=Actor.of(dora), person=alice)
    request = save(User.objects.get(pk=alice.pk), "relay-domains", "customer.example", reason="wanted")
    with pytest.raises(ReviewError, match="set up the account of alice"):
        approve(dora, request)
    assert approve(bob, request).state == "applied"


def test_rule_16_without_an_eligible_approver_it_is_refused_at_once(alice: User, people: dict[str, User]) -> None:
    User.objects.filter(username__in=["bob", "dora"]).update(is_active=False)
    with pytest.raises(ChangeError, match="nobody may review"):
        save(alice, "relay-domains", "customer.example", reason="wanted")
    assert not ChangeRequest.objects.exists()


def test_contributors_are_never_forgotten(alice: User, bob: User) -> None:
    from django.db import DatabaseError, transaction

    make_person("frank", Role.APPROVER)
    save(alice, "relay-domains", "customer.example", reason="wanted")
    for act in (lambda found: found.update(person=bob), lambda found: found._raw_delete("default")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act(Contributor.objects.all())
