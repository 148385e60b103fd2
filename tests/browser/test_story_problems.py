"""From a list that says that something is wrong, over the page of all problems, to the click that mends it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tables import bulk, surveys
from tables.entries import get_cluster
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.browser.checks import faults
from tests.browser.conftest import OpenPage
from tests.web.visits import standing

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])


@pytest.fixture
def poor(live_server: Any, settings: Any) -> None:
    """Tables as somebody's hand left them."""
    settings.LOCAL_USERS = "unknown"
    cluster = get_cluster()
    tables = {
        "aliases": {"mailer-daemon": "root", "sales": "marketing", "marketing": "sales", "info": "root"},
        "access": {"connect:10.0.0.0/8": "REJECT", "connect:192.0.2": "REJET", "connect:192.0.3": "REJECT\r"},
    }
    for table, pairs in tables.items():
        entries = [Entry(key, value, position=place << 32) for place, (key, value) in enumerate(pairs.items(), 1)]
        bulk.load(cluster=cluster, table=TABLES[table], entries=entries)
    surveys.run(cluster=cluster, by="publisher:mx1.example.org")


@SCRIPTS
def test_a_problem_is_seen_found_and_mended(open_page: OpenPage, poor: None, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)

    page.goto("/tables/aliases/")
    page.get_by_text("The aliases lead back to where they began").first.click()
    expect(page.get_by_text("Give one of them a target outside the loop.")).to_be_visible()
    page.get_by_role("link", name="aliases.loop").click()
    expect(page.get_by_role("heading", name="Problems")).to_be_visible()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Problems").click()
    expect(page.get_by_text("As of change 0")).to_be_visible()
    page.get_by_label("Table", exact=True).select_option("aliases")
    if not script:
        page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("link", name="connect:192.0.2")).to_have_count(0)
    expect(page.get_by_role("link", name="marketing")).to_be_visible()

    page.get_by_role("button", name="Add postmaster: root").click()
    expect(page.get_by_text("Done: Add postmaster: root. Publish to make it live.")).to_be_visible()
    expect(page.get_by_role("button", name="Add postmaster: root")).to_have_count(0)
    assert standing("aliases", "postmaster").value == "root"

    page.goto("/history/")
    expect(page.get_by_text("“Add postmaster: root (aliases.no-postmaster)”")).to_be_visible()


@SCRIPTS
def test_the_tables_are_checked_when_somebody_asks(open_page: OpenPage, poor: None, alice: User, script: bool) -> None:
    page = open_page(alice, java_script_enabled=script)
    page.goto("/tables/access/edit/?key=connect:192.0.2")
    page.get_by_label("Action").fill("REJECT")
    page.get_by_role("button", name="Save").click()
    page.goto("/problems/?table=access")
    expect(page.get_by_text("changed since the check")).to_be_visible()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The tables are checked: 1 error, 2 warnings.")).to_be_visible()
    page.goto("/problems/?table=access")
    expect(page.get_by_text("changed since the check")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_pages_with_problems_look_right(
    open_page: OpenPage, poor: None, dora: User, scheme: str, width: int
) -> None:
    page = open_page(dora, color_scheme=scheme, viewport={"width": width, "height": 800})
    wrong = {}
    for path in (
        "/",
        "/problems/",
        "/problems/?grade=all",
        "/problems/?q=nothing-like-this",
        "/tables/aliases/",
        "/tables/access/",
        "/search/?q=192",
        "/tables/aliases/edit/?key=marketing",
    ):
        page.goto(path)
        for unfold in page.locator(".troubles > summary").all():
            unfold.click()
        if found := faults(page):
            wrong[path] = found
    assert wrong == {}
