"""A second person's decision, as the panel takes it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables.models import ChangeRequest, RelayDomain, Review, Viewing
from tests.people import PASSWORD
from tests.services.editing import save
from tests.web.test_requests import pad
from tests.web.visits import let_the_log_in_age, standing, stands, text, visitor


@pytest.fixture
def relay(alice: User, bob: User) -> ChangeRequest:
    return save(alice, "relay-domains", "example.org", reason="We are their backup MX")


def decide(client: Client, request: ChangeRequest, decision: str, **typed: str) -> Any:
    """Open the request and press a button under it."""
    shown = client.get(f"/requests/{request.pk}/").context["form"]["checksum"].value()
    return client.post(f"/requests/{request.pk}/{decision}/", {"checksum": shown, **typed})


def test_an_approved_request_is_applied_at_once(bob: User, relay: ChangeRequest) -> None:
    client = visitor(bob)

    decide(client, relay, "approve", comment="I rang them")

    relay.refresh_from_db()
    review = Review.objects.get()
    assert relay.state == "applied"
    assert standing("relay-domains", "example.org").enabled
    assert (review.reviewer, review.comment, review.checksum) == (bob, "I rang them", relay.checksum)
    page = text(client.get(f"/requests/{relay.pk}/"))
    assert f"Request {relay.pk} is approved and applied." in page
    assert "I rang them" in page


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_who_is_no_approver_gets_a_sentence_in_place_of_buttons(
    people: dict[str, User], relay: ChangeRequest, who: str
) -> None:
    client = visitor(people[who])

    page = text(client.get(f"/requests/{relay.pk}/"))
    response = client.post(f"/requests/{relay.pk}/approve/", {"checksum": relay.checksum})

    assert "You are not an approver." in page
    assert "Approve" not in page
    assert response.status_code == 403
    relay.refresh_from_db()
    assert relay.state == "submitted"


def test_an_author_cannot_approve_their_own_request(dora: User, bob: User) -> None:
    own = save(dora, "relay-domains", "example.org", reason="mine")
    client = visitor(dora)

    page = text(client.get(f"/requests/{own.pk}/"))
    response = client.post(f"/requests/{own.pk}/approve/", {"checksum": own.checksum})

    assert "You are an author of this request." in page
    assert "You are an author of this request." in text(response)
    own.refresh_from_db()
    assert own.state == "submitted"
    assert stands("relay-domains", "example.org") is None


def test_looking_at_a_request_is_noted_for_a_possible_reviewer_only(
    bob: User, charlie: User, relay: ChangeRequest
) -> None:
    for person in (bob, charlie):
        visitor(person).get(f"/requests/{relay.pk}/")

    assert [viewing.person for viewing in Viewing.objects.all()] == [bob]


def test_a_request_that_was_not_looked_at_cannot_be_approved(bob: User, relay: ChangeRequest) -> None:
    response = visitor(bob).post(f"/requests/{relay.pk}/approve/", {"checksum": relay.checksum})

    assert response.status_code == 422
    assert "Open the request and look at its changes" in text(response)


def test_what_changed_since_one_looked_cannot_be_approved(bob: User, relay: ChangeRequest) -> None:
    client = visitor(bob)
    client.get(f"/requests/{relay.pk}/")

    response = client.post(f"/requests/{relay.pk}/approve/", {"checksum": "0" * 64, "comment": "fine with me"})

    assert response.status_code == 422
    assert "The request changed since you looked." in text(response)
    assert "fine with me" in text(response)
    assert stands("relay-domains", "example.org") is None


def test_a_rejection_needs_a_reason(bob: User, relay: ChangeRequest) -> None:
    client = visitor(bob)

    refused = decide(client, relay, "reject")
    decide(client, relay, "reject", comment="They have another backup MX")

    relay.refresh_from_db()
    assert "Say why you reject it" in text(refused)
    assert (relay.state, relay.outcome) == ("rejected", "They have another backup MX")
    assert stands("relay-domains", "example.org") is None


def test_a_decision_is_final(bob: User, dora: User, relay: ChangeRequest) -> None:
    decide(visitor(bob), relay, "reject", comment="no")
    client = visitor(dora)

    response = client.post(f"/requests/{relay.pk}/approve/", {"checksum": relay.checksum})

    assert "This request is rejected." in text(response)
    assert stands("relay-domains", "example.org") is None


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_is_never_taken_by_following_a_link(bob: User, relay: ChangeRequest, decision: str) -> None:
    assert visitor(bob).get(f"/requests/{relay.pk}/{decision}/").status_code == 405


def test_approving_asks_who_it_is_when_the_log_in_was_long_ago_and_keeps_what_was_typed(
    bob: User, relay: ChangeRequest
) -> None:
    client = visitor(bob)
    let_the_log_in_age(client)

    asked = decide(client, relay, "approve", comment="I rang them")
    assert asked.status_code == 302
    assert asked.url.startswith(reverse("account_reauthenticate"))
    relay.refresh_from_db()
    assert relay.state == "submitted"

    client.post(asked.url, {"password": PASSWORD})
    relay.refresh_from_db()
    assert relay.state == "applied"
    assert Review.objects.get().comment == "I rang them"


def test_a_wrong_password_does_not_approve(bob: User, relay: ChangeRequest) -> None:
    client = visitor(bob)
    let_the_log_in_age(client)

    asked = decide(client, relay, "approve")
    client.post(asked.url, {"password": "not it"})

    relay.refresh_from_db()
    assert relay.state == "submitted"


def test_rejecting_does_not_ask_who_it_is(bob: User, relay: ChangeRequest) -> None:
    client = visitor(bob)
    let_the_log_in_age(client)

    decide(client, relay, "reject", comment="no")

    relay.refresh_from_db()
    assert relay.state == "rejected"


def test_several_pages_are_not_approved_before_one_says_that_one_saw_them_all(bob: User, relay: ChangeRequest) -> None:
    pad(relay, 150)
    client = visitor(bob)

    response = decide(client, relay, "approve")

    assert "Look at all pages of this request and say that you did." in text(response)
    assert f'href="/requests/{relay.pk}/?after=' in text(response)
    relay.refresh_from_db()
    assert relay.state == "submitted"


def test_a_request_that_conflicts_when_approved_says_so(alice: User, bob: User, relay: ChangeRequest) -> None:
    client = visitor(bob)
    client.get(f"/requests/{relay.pk}/")
    RelayDomain.objects.create(cluster=relay.cluster, key="example.org", position=1)

    response = client.post(f"/requests/{relay.pk}/approve/", {"checksum": relay.checksum}, follow=True)

    relay.refresh_from_db()
    assert relay.state == "conflicted"
    assert f"Request {relay.pk} could not be applied." in text(response)
