"""What happens while one types, where there is JavaScript."""

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.services.editing import save
from tests.web.visits import standing


@pytest.fixture
def some(live_server: object, alice: User) -> None:
    for name in ("alice", "bob", "carol"):
        save(alice, "aliases", f"{name}.smith", name)
        save(alice, "virtusertable", f"{name}@example.com", name)


def test_a_problem_shows_beside_its_field_as_one_leaves_it(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/tables/access/add/")

    page.get_by_label("Who").fill("connect:192.0.2.0/24")
    page.get_by_label("Action").focus()
    expect(page.locator("#problems-key .problem--error")).to_be_visible()

    page.get_by_label("Who").fill("connect:192.0.2")
    page.get_by_label("Action").focus()
    expect(page.locator("#problems-key .problem--error")).to_have_count(0)


def test_a_risk_is_told_before_saving(open_page: OpenPage, alice: User, bob: User) -> None:
    page = open_page(alice)
    page.goto("/tables/relay-domains/add/")

    page.get_by_label("Domain or network").fill("example.org")
    page.get_by_label("Reason").focus()

    expect(page.get_by_text("This needs a second person.")).to_be_visible()


def test_a_warning_can_be_confirmed_as_soon_as_it_shows(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice)
    page.goto("/tables/aliases/add/")
    page.get_by_label("Name").fill("sales")
    page.get_by_label("Targets").fill("alice # head of sales")
    page.get_by_role("textbox", name="Comment").focus()

    page.get_by_label("I have seen the warnings").check()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("sales is saved.")).to_be_visible()
    assert standing("aliases", "sales").value == "alice # head of sales"


def test_the_list_narrows_as_one_types(open_page: OpenPage, alice: User, some: None) -> None:
    page = open_page(alice)
    page.goto("/tables/aliases/")
    expect(page.locator("tbody tr")).to_have_count(3)

    page.get_by_label("Search in aliases").press_sequentially("carol")

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#entries-count")).to_have_text("1 entry")
    page.wait_for_url("**/tables/aliases/?q=carol&state=all")
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_search_over_all_tables_finds_as_one_types(open_page: OpenPage, alice: User, some: None) -> None:
    page = open_page(alice)
    page.goto("/search/")

    page.get_by_label("Key, value or comment").press_sequentially("bob")

    expect(page.get_by_role("heading", name="aliases")).to_be_visible()
    expect(page.get_by_role("heading", name="virtusertable")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)
