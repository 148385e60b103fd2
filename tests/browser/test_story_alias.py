"""An alias from its first day to its last: nobody else need look, so everything happens at once."""

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage, press_tab_to
from tests.services.editing import save
from tests.web.visits import standing, stands

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])


@SCRIPTS
def test_an_alias_is_added_edited_switched_off_and_deleted(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)

    page.goto("/tables/aliases/")
    page.get_by_role("link", name="Add the first entry").click()
    page.get_by_label("Name").fill("Sales")
    page.get_by_label("Targets").fill("alice")
    page.get_by_role("textbox", name="Comment").fill("since 2026")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is saved. Publish to make it live.")).to_be_visible()
    assert standing("aliases", "sales").comment == "since 2026"

    page.get_by_role("link", name="Edit sales").click()
    page.get_by_label("Targets").fill("alice, bob@example.net")
    page.get_by_label("Reason").fill("Bob joined")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="alice, bob@example.net")).to_be_visible()

    page.get_by_role("link", name="Switch off sales").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("cell", name="switched off")).to_be_visible()
    assert not standing("aliases", "sales").enabled

    page.get_by_role("link", name="History of sales").click()
    expect(page.get_by_text("Bob joined")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(3)

    page.goto("/tables/aliases/")
    page.get_by_role("link", name="Delete sales").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("sales is deleted.")).to_be_visible()
    assert stands("aliases", "sales") is None


@SCRIPTS
def test_two_people_edit_one_alias_at_once(open_page: OpenPage, alice: User, dora: User, script: bool) -> None:
    save(alice, "aliases", "sales", "alice")
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/aliases/edit/?key=sales")
    page.get_by_label("Targets").fill("alice, carol")
    save(dora, "aliases", "sales", "dora")

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Somebody else changed this entry meanwhile")).to_be_visible()
    expect(page.get_by_role("cell", name="dora")).to_be_visible()
    expect(page.get_by_label("Targets")).to_have_value("alice, carol")

    page.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_text("sales is saved.")).to_be_visible()
    assert standing("aliases", "sales").value == "alice, carol"


def test_the_keyboard_alone_suffices(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/tables/aliases/add/")

    page.get_by_label("Name").focus()
    page.keyboard.type("sales")
    page.keyboard.press("Tab")
    page.keyboard.type("alice")
    press_tab_to(page, "Save")
    page.keyboard.press("Enter")

    page.wait_for_url("**/tables/aliases/")
    assert standing("aliases", "sales").value == "alice"
