"""A password is shown to whoever may see it, asks, and has just said who they are; the history keeps that."""

import pytest
from django.urls import reverse

from mailadmin.accounts.models import User
from tables.models import AuditEvent
from tests.services.editing import approve, save
from tests.web.visits import address, let_the_log_in_age, text, visitor

pytestmark = pytest.mark.django_db

KEY = "authinfo:smart.example"
PAGE = "entry-secret"


@pytest.fixture
def stored(alice: User, bob: User) -> str:
    approve(bob, save(alice, "access", KEY, '"U:relay" "P:s3cr3t-one"', reason="smart host"))
    return address(PAGE, "access", KEY)


@pytest.mark.parametrize("page", ["entry-edit", "entry-history"])
def test_the_pages_of_an_entry_offer_it_to_who_may(stored: str, dora: User, alice: User, page: str) -> None:
    link = stored.replace("&", "&amp;")
    assert link in visitor(dora).get(address(page, "access", KEY)).content.decode()
    assert link not in visitor(alice).get(address(page, "access", KEY)).content.decode()


def test_an_entry_without_a_password_offers_nothing(dora: User, bob: User) -> None:
    approve(bob, save(dora, "aliases", "sales", '"|/bin/x" "P:x"', reason="wanted"))
    save(dora, "access", "connect:192.0.2", "REJECT")
    for table, key in (("aliases", "sales"), ("access", "connect:192.0.2")):
        assert "Show password" not in text(visitor(dora).get(address("entry-edit", table, key)))
        answer = visitor(dora).post(address(PAGE, table, key))
        assert answer.status_code == 422
        assert "holds no password" in text(answer)
    assert not AuditEvent.objects.filter(action="secret-shown").exists()


def test_asking_shows_it_once_and_the_history_says_why(stored: str, dora: User) -> None:
    browser = visitor(dora)
    assert "s3cr3t" not in text(browser.get(stored))
    answer = browser.post(stored, {"reason": "moving the smart host"})
    assert "s3cr3t-one" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(action="secret-shown")
    assert (event.actor_name, event.table, event.key, event.reason) == ("dora", "access", KEY, "moving the smart host")
    history = text(browser.get(reverse("audit")))
    assert "looked at a password in" in history
    assert "s3cr3t" not in history


@pytest.mark.parametrize("value", ['"P=czNjcjN0"', "U:relay P:s3cr3t", '"P:old" "P:s3cr3t"'])
def test_whatever_its_form_it_is_shown(value: str, alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "access", KEY, value, reason="smart host"))
    assert "s3cr3t" in text(visitor(dora).post(address(PAGE, "access", KEY)))


@pytest.mark.parametrize("encoded", ["not base64", "/////w=="])
def test_what_is_no_base64_of_a_text_is_shown_as_it_is(encoded: str, alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "access", KEY, f'"P={encoded}"', comment='authinfo "P:s3cr3t"', reason="smart host"))
    shown = text(visitor(dora).post(address(PAGE, "access", KEY)))
    assert f">{encoded}<" in shown
    assert ">s3cr3t<" in shown


def test_a_log_in_of_long_ago_is_not_enough(stored: str, dora: User) -> None:
    browser = visitor(dora)
    let_the_log_in_age(browser)
    answer = browser.post(stored)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not AuditEvent.objects.filter(action="secret-shown").exists()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_nobody_else_gets_it(stored: str, people: dict[str, User], who: str) -> None:
    answer = visitor(people[who]).post(stored)
    assert answer.status_code == 403
    assert "administrator" in text(answer)
    assert not AuditEvent.objects.filter(action="secret-shown").exists()


def test_an_entry_that_never_was_has_no_such_page(stored: str, dora: User) -> None:
    assert visitor(dora).get(address(PAGE, "access", "authinfo:nobody.example")).status_code == 404
