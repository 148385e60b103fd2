"""Panic close: one person closes every relay at once; two open one again."""

from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.services.editing import approve, save
from tests.web.visits import standing, stands


def test_relays_are_closed_by_one_and_opened_again_by_two(open_page: OpenPage, alice: User, bob: User) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="A customer"))
    approve(bob, save(alice, "access", "connect:203.0.113", "RELAY", reason="A branch"))
    approve(bob, save(alice, "access", "connect:127.0.0.1", "RELAY", reason="Ourselves"))
    page = open_page(alice)
    page.goto("/")
    page.get_by_role("link", name="Panic close").click()
    expect(page.get_by_role("heading", name="2 permissions close")).to_be_visible()
    expect(page.get_by_text("It is one of the site's own networks.")).to_be_visible()
    page.get_by_label("Reason").fill("We are on a block list")
    page.get_by_role("button", name="Close them now").click()

    expect(page.get_by_text("It is closed, and on its way to every host")).to_be_visible()
    assert stands("relay-domains", "customer.example") is None
    assert stands("access", "connect:203.0.113") is None
    assert standing("access", "connect:127.0.0.1").enabled
    page.get_by_role("link", name="Undo it").click()
    page.get_by_label("Reason").fill("It was another host")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/requests/*/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("submitted")
    assert stands("relay-domains", "customer.example") is None

    at_bob = open_page(bob)
    at_bob.goto(page.url)
    at_bob.get_by_role("button", name="Approve").click()
    expect(at_bob.get_by_text("is approved and applied.")).to_be_visible()
    assert standing("relay-domains", "customer.example").enabled
