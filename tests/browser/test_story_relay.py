"""A relay domain, from the wish to the table: alice proposes, bob approves. With JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.services.editing import save
from tests.web.visits import standing, stands


def propose(page: Page, domain: str) -> int:
    """Ask for a relay domain by the form; the number of the request that comes of it."""
    page.goto("/tables/relay-domains/")
    page.get_by_role("link", name="Add").first.click()
    page.get_by_label("Domain or network").fill(domain)
    page.get_by_label("Reason").fill("We are their backup MX")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/requests/*/")
    number = re.search(r"/requests/(\d+)/", page.url)
    assert number is not None
    return int(number[1])


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_alice_proposes_and_bob_approves(open_page: OpenPage, alice: User, bob: User, script: bool) -> None:
    at_alice = open_page(alice, java_script_enabled=script)
    number = propose(at_alice, "example.org")

    expect(at_alice.get_by_role("heading", level=1)).to_contain_text("submitted")
    expect(at_alice.get_by_role("button", name="Approve")).to_have_count(0)
    expect(at_alice.get_by_text("You are not an approver")).to_be_visible()
    assert stands("relay-domains", "example.org") is None

    at_bob = open_page(bob, java_script_enabled=script)
    at_bob.goto("/requests/?view=review")
    at_bob.get_by_role("link", name=str(number), exact=True).click()
    expect(at_bob.get_by_text("Mail for example.org and its subdomains is relayed")).to_be_visible()
    expect(at_bob.locator(".diff__line--added")).to_contain_text("example.org")
    at_bob.get_by_label("Comment").fill("I rang them")
    at_bob.get_by_role("button", name="Approve").click()

    expect(at_bob.get_by_text(f"Request {number} is approved and applied.")).to_be_visible()
    assert standing("relay-domains", "example.org").enabled
    at_alice.goto("/tables/relay-domains/")
    expect(at_alice.get_by_role("rowheader", name="example.org")).to_be_visible()


def test_an_approver_who_also_edits_cannot_approve_what_they_proposed(
    open_page: OpenPage, dora: User, bob: User
) -> None:
    page = open_page(dora)
    propose(page, "example.org")

    expect(page.get_by_text("You are an author of this request.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_bob_rejects_and_says_why(open_page: OpenPage, alice: User, bob: User, script: bool) -> None:
    request = save(alice, "relay-domains", "example.org", reason="We are their backup MX")
    page = open_page(bob, java_script_enabled=script)
    page.goto(f"/requests/{request.pk}/")

    page.get_by_label("Comment").fill("They have another one")
    page.get_by_role("button", name="Reject").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("rejected")
    expect(page.get_by_text("They have another one").first).to_be_visible()
    assert stands("relay-domains", "example.org") is None


def test_alice_thinks_better_of_it(open_page: OpenPage, alice: User, bob: User) -> None:
    page = open_page(alice)
    propose(page, "example.org")

    page.get_by_text("Withdraw this request").click()
    page.get_by_role("button", name="Withdraw").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("withdrawn")
