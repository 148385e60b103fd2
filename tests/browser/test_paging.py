"""Turning pages by the keyboard."""

from typing import Any

from django.conf import settings
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.services.editing import save


def test_the_cursor_stays_on_the_way_to_the_next_page(open_page: OpenPage, alice: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "PAGE_SIZE", 2)
    for name in ("alice", "bob", "carol", "dave", "erin", "fred"):
        save(alice, "aliases", f"{name}.smith", name)
    page = open_page(alice)
    page.goto("/tables/aliases/")

    for shown in ("carol.smith", "erin.smith"):
        expect(page.get_by_role("link", name="Next")).to_be_visible()
        page.locator("a[rel=next]").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=shown, exact=True)).to_be_visible()
        if shown == "carol.smith":
            expect(page.locator("a[rel=next]")).to_be_focused()
