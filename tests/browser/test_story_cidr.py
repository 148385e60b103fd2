"""A network that sendmail has no word for, by keyboard alone: typed, put right by a click, looked at, saved."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from mailadmin.accounts.models import User
from tests.browser.checks import faults
from tests.browser.conftest import OpenPage
from tests.services.editing import save
from tests.web.visits import standing

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
LOOKS = [
    {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    for scheme, width in (("light", 1280), ("dark", 360))
]
NETWORK = "Connect:192.0.2.0/22"
KEYS = ["connect:192.0.0", "connect:192.0.1", "connect:192.0.2", "connect:192.0.3"]
WRITE = "Write 4 entries, 192.0.0 to 192.0.3"


def go_to(page: Page, control: Locator, key: str = "Tab") -> None:
    """Press a key until the control has the focus."""
    expect(control).to_be_visible()
    for _ in range(40):
        if control.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"The keyboard does not lead to {control}.")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def type_the_network(page: Page, script: bool) -> None:
    """Into the form, until the button that puts it right shows: by itself, or after trying to save."""
    page.goto("/tables/access/add/")
    expect(page.get_by_label("Kind of rule")).to_be_focused()
    go_to(page, page.get_by_label("Who"))
    page.keyboard.type(NETWORK)
    go_to(page, page.get_by_label("Action", exact=True))
    page.keyboard.type("DISCARD")
    show_what_is_wrong(page, script)
    expect(button(page, WRITE)).to_be_visible()


def show_what_is_wrong(page: Page, script: bool) -> None:
    """By leaving the field; without JavaScript by trying to save."""
    if script:
        page.keyboard.press("Tab")
    else:
        go_to(page, button(page, "Save"))
        page.keyboard.press("Enter")


@SCRIPTS
def test_a_network_becomes_its_prefixes_by_keyboard_alone(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    type_the_network(page, script)
    expect(page.get_by_text("not the first of the network 192.0.0.0/22")).to_be_visible()

    go_to(page, button(page, WRITE), "Shift+Tab" if script else "Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{WRITE}?")
    expect(page.locator(".diff__line--added")).to_have_count(4)

    go_to(page, button(page, "Add these 4 entries"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 entries are saved. Publish to make it live.")).to_be_visible()
    assert [standing("access", key).value for key in KEYS] == ["DISCARD"] * 4


@SCRIPTS
def test_one_key_is_put_right_in_the_form(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/virtusertable/add/")
    expect(page.get_by_role("textbox", name="User")).to_be_focused()
    page.keyboard.type("Jane Doe <jane@münchen.example>")
    page.get_by_label("Leads to").focus()
    page.keyboard.type("alice")
    show_what_is_wrong(page, script)

    go_to(page, button(page, "Write jane@xn--mnchen-3ya.example"), "Shift+Tab" if script else "Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Address is now")).to_be_visible()
    expect(page.get_by_role("textbox", name="User")).to_be_focused()
    expect(page.get_by_role("textbox", name="User")).to_have_value("jane")
    expect(page.get_by_label("Domain", exact=True)).to_have_value("xn--mnchen-3ya.example")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Jane Doe")
    expect(page.get_by_label("Leads to")).to_have_value("alice")
    expect(page.get_by_text("= münchen.example")).to_be_visible()

    page.keyboard.press("Enter")
    expect(page.get_by_text("jane@xn--mnchen-3ya.example is saved.")).to_be_visible()
    expect(page.get_by_text("= münchen.example")).to_be_visible()


@SCRIPTS
def test_a_line_is_put_right_as_well(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/access/add/")
    page.get_by_role("button", name="As one line").click()
    page.get_by_label("Who").fill("Connect:192.0.2.0/24")
    page.get_by_label("Action").fill("REJECT")
    page.get_by_label("Action").focus()
    show_what_is_wrong(page, script)
    page.get_by_role("button", name="Write 192.0.2", exact=True).click()

    expect(page.get_by_role("status").filter(has_text="Who is now Connect:192.0.2.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is saved.")).to_be_visible()
    assert standing("access", "connect:192.0.2").value == "REJECT"


def test_enter_in_a_field_saves_and_mends_nothing(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    type_the_network(page, script=True)
    page.get_by_label("Who").press("Enter")
    expect(page.get_by_text("Not saved. See what is wrong beside the fields.")).to_be_visible()
    expect(page.get_by_label("Who")).to_have_value(NETWORK)


def test_the_way_back_keeps_what_was_typed(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    type_the_network(page, script=True)
    page.get_by_role("button", name=WRITE).click()
    page.get_by_label("Reason").fill("A bad neighbour")
    page.get_by_role("button", name="Back to the form").click()

    expect(page.get_by_label("Who")).to_have_value(NETWORK)
    expect(page.get_by_label("Reason")).to_have_value("A bad neighbour")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['color_scheme']}-{look['viewport']['width']}")
def test_the_pages_look_right(open_page: OpenPage, alice: User, bob: User, look: dict[str, Any]) -> None:
    save(alice, "access", "connect:192.0.1", "RELAY", reason="the branch office")
    save(alice, "access", "connect:192.0.0", "DISCARD")
    save(alice, "virtusertable", "jane@xn--mnchen-3ya.example", "jane@xn--strae-oqa.example")
    page = open_page(alice, **look)
    type_the_network(page, script=True)
    assert faults(page) == []
    page.get_by_role("button", name=WRITE).click()
    expect(page.get_by_text("1 more stands there already")).to_be_visible()
    assert faults(page) == []
    page.goto("/tables/virtusertable/")
    assert faults(page) == []
