"""Pages that say what went wrong."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tests.web.reading import words
from tests.web.visits import visitor


@pytest.mark.parametrize("path", ["/nowhere/", "/publish/999/", "/publish/releases/999/", "/requests/999/"])
def test_what_is_not_there_is_said_so_inside_the_frame(alice: User, path: str) -> None:
    response = visitor(alice).get(path)
    assert response.status_code == 404
    assert f"There is nothing at {path}." in words(response)
    assert "css/tokens.css" in response.content.decode()


def test_a_stranger_gets_no_frame_with_a_missing_page(client: Client, db: None) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "Search all tables" not in response.content.decode()


def test_markup_in_an_address_is_shown_as_text(alice: User) -> None:
    assert "<script>x" not in visitor(alice).get("/<script>x</script>/").content.decode()


def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post(reverse("publish"), {"reason": "x"})
    assert response.status_code == 403
    assert "Nothing was changed." in words(response)


@pytest.mark.parametrize("host", ["elsewhere.example"])
def test_an_unknown_host_name_is_explained(client: Client, db: None, host: str) -> None:
    response = client.get("/", headers={"host": host})
    assert response.status_code == 400
    assert "MAILADMIN_ALLOWED_HOSTS" in words(response)


def test_a_broken_page_needs_neither_request_nor_database(settings: Any) -> None:
    assert "What you asked for was not done" in render_to_string("500.html")


@pytest.mark.parametrize(
    ("method", "name"),
    [("get", "person-switch"), ("get", "person-password"), ("get", "theme")],
)
def test_a_change_is_made_by_a_button_only(dora: User, method: str, name: str) -> None:
    address = reverse(name, args=[] if name == "theme" else [dora.pk])
    assert getattr(visitor(dora), method)(address).status_code == 405
