"""A real browser on a real server: Debian's Chromium, driven by Playwright."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from mailadmin.accounts.models import User
from tables import publishing
from tables.models import Host
from tests.web.visits import visitor

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Milliseconds that anything on a page may take.
PATIENCE = 15_000

#: What Chromium and htmx remark about a page that says what is wrong with a form, that somebody else was quicker, or
#: that one may not.
REFUSED = re.compile(r"status of (403|409|422) |Status Error Code 403 ")

#: What is driven on each database. What pages look like and how forms behave differs on none, and takes minutes; what
#: the pages ask the database for is seen on each by tests/web.
ON_EACH_DATABASE = {"test_story_relay"}

#: Playwright's event loop lives in this thread, where Django would refuse to use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

#: Opens a page: for a person who is logged in, or for a stranger; further options are the browser context's.
OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            if item.path.stem not in ON_EACH_DATABASE:
                item.add_marker(pytest.mark.one_database)


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """WhiteNoise warns when there is nowhere to serve collected files from; the live server needs none of them."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """``open_page(alice, color_scheme="dark")``. No page may report an error, which a breach of the CSP is too."""
    cache.clear()
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSED.search(message.text):
            errors.append(message.text)

    def open_(person: User | None = None, **options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if person:
            log_in(context, live_server, person)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.cookies()  # all that it has said so far has arrived by then
    reported = list(errors)  # what is under way when a page is closed is cut off, which htmx calls an error
    for context in contexts:
        context.close()
    assert reported == []


def log_in(context: BrowserContext, live_server: LiveServer, person: User) -> None:
    """Give the browser the session of somebody who has just logged in."""
    cookie = visitor(person).cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])


def press_tab_to(page: Page, name: str) -> None:
    """Go on with the Tab key to the button of this name."""
    button = page.get_by_role("button", name=name, exact=True)
    for _ in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {name}")


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A stranger's page."""
    return open_page()


@pytest.fixture
def host(transactional_db: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """This machine's, with a mail directory that no stranger can write above, as the publisher demands."""
    directory = settings.BASE_DIR / "var/tests-browser" / str(abs(hash(request.node.nodeid)))
    directory.mkdir(parents=True)
    monkeypatch.setattr(settings, "MAIL_DIR", directory)
    monkeypatch.setattr(settings, "SENDMAIL_DAEMON", "no")
    registered = publishing.register_host()
    publishing.heartbeat(host=registered)
    yield registered
    shutil.rmtree(directory)
