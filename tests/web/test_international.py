"""International domains on the pages: the ASCII form first, the letters beside it, and both found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailadmin.accounts.models import User
from tests.services.editing import save
from tests.web.visits import address, text, visitor

KEY = "user@xn--mnchen-3ya.example"
LETTERS = '<span class="letters">= <bdi>münchen.example</bdi></span>'


@pytest.fixture
def munich(alice: User) -> None:
    save(alice, "virtusertable", KEY, "jane@xn--strae-oqa.example")
    save(alice, "virtusertable", "user@xn--80ak6aa92e.example", "jane")  # Cyrillic that looks like apple


@pytest.mark.parametrize(
    "page",
    [
        lambda: "/tables/virtusertable/",
        lambda: "/search/?q=user",
        lambda: address("entry-edit", "virtusertable", KEY),
        lambda: address("entry-history", "virtusertable", KEY),
        lambda: address("entry-delete", "virtusertable", KEY),
    ],
    ids=["list", "search", "editor", "history", "deleting"],
)
def test_a_page_shows_both_forms(alice: User, munich: None, page: Callable[[], str]) -> None:
    shown = text(visitor(alice).get(page()))
    assert LETTERS in shown
    assert shown.index("xn--mnchen-3ya") < shown.index("münchen")
    assert "straße.example" in shown
    assert "аррӏе" not in shown


def test_a_reviewer_sees_both_forms(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "xn--mnchen-3ya.example", reason="backup MX")
    assert LETTERS in text(visitor(bob).get(f"/requests/{request.pk}/"))


@pytest.mark.parametrize(
    "query", ["münchen", "MÜNCHEN.example", "user@münchen.example", "@münchen", "user münchen", "straße", "xn--mnchen"]
)
def test_a_search_finds_the_entry_by_its_letters(alice: User, munich: None, query: str) -> None:
    client = visitor(alice)
    assert KEY in text(client.get("/search/", {"q": query}))
    assert KEY in text(client.get("/tables/virtusertable/", {"q": query}))


def test_a_search_still_finds_letters_in_comments(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", comment="Büro münchen")
    assert "sales" in text(visitor(alice).get("/tables/aliases/", {"q": "münchen"}))
    assert "No entry matches" in text(visitor(alice).get("/tables/aliases/", {"q": "köln"}))
