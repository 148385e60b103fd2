"""Publishing as somebody watches it."""

from pathlib import Path

from playwright.sync_api import Page, expect

from mailadmin.accounts.models import User
from tables import publishing
from tables.models import Host, Publication
from tests.browser.conftest import OpenPage
from tests.services.editing import approve, save


def press_publish(page: Page) -> None:
    page.goto("/publish/")
    page.get_by_label("Reason").fill("A new customer")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("It waits for the publisher on the host.")).to_be_visible()


def test_the_page_follows_a_publication_to_its_end_by_itself(
    open_page: OpenPage, host: Host, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    page = open_page(alice)
    press_publish(page)
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation.get_by_role("link", name="Publish 1 not yet live")).to_be_visible()

    publishing.converge(host=host)

    expect(page.get_by_text("It is live.")).to_be_visible()
    expect(navigation.get_by_role("link", name="Publish", exact=True)).to_be_visible()
    assert "example.net" in (Path(host.mail_dir) / "relay-domains").read_text()


def test_a_failure_is_explained_and_can_be_tried_again(open_page: OpenPage, host: Host, alice: User, bob: User) -> None:
    approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    (Path(host.mail_dir) / "relay-domains").write_text("by-hand.example\n")
    page = open_page(alice)
    press_publish(page)

    publishing.converge(host=host)

    expect(page.get_by_role("heading", name="Publish again")).to_be_visible()
    page.get_by_label("Publish even if this is found unsafe").check()
    page.get_by_role("button", name="Publish again").click()
    expect(page.get_by_text("It waits for the publisher on the host.")).to_be_visible()
    publishing.converge(host=host)
    expect(page.get_by_text("It is live.")).to_be_visible()


def test_without_a_script_the_page_is_reloaded_by_a_link(
    open_page: OpenPage, host: Host, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    page = open_page(alice, java_script_enabled=False)
    press_publish(page)
    publishing.converge(host=host)
    page.get_by_role("link", name="Reload").click()
    expect(page.get_by_text("It is live.")).to_be_visible()


def test_an_output_that_somebody_reads_stays_open_while_it_goes_on(
    open_page: OpenPage, host: Host, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    page = open_page(alice)
    press_publish(page)
    publication = Publication.objects.get()
    done = {"step": "plan", "state": "succeeded", "seconds": 0.1, "message": "", "output": "what it will do"}
    Publication.objects.filter(pk=publication.pk).update(state="running", steps=[done])

    page.get_by_text("Output").click()
    expect(page.get_by_text("what it will do")).to_be_visible()
    more = {**done, "step": "build", "output": "", "message": "Nothing to build."}
    Publication.objects.filter(pk=publication.pk).update(steps=[done, more])

    expect(page.get_by_text("Nothing to build.")).to_be_visible()
    expect(page.get_by_text("what it will do")).to_be_visible()
