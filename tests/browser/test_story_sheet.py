"""A spreadsheet on its way: read, looked at, mended, submitted, approved and published."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tables import publishing
from tables.models import Host, Publication
from tests.browser.conftest import OpenPage
from tests.sheets.making import in_xlsx
from tests.web.visits import standing, stands

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_spreadsheet_is_mended_approved_and_published(
    open_page: OpenPage, alice: User, bob: User, host: Host, script: bool
) -> None:
    sheet = in_xlsx(
        ["key", "comment", "Kunde"], ["partner.example", "since 2026", 7], ["=A2", "", ""], ["192.0.2", "", ""]
    )
    file = {"name": "customers.xlsx", "mimeType": MEDIA, "buffer": sheet}
    page = open_page(alice, java_script_enabled=script)

    page.goto("/tables/relay-domains/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Nobody knows the column “Kunde”.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_label("Leave out columns that nobody knows").check()
    page.get_by_role("button", name="Read the file").click()

    expect(page.get_by_text("3 rows read (XLSX, sheet “Sheet”).")).to_be_visible()
    expect(page.get_by_role("heading", name="Row 3")).to_be_visible()
    expect(page.get_by_text("formulas are not worked out")).to_be_visible()
    assert stands("relay-domains", "partner.example") is None
    page.get_by_label("Domain or network").fill("second.example")
    page.get_by_role("button", name="Mend row 3").click()
    expect(page.get_by_text("Row 3 is mended and in the draft.")).to_be_visible()
    page.get_by_label("Reason").fill("New customers")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("waits for a review.")).to_be_visible()

    at_bob = open_page(bob, java_script_enabled=script)
    at_bob.goto(page.url)
    at_bob.get_by_role("button", name="Approve").click()
    expect(at_bob.get_by_text("is approved and applied.")).to_be_visible()
    assert standing("relay-domains", "partner.example").comment == "since 2026"

    page.goto("/publish/")
    page.get_by_role("button", name="Publish").first.click()
    published = publishing.converge(host=host)
    assert isinstance(published, Publication)
    assert published.state == Publication.State.SUCCEEDED
    assert "second.example" in (Path(host.mail_dir) / "relay-domains").read_text()
