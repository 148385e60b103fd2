"""Many entries at once: a search is switched off, and somebody who left is swept out. With JavaScript and without."""

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.services.editing import save
from tests.web.visits import standing, stands

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])


@SCRIPTS
def test_a_search_is_switched_off_as_one_request(open_page: OpenPage, alice: User, script: bool) -> None:
    for key in ("shop1", "shop2", "press", *(f"other{number}" for number in range(5))):
        save(alice, "aliases", key, "anna")
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/aliases/?q=shop")
    expect(page.get_by_label("Choose shop1")).to_be_visible()
    page.get_by_label("all that match").check()
    page.get_by_role("button", name="Choose what to do").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 entries of aliases")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("heading", name="2 would change")).to_be_visible()
    page.get_by_role("button", name="Make a draft").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("draft")
    assert standing("aliases", "shop1").enabled
    page.get_by_label("Reason").fill("The shop is closed")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Publish to make it live.")).to_be_visible()

    assert [standing("aliases", key).enabled for key in ("shop1", "shop2", "press")] == [False, False, True]


@SCRIPTS
def test_a_leaver_is_swept_out(open_page: OpenPage, alice: User, script: bool) -> None:
    save(alice, "aliases", "sales", "jdoe, anna")
    save(alice, "aliases", "owner-jdoe", "anna")
    save(alice, "virtusertable", "jdoe@example.com", "jdoe")
    page = open_page(alice, java_script_enabled=script)
    page.goto("/sweep/")
    page.get_by_label("Person, address or domain").fill("jdoe")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="2 entries")).to_be_visible()
    page.get_by_label("Put instead").fill("berta")
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_role("heading", name="2 would change")).to_be_visible()
    page.get_by_role("button", name="Make a draft").click()
    page.get_by_label("Reason").fill("J. Doe left")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Publish to make it live.")).to_be_visible()

    assert standing("aliases", "sales").value == "berta, anna"
    assert standing("virtusertable", "jdoe@example.com").value == "berta"
    assert stands("aliases", "owner-jdoe") is not None
