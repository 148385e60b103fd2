"""An entry is put together from its parts: with JavaScript the fields follow the choice, else a button shows them."""

import pytest
from playwright.sync_api import Page, expect

from mailadmin.accounts.models import User
from tables.models import ChangeRequest
from tests.browser.checks import faults
from tests.browser.conftest import OpenPage, press_tab_to
from tests.services.editing import approve, save
from tests.web.visits import standing

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])


def choose(page: Page, label: str, choice: str, *, script: bool) -> None:
    """Take a choice that decides about further fields; without JavaScript its button shows them."""
    page.get_by_label(label, exact=True).select_option(choice)
    if not script:
        control = page.locator(".part", has=page.get_by_label(label, exact=True))
        control.get_by_role("button", name="Show its fields").click()


@SCRIPTS
def test_a_refusal_is_written_from_status_code_and_text(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/access/add/")

    choose(page, "Kind of rule", "from", script=script)
    page.get_by_label("Address", exact=True).fill("spammer@example.net")
    choose(page, "Action", "ERROR", script=script)
    page.get_by_label("Status").fill("5.7.1")
    page.get_by_label("Reply code").fill("550")
    page.get_by_label("Text", exact=True).fill("No, (really) not")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("is saved.")).to_be_visible()
    assert standing("access", "from:spammer@example.net").value == 'ERROR:5.7.1:"550 No, (really) not"'


@SCRIPTS
def test_what_was_typed_is_there_again_when_its_action_is(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/access/add/")
    page.get_by_label("Who").fill("192.0.2")
    page.get_by_role("textbox", name="Comment").fill("ours")
    choose(page, "Action", "ERROR", script=script)
    page.get_by_label("Text", exact=True).fill("Ask first")

    choose(page, "Action", "REJECT", script=script)
    expect(page.get_by_label("Text", exact=True)).to_have_count(0)
    choose(page, "Action", "ERROR", script=script)

    expect(page.get_by_label("Text", exact=True)).to_have_value("Ask first")
    expect(page.get_by_label("Who")).to_have_value("192.0.2")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("ours")


@SCRIPTS
def test_one_goes_to_the_line_and_back_with_everything_typed(open_page: OpenPage, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/mailertable/add/")
    page.get_by_label("Domain", exact=True).fill("example.com")
    page.get_by_label("Hosts", exact=True).fill("a.example\nb.example")

    page.get_by_role("button", name="As one line").click()
    expect(page.get_by_label("Route")).to_have_value("esmtp:[a.example]:[b.example]")
    page.get_by_label("Route").fill("error:nohost:no such host")
    page.get_by_role("button", name="Parts").click()

    expect(page.get_by_label("Status")).to_have_value("nohost")
    page.get_by_label("Text", exact=True).fill("gone away")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is saved.")).to_be_visible()
    assert standing("mailertable", "example.com").value == "error:nohost:gone away"


def test_the_keyboard_alone_writes_a_rule(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/tables/access/add/")
    expect(page.get_by_label("Kind of rule")).to_be_focused()

    page.keyboard.type("From")
    expect(page.get_by_label("Address", exact=True)).to_be_visible()
    expect(page.get_by_label("Kind of rule")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("spammer@example.net")
    page.keyboard.press("Tab")
    page.keyboard.type("ERROR")
    expect(page.get_by_label("Reply code")).to_be_visible()
    expect(page.get_by_label("Action", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("5.7.1")
    page.keyboard.press("Tab")
    page.keyboard.type("550")
    page.keyboard.press("Tab")
    page.keyboard.type("No thank you")
    page.keyboard.press("Enter")

    expect(page.get_by_text("is saved.")).to_be_visible()
    assert standing("access", "from:spammer@example.net").value == 'ERROR:5.7.1:"550 No thank you"'


def test_the_entry_is_checked_as_one_leaves_a_part(open_page: OpenPage, alice: User, bob: User) -> None:
    page = open_page(alice)
    page.goto("/tables/access/add/")

    page.get_by_label("Who").fill("192.0.2.0/24")
    page.get_by_label("Action", exact=True).select_option("RELAY")

    expect(page.locator("#problems-key .problem--error")).to_be_visible()
    expect(page.get_by_text("This needs a second person.")).to_be_visible()
    expect(page.locator("#written code")).to_have_text("connect:192.0.2.0/24\tRELAY")
    page.get_by_label("Who").fill("192.0.2")
    page.get_by_label("Action", exact=True).focus()
    expect(page.locator("#problems-key .problem--error")).to_have_count(0)


@SCRIPTS
def test_a_password_stays_hidden_and_is_kept(open_page: OpenPage, alice: User, bob: User, script: bool) -> None:
    value = '"U:relay" "P:s3cr3t" "M:PLAIN"'
    approve(bob, save(alice, "access", "authinfo:mx.example", value, reason="smart host"))
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/access/edit/?key=authinfo:mx.example")
    assert "s3cr3t" not in page.content()

    page.get_by_role("textbox", name="User optional").fill("other")
    page.get_by_label("Reason").fill("Another user")
    press_tab_to(page, "Save")
    page.keyboard.press("Enter")

    page.wait_for_url("**/requests/*/")
    assert "s3cr3t" not in page.content()
    approve(bob, ChangeRequest.objects.latest("pk"))
    assert standing("access", "authinfo:mx.example").value == '"U:other" "P:s3cr3t" "M:PLAIN"'


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_form_of_parts_looks_right(open_page: OpenPage, alice: User, scheme: str, width: int) -> None:
    page = open_page(alice, color_scheme=scheme, viewport={"width": width, "height": 800})
    wrong = {}
    for table, deciding, choices in (
        ("access", "Action", ["QUARANTINE", "ERROR"]),
        ("access", "Kind of rule", ["tls_rcpt", "authinfo", "citag", "compat", "clientrate"]),
        ("mailertable", "Its way", ["local", "error"]),
        ("virtusertable", "What becomes of the mail", ["error"]),
    ):
        page.goto(f"/tables/{table}/add/")
        for choice in choices:
            with page.expect_response(lambda response: "show=parts" in (response.request.post_data or "")):
                page.get_by_label(deciding, exact=True).select_option(choice)
            expect(page.locator(".htmx-request")).to_have_count(0)  # another choice would end a request under way
            if found := faults(page):
                wrong[f"{table} {choice}"] = found
        page.wait_for_load_state("networkidle")  # leaving the page would end a check that is on its way
    for table in ("aliases", "genericstable"):
        page.goto(f"/tables/{table}/add/")
        if found := faults(page):
            wrong[table] = found
    assert wrong == {}
