"""The pictures of README and docs, taken of the sample tables: ``make screenshots``. Not collected with the tests."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import sync_groups
from tests.browser.conftest import OpenPage
from tests.commands.running import run
from tests.people import CAST, make_person
from tests.services.editing import approve, save

PICTURES = Path(__file__).resolve().parents[2] / "docs/screenshots"
SIZE = {"width": 1280, "height": 800}

pytestmark = pytest.mark.django_db(transaction=True)


def take(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")


def test_take_the_pictures(transactional_db: None, open_page: OpenPage) -> None:
    sync_groups()
    people: dict[str, User] = {name: make_person(name, role) for name, role in CAST.items()}
    run("first_run", sample=True)
    save(people["alice"], "virtusertable", "jobs@example.com", "alice", reason="New address for applications")
    approve(people["bob"], save(people["alice"], "access", "connect:203.0.113.40", "RELAY", reason="New branch office"))
    waiting = save(people["alice"], "relay-domains", "customer.example", reason="New customer, contract 4711")
    PICTURES.mkdir(parents=True, exist_ok=True)
    take(open_page(people["alice"], viewport=SIZE), "/tables/virtusertable/", "virtusertable")
    take(open_page(people["bob"], viewport=SIZE), f"/requests/{waiting.pk}/", "review")
    take(open_page(people["dora"], viewport=SIZE, color_scheme="dark"), "/history/", "history")
