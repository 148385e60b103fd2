"""What somebody sees when the panel refuses what a page asked for by htmx."""

import re

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.services.editing import save


def test_a_right_lost_meanwhile_is_told_where_one_types(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/tables/aliases/add/")
    alice.groups.clear()

    page.get_by_label("Name").fill("sales")
    page.get_by_label("Targets").focus()

    expect(page.get_by_role("status").first).to_contain_text("You may not propose changes to the tables.")
    expect(page.get_by_label("Name")).to_have_value("sales")


def test_a_form_from_before_the_last_log_in_is_told_where_one_types(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/tables/aliases/add/")
    page.context.clear_cookies(name="csrftoken")

    page.get_by_label("Name").fill("sales")
    page.get_by_label("Targets").focus()

    expect(page.get_by_text("reload the page")).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/tables/aliases/", "/history/"])
def test_a_refusal_leaves_the_list_as_it_was(open_page: OpenPage, alice: User, path: str) -> None:
    save(alice, "aliases", "sales", "alice")
    page = open_page(alice)
    page.goto(path)
    alice.groups.clear()

    page.locator("main select").first.select_option(index=1)

    expect(page.locator("#messages")).to_contain_text(re.compile("You may not see the (tables|history)"))
    expect(page.locator("main")).to_contain_text("sales")
