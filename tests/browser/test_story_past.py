"""What the tables said last month, who changed it since, what differs, and one change taken back."""

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tables.actors import Actor
from tables.entries import get_cluster
from tables.releases import cut
from tests.browser.conftest import OpenPage
from tests.services.editing import delete, save
from tests.web.visits import standing


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_time_machine_blame_compare_and_undo(open_page: OpenPage, alice: User, dora: User, script: bool) -> None:
    save(alice, "aliases", "sales", "alice", reason="The shop opens")
    save(alice, "aliases", "press", "alice")
    cut(cluster=get_cluster(), actor=Actor.of(alice), reason="The first")
    save(dora, "aliases", "sales", "dora", reason="Alice is on leave")
    delete(alice, "aliases", "press")
    page = open_page(alice, java_script_enabled=script)

    page.goto("/tables/aliases/")
    page.get_by_role("link", name="Past").click()
    expect(page.get_by_role("heading", name="aliases as it is")).to_be_visible()
    page.get_by_label("Release or time").fill("2026-01-31 12:00 Europe/Atlantis")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("There is no time zone Europe/Atlantis.")).to_be_visible()
    page.get_by_label("Release or time").fill("1")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="aliases as of release 1")).to_be_visible()
    expect(page.get_by_role("link", name="press")).to_be_visible()

    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_text("0 added, 1 changed, 1 removed in aliases.")).to_be_visible()
    expect(page.get_by_role("link", name="Back to release 1…")).to_be_visible()

    assert page.request.get("/tables/aliases/at/file/?when=1").text() == "sales: alice\npress: alice\n"
    assert "-press: alice\n" in page.request.get("/compare/file/?old=1&table=aliases").text()

    page.goto("/tables/aliases/blame/")
    expect(page.get_by_role("row", name="dora")).to_contain_text("sales: dora")
    page.get_by_role("link", name="sales: dora").click()
    page.get_by_role("link", name="Undo this update").click()
    page.get_by_label("Reason").fill("Alice is back")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Request")
    assert standing("aliases", "sales").value == "alice"

    page.goto("/changes/?person=dora")
    expect(page.get_by_text("Alice is on leave")).to_be_visible()
    page.get_by_role("link", name="sales").click()
    page.get_by_role("link", name="Undo this update").last.click()
    expect(page.get_by_text("was changed since, by request")).to_be_visible()
