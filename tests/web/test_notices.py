"""The page of notices and the choice of how to hear of what: one's own, without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import inbox, notices
from tables.actors import Actor
from tables.letters import outbox
from tables.models import Cluster, How, Letter, MailRoute, Notice
from tables.noticing.kinds import KINDS
from tests.people import make_person
from tests.services.editing import approve, save
from tests.web.visits import text, visitor

pytestmark = pytest.mark.django_db


def many(person: User, number: int) -> None:
    Notice.objects.bulk_create(
        Notice(person=person, kind="role", key=f"test:{place}", subject=f"Thing {place}", how=How.PANEL)
        for place in range(number)
    )


def test_a_notice_leads_to_what_it_is_about(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="New customer")
    page = visitor(bob).get("/notices/").content.decode()
    assert f'href="/requests/{request.pk}/"' in page
    assert f"Review wanted: request {request.pk} by alice (relay)" in page
    assert "Reason: New customer" in page


def unread_on(page: Any) -> str:
    found = re.search(r">([\d+]+)<span[^>]*> unread<", page.content.decode())
    return found[1] if found else ""


def test_every_page_says_how_many_are_unread(alice: User, bob: User) -> None:
    browser = visitor(bob)
    assert unread_on(browser.get("/")) == ""
    save(alice, "relay-domains", "a.example", reason="New customer")
    assert unread_on(browser.get("/")) == "1"
    many(bob, 120)
    assert unread_on(browser.get("/tables/aliases/")) == "99+"


def test_opening_the_request_is_reading_it(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="New customer")
    visitor(bob).get(f"/requests/{request.pk}/")
    assert inbox.unread(bob) == 0


def test_one_is_marked_as_read_by_its_button(alice: User, bob: User, dora: User) -> None:
    save(alice, "relay-domains", "a.example", reason="New customer")
    browser = visitor(bob)
    answer = browser.post(f"/notices/{inbox.notices_of(bob).get().pk}/read/", {"back": "view=unread"})
    assert answer["Location"] == "/notices/?view=unread"
    assert "You have read everything" in text(browser.get("/notices/?view=unread"))
    assert inbox.unread(dora) == 1


def test_somebody_elses_is_not_found(alice: User, bob: User, dora: User) -> None:
    save(alice, "relay-domains", "a.example", reason="New customer")
    assert visitor(bob).post(f"/notices/{inbox.notices_of(dora).get().pk}/read/").status_code == 404
    assert inbox.unread(dora) == 1
    assert "a.example" not in text(visitor(alice).get("/notices/"))


def test_all_means_all_that_were_shown(alice: User, bob: User) -> None:
    many(bob, 3)
    browser = visitor(bob)
    newest = browser.get("/notices/").context["newest"]
    save(alice, "relay-domains", "a.example", reason="New customer")
    browser.post("/notices/read/", {"until": newest})
    assert [notice.kind for notice in inbox.notices_of(bob, unread=True)] == ["review"]


@pytest.mark.parametrize("until", ["", "x", "-1", "9" * 30])
def test_a_number_that_is_none_marks_nothing(bob: User, until: str) -> None:
    many(bob, 3)
    assert visitor(bob).post("/notices/read/", {"until": until}).status_code == 302
    assert inbox.unread(bob) == 3


def test_a_foreign_way_back_leads_to_the_list(bob: User) -> None:
    many(bob, 1)
    answer = visitor(bob).post("/notices/read/", {"until": "1", "back": "//evil.example/?x=1"})
    assert answer["Location"].startswith("/notices/?")


def test_a_long_list_has_pages_and_as_many_queries_as_a_short_one(bob: User, cluster: Cluster, settings: Any) -> None:
    settings.PAGE_SIZE = 20
    browser = visitor(bob)
    browser.get("/notices/")  # counts of the tables are kept for a while
    counts = []
    for number in (3, 60):
        Notice.objects.all().delete()
        many(bob, number)
        with CaptureQueriesContext(connection) as queries:
            page = browser.get("/notices/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "Thing 59" in text(page)
    following = browser.get("/notices/" + page.context["page"].next_link)
    assert following.context["rows"][0].notice.subject == "Thing 39"


def test_hostile_text_stays_text(alice: User, bob: User) -> None:
    save(alice, "relay-domains", "a.example", reason="<script>alert(1)</script>")
    page = visitor(bob).get("/notices/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_broken_glass_stands_out(alice: User, bob: User, dora: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="Mail is down")
    notices.glass_broken(request=request, actor=Actor.of(dora), reason="Mail is down")
    page = visitor(bob).get("/notices/").content.decode()
    assert "notices__item--loud" in page
    assert "BREAK GLASS: dora applied request" in page


# --- the choice -------------------------------------------------------------------------------------------------------


def test_each_kind_can_be_chosen_but_broken_glass(bob: User) -> None:
    browser = visitor(bob)
    wanted = dict.fromkeys(KINDS, "panel")
    assert browser.post("/notices/settings/", wanted).status_code == 302
    assert inbox.choices(bob) == {name: How.NOW if kind.fixed else How.PANEL for name, kind in KINDS.items()}
    page = text(browser.get("/notices/settings/"))
    assert "You get no digest" in page
    assert "Letters go to <strong>bob@example.com</strong>." in page


def test_a_choice_that_there_is_not_is_refused(bob: User) -> None:
    answer = visitor(bob).post("/notices/settings/", {**dict.fromkeys(KINDS, "panel"), "review": "pigeon"})
    assert "Select a valid choice" in text(answer)
    assert inbox.choices(bob)["approved"] == How.NOW


def test_ones_choice_is_nobody_elses(alice: User, bob: User) -> None:
    visitor(alice).post("/notices/settings/", dict.fromkeys(KINDS, "panel"))
    assert inbox.choices(bob)["review"] == How.NOW


def test_without_an_address_the_page_says_so(bob: User, settings: Any) -> None:
    User.objects.filter(pk=bob.pk).update(email="")
    assert "no e-mail address" in text(visitor(bob).get("/notices/settings/"))
    settings.EMAIL_ON = False
    assert "E-mail is switched off on this panel." in text(visitor(bob).get("/notices/settings/"))


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["/", "/notices/", "/notices/settings/"])
def test_that_letters_do_not_go_out_is_said(bob: User, where: str) -> None:
    browser = visitor(bob)
    assert "E-mail does not go out" not in text(browser.get(where))
    MailRoute.objects.create(pk=1, failing_since=timezone.now(), error="localhost port 25: Connection refused.")
    page = text(browser.get(where))
    assert "E-mail does not go out." in page
    assert "localhost port 25: Connection refused." in page


def test_a_letter_that_was_given_up_is_shown_to_its_reader_and_to_who_manages_people(
    alice: User, bob: User, dora: User
) -> None:
    approve(bob, save(alice, "relay-domains", "a.example", reason="x"))
    letter = Letter.objects.get(person=alice)
    now = timezone.now()
    Letter.objects.filter(pk=letter.pk).update(state="given up", error="550 User unknown", ended_at=now)
    for person in (alice, dora):
        assert "550 User unknown" in text(visitor(person).get("/notices/"))
    assert "550 User unknown" not in text(visitor(bob).get("/notices/"))
    assert list(outbox.given_up(now=now + timedelta(days=8))) == []


def test_a_person_without_a_role_has_the_page_too() -> None:
    nobody = make_person("nobody")
    many(nobody, 1)
    assert "Thing 0" in text(visitor(nobody).get("/notices/"))
    assert Role.VIEWER not in nobody.groups.values_list("name", flat=True)
