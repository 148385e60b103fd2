"""An entry that begins and ends by itself, each time across a publication of its own."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from mailadmin.accounts.models import User
from tables import due, publishing, releases, scheduling
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Host
from tests.browser.conftest import OpenPage
from tests.services.editing import save
from tests.web.visits import standing


def live(name: str) -> str:
    return (settings.MAIL_DIR / name).read_text()


def test_an_entry_begins_and_ends_by_itself(open_page: OpenPage, alice: User, host: Host) -> None:
    for key in ("postmaster", "mailer-daemon"):
        save(alice, "aliases", key, "root")
    releases.cut(cluster=get_cluster(), actor=Actor.command())
    publishing.converge(host=host)
    page = open_page(alice)
    page.goto("/tables/aliases/add/")
    page.get_by_role("button", name="As one line").click()
    page.locator("[name=key]").fill("fair")
    page.locator("[name=value]").fill("alice")
    page.get_by_text("Owner, ticket, start and end").click()
    page.get_by_label("Owner").fill("Anna, events")
    begins, ends = (timezone.now() + timedelta(days=days) for days in (1, 8))
    page.get_by_label("Begins").fill(f"{begins:%Y-%m-%dT%H:%M}")
    page.get_by_label("Ends").fill(f"{ends:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Save", exact=True).last.click()

    expect(page.get_by_text("fair is saved.")).to_be_visible()
    page.goto("/tables/aliases/?state=dated")
    expect(page.get_by_role("row", name="fair")).to_contain_text("begins")
    expect(page.get_by_role("row", name="fair")).to_contain_text("owner Anna, events")
    page.goto("/")
    expect(page.get_by_role("heading", name="Begins or ends soon")).to_be_visible()

    def at(moment: datetime) -> None:
        """What the publisher does by itself at that time."""
        with pytest.MonkeyPatch.context() as clock:
            clock.setattr(due.timezone, "now", lambda: moment)
            assert scheduling.carry_out() == 1
            publishing.converge(host=host)

    at(begins + timedelta(minutes=1))

    assert "\nfair: alice\n" in live("aliases")
    page.goto("/tables/aliases/history/?key=fair")
    expect(page.get_by_text("By the dates that were set: fair in aliases begin.").first).to_be_visible()

    at(ends + timedelta(minutes=1))

    assert "\n#fair: alice\n" in live("aliases")
    assert not standing("aliases", "fair").enabled
    page.goto("/tables/aliases/?state=dated")
    expect(page.get_by_role("row", name="fair")).to_contain_text("ended")
    page.goto("/requests/?view=all")
    expect(page.get_by_text("mailadmin").first).to_be_visible()
