"""The history page: what it shows and how it is filtered."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import AUDIT
from tables import audit
from tables.actors import Actor
from tables.models import Cluster, RelayDomain
from tests.commands.running import run
from tests.services.editing import approve, delete, save
from tests.web.reading import words
from tests.web.visits import visitor


def events(reader: User, **filters: str) -> str:
    """What the list says, without the filters over it."""
    return words(visitor(reader).get(reverse("audit"), filters, headers={"HX-Request": "true"}))


@pytest.fixture
def story(alice: User, bob: User) -> None:
    """An alias added, changed and deleted, and a relay domain that bob approved."""
    save(alice, "aliases", "sales", "alice")
    save(alice, "aliases", "sales", "alice, bob", reason="Bob helps out")
    approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    delete(alice, "aliases", "sales")


def test_each_change_shows_who_what_why_before_and_after(charlie: User, story: None) -> None:
    shown = events(charlie, key="sales")
    assert "alice added an entry in aliases: sales" in shown
    assert "“Bob helps out”" in shown
    assert "− removed: sales: alice + added: sales: alice, bob" in shown
    assert "alice deleted an entry in aliases: sales" in shown


@pytest.mark.parametrize(
    ("filters", "there", "missing"),
    [
        ({"person": "bob"}, "bob approved a request", "alice"),
        ({"table": "relay-domains"}, "example.net", "sales"),
        ({"key": "SALES"}, "sales", "example.net"),
        ({"action": "request-approved"}, "bob approved a request", "sales"),
        ({"table": "aliases", "key": "example.net"}, "No event matches", "alice added"),
    ],
)
def test_filters_narrow_it(charlie: User, story: None, filters: dict[str, str], there: str, missing: str) -> None:
    shown = events(charlie, **filters)
    assert there in shown
    assert missing not in shown


def test_days_count_whole(charlie: User, story: None) -> None:
    today = timezone.localdate()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
    assert "sales" in events(charlie, since=str(today), until=str(today))
    assert "No event matches" in events(charlie, since=str(tomorrow))
    assert "No event matches" in events(charlie, until=str(yesterday))


@pytest.mark.parametrize("filters", [{"since": "soon"}, {"action": "nonsense"}, {"table": "passwd"}, {"after": "x"}])
def test_a_filter_that_makes_no_sense_counts_as_not_given(charlie: User, story: None, filters: Any) -> None:
    response = visitor(charlie).get(reverse("audit"), filters)
    assert response.status_code == 200
    assert "sales" in words(response)


def test_older_events_are_on_further_pages(charlie: User, settings: Any) -> None:
    settings.PAGE_SIZE = 10
    audit.record_many([audit.Act(actor=Actor(name="cli:root"), action="export", key=f"key-{n}-") for n in range(25)])
    browser = visitor(charlie)
    first = browser.get(reverse("audit"))
    assert "key-24-" in words(first)
    assert "key-14-" not in words(first)
    second = browser.get(reverse("audit") + first.context["page"].next_link)
    assert "key-14-" in words(second)
    assert "11–20" in words(second)


def test_a_long_history_costs_no_more_queries_than_a_short_one(charlie: User, cluster: Cluster) -> None:
    def cost() -> int:
        browser = visitor(charlie)
        browser.get(reverse("audit"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            browser.get(reverse("audit"))
        return len(captured)

    audit.record(actor=Actor(name="cli:root"), action="export")
    short = cost()
    audit.record_many([audit.Act(actor=Actor(name="cli:root"), action="export") for _ in range(40)])
    assert cost() == short


def test_htmx_gets_the_events_alone(charlie: User, story: None) -> None:
    response = visitor(charlie).get(reverse("audit"), headers={"HX-Request": "true"})
    assert response.content.decode().lstrip().startswith('<div id="events">')


def test_markup_in_a_reason_is_shown_as_words(alice: User, charlie: User) -> None:
    save(alice, "aliases", "sales", "alice", reason="<script>alert(1)</script>")
    assert b"<script>alert" not in visitor(charlie).get(reverse("audit")).content


def test_somebody_without_the_right_is_refused(alice: User) -> None:
    alice.groups.clear()
    assert not alice.has_perm(AUDIT)
    assert visitor(alice).get(reverse("audit")).status_code == 403


def test_a_change_of_a_person_shows_only_what_differs(dora: User, alice: User) -> None:
    form = {"full_name": "", "email": "alice@example.com", "roles": ["viewer"]}
    visitor(dora).post(reverse("person-edit", args=[alice.pk]), form)
    shown = events(dora, action="person-changed")
    assert "roles: postmaster" in shown
    assert "roles: viewer" in shown
    assert "e-mail" not in shown


def test_the_page_says_when_the_history_was_verified_and_whether_it_held(charlie: User, story: None) -> None:
    page = visitor(charlie)
    assert "It has not been verified yet" in words(page.get(reverse("audit")))
    run("audit_verify")
    assert "everything held" in words(page.get(reverse("audit")))
    RelayDomain.objects.update(comment="altered")
    with pytest.raises(SystemExit):
        run("audit_verify")
    shown = words(page.get(reverse("audit")))
    assert "1 thing did not hold" in shown
    assert "verified the history" in shown
