"""Rules 25 to 28: the lines, the effect, every risky line, and no question left open."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import closing, reviews, threads
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden, ReasonMissing, ReviewError
from tables.models import AuditEvent, ChangeRequest, Viewing
from tests.rules.conftest import many
from tests.services.editing import approve, save, value_of
from tests.web.visits import text, visitor

pytestmark = pytest.mark.django_db


def test_rule_25_lines_effect_problems_and_reason_are_shown_and_the_showing_is_logged(alice: User, bob: User) -> None:
    request = save(alice, "access", "connect:203.0.113", "RELAY", reason="They pay us")
    page = text(visitor(bob).get(reverse("request", args=[request.pk])))
    for shown in ("Connect:203.0.113", "RELAY", "Every host of 203.0.113 may send mail anywhere", "They pay us"):
        assert shown.lower() in page.lower()
    assert Viewing.objects.filter(request=request, person=bob, checksum=request.checksum).count() == 1
    assert AuditEvent.objects.filter(action="request-viewed", actor=bob, request_id=request.pk).count() == 1


def test_rule_25_nobody_approves_what_they_never_opened(bob: User, relay: ChangeRequest) -> None:
    with pytest.raises(ReviewError, match="Open the request"):
        reviews.approve(request=relay, reviewer=bob, checksum=relay.checksum)


def ticks_of(request: ChangeRequest, count: int) -> list[int]:
    return list(request.changes.order_by("id").values_list("pk", flat=True)[:count])


def decide(person: User, request: ChangeRequest, ticked: list[int]) -> ChangeRequest:
    reviews.note_viewing(request=request, person=person)
    return reviews.approve(request=request, reviewer=person, checksum=request.checksum, ticked=ticked)


def test_rule_26_each_of_many_risky_lines_is_ticked_or_two_people_approve(alice: User, bob: User, erin: User) -> None:
    request = many(alice, 11)
    assert decide(bob, request, ticks_of(request, 10)).state == "submitted"
    assert value_of("relay-domains", "c000.example") is None
    assert decide(erin, request, []).state == "applied"


def test_rule_26_with_every_line_ticked_one_person_suffices(alice: User, bob: User) -> None:
    request = many(alice, 11)
    assert decide(bob, request, ticks_of(request, 11)).state == "applied"


def test_rule_26_few_risky_lines_need_no_ticks(alice: User, bob: User) -> None:
    assert decide(bob, many(alice, 10), []).state == "applied"


def test_rule_26_the_page_has_a_box_at_each_risky_line(alice: User, bob: User) -> None:
    request = many(alice, 11)
    browser = visitor(bob)
    page = browser.get(reverse("request", args=[request.pk])).content.decode()
    assert page.count('name="tick"') == 11
    browser.post(
        reverse("request-approve", args=[request.pk]), {"checksum": request.checksum, "tick": ticks_of(request, 11)}
    )
    request.refresh_from_db()
    assert request.state == "applied"


def test_rule_26_too_many_to_tick_ask_for_two(alice: User, bob: User, erin: User) -> None:
    request = many(alice, 101)
    page = text(visitor(bob).get(reverse("request", args=[request.pk])))
    assert "two approvers have to look at it" in page
    assert 'name="tick"' not in page
    assert approve(bob, request).state == "submitted"
    assert approve(erin, request).state == "applied"


def test_rule_27_a_reason_is_mandatory_to_submit_and_to_reject_but_not_to_approve(
    alice: User, bob: User, relay: ChangeRequest
) -> None:
    with pytest.raises(ReasonMissing):
        save(alice, "relay-domains", "other.example")
    reviews.note_viewing(request=relay, person=bob)
    with pytest.raises(ReviewError, match="Say why"):
        reviews.reject(request=relay, reviewer=bob, checksum=relay.checksum, comment=" ")
    assert reviews.approve(request=relay, reviewer=bob, checksum=relay.checksum, comment="").state == "applied"


def test_rule_28_an_open_thread_holds_an_approved_request_back(
    alice: User, bob: User, erin: User, relay: ChangeRequest
) -> None:
    thread = threads.ask(request=relay, person=erin, text="Is there a contract?")
    assert approve(bob, relay).state == "approved"
    assert value_of("relay-domains", "customer.example") is None
    threads.reply(thread=thread, person=alice, text="Yes")
    with pytest.raises(Forbidden):
        threads.resolve(thread=thread, person=alice)
    assert threads.resolve(thread=thread, person=erin).state == "applied"
    assert value_of("relay-domains", "customer.example") == ""


def test_rule_28_it_is_enforced_where_a_request_is_applied(alice: User, bob: User, relay: ChangeRequest) -> None:
    from tables import applying

    threads.ask(request=relay, person=bob, text="?")
    approve(bob, relay)
    with pytest.raises(ChangeError, match="a thread of its review is open"):
        applying.apply(request=relay, actor=Actor.of(alice))


def test_a_thread_is_resolved_once_and_by_nobody_else(
    alice: User, bob: User, charlie: User, relay: ChangeRequest
) -> None:
    thread = threads.ask(request=relay, person=bob, text="?")
    with pytest.raises(Forbidden):
        threads.ask(request=relay, person=charlie, text="me too")
    threads.resolve(thread=thread, person=bob)
    with pytest.raises(ChangeError, match="resolved already"):
        threads.resolve(thread=thread, person=bob)
    closing.withdraw(request=relay, actor=Actor.of(alice))
    with pytest.raises(ChangeError, match="nothing left to ask"):
        threads.ask(request=relay, person=bob, text="?")
