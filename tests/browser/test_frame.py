"""The frame of the panel: keyboard, menus and the choice of light and dark, none of which needs a script."""

import pytest
from playwright.sync_api import Page, expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.people import PASSWORD

PHONE = {"width": 360, "height": 740}


def test_logging_in_by_the_form(page: Page, alice: User) -> None:
    page.goto("/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def test_the_first_press_of_tab_offers_to_skip_the_navigation(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_the_navigation_opens_by_a_button_and_closes_by_escape(
    open_page: OpenPage, alice: User, scripts: bool
) -> None:
    page = open_page(alice, viewport=PHONE, java_script_enabled=scripts)
    page.goto("/")
    drawer = page.get_by_role("navigation", name="Main")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    drawer.get_by_role("link", name="virtusertable").click()
    expect(page.get_by_role("heading", name="virtusertable", level=1)).to_be_visible()


@pytest.mark.parametrize(("choice", "background"), [("Dark", "rgb(14, 19, 25)"), ("Light", "rgb(245, 246, 248)")])
def test_a_person_chooses_light_or_dark_whatever_the_system_says(
    open_page: OpenPage, alice: User, choice: str, background: str
) -> None:
    page = open_page(alice, color_scheme="light" if choice == "Dark" else "dark", java_script_enabled=False)
    page.goto("/history/")
    page.get_by_role("button", name="alice").click()
    page.get_by_role("button", name=choice).click()
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()
    expect(page.locator("html")).to_have_css("background-color", background)


def test_logging_out_from_the_menu(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/")
    page.get_by_role("button", name="alice").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
