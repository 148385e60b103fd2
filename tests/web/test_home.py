"""The first page: what waits, what is not live yet, what is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import releases
from tables.actors import Actor
from tables.models import Cluster, Host, Publication
from tables.sendmail.tables import TABLES
from tests.services.editing import approve, save
from tests.web.reading import words
from tests.web.visits import visitor


@pytest.fixture
def host(cluster: Cluster) -> Host:
    return Host.objects.create(cluster=cluster, name="mx1.example.org", mail_dir="/m", seen_at=timezone.now())


def home(person: User) -> str:
    return words(visitor(person).get(reverse("home")))


def publish(host: Host, state: str, error: str = "") -> Publication:
    release = releases.cut(cluster=host.cluster, actor=Actor.command())
    Publication.objects.filter(release=release, host=host, state="queued").update(state=state, error=error)
    return Publication.objects.filter(host=host).latest("id")


def test_a_request_waits_for_whoever_may_review_it(alice: User, bob: User, charlie: User, dora: User) -> None:
    request = save(alice, "relay-domains", "example.net", reason="A customer")
    assert f"Request {request.pk} by alice relay" in home(bob)
    assert "A customer" in home(dora)
    assert "Waits for your review" not in home(charlie)


def test_ones_own_request_is_shown_as_open_and_not_as_ones_to_review(dora: User) -> None:
    save(dora, "relay-domains", "example.net", reason="A customer")
    shown = home(dora)
    assert "Nothing that you could decide on." in shown
    assert "Your open requests" in shown


def test_what_is_applied_but_not_live_is_listed_until_it_is_published(alice: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    assert "create aliases sales" in home(alice)
    publication = publish(host, "succeeded")
    Host.objects.filter(pk=host.pk).update(release=publication.release)
    assert "No change waits to be published." in home(alice)


@pytest.mark.parametrize("word", ["failed", "rolled back"])
def test_a_publication_that_went_wrong_is_shown_until_one_succeeds(alice: User, host: Host, word: str) -> None:
    publish(host, word, error="makemap is missing. Install sendmail-bin.")
    assert "to mx1.example.org" in home(alice)
    assert "makemap is missing. Install sendmail-bin." in home(alice)
    publish(host, "succeeded")
    assert "makemap is missing" not in home(alice)


def test_a_silent_publisher_is_shown(alice: User, host: Host) -> None:
    assert "has not been heard of" not in home(alice)
    Host.objects.filter(pk=host.pk).update(seen_at=timezone.now() - timedelta(hours=2))
    assert "The publisher on mx1.example.org has not been heard of for 2 hours." in home(alice).replace("\xa0", " ")


def test_without_a_host_it_says_how_one_comes_about(alice: User) -> None:
    assert "Start the publisher on the mail host." in home(alice)


def test_the_seven_tables_are_shown_with_counts(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    shown = home(alice)
    for table in TABLES.values():
        assert table.summary in shown


def test_the_frame_counts_what_waits(alice: User, bob: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    save(alice, "relay-domains", "example.net", reason="A customer")
    page = visitor(bob).get(reverse("home")).content.decode()
    assert '1<span class="visually-hidden"> waiting for a review</span>' in page
    assert '1<span class="visually-hidden"> not yet live</span>' in page
    assert '1<span class="visually-hidden"> entries</span>' in page


def test_the_counts_follow_a_change_at_once(alice: User, bob: User) -> None:
    browser = visitor(alice)
    for number in range(1, 4):
        approve(bob, save(alice, "relay-domains", f"example{number}.net", reason="A customer"))
        page = browser.get(reverse("home")).content.decode()
        assert f'{number}<span class="visually-hidden"> entries</span>' in page


def test_many_requests_cost_no_more_queries_than_a_few(alice: User, charlie: User, host: Host) -> None:
    def cost() -> int:
        browser = visitor(charlie)
        browser.get(reverse("home"))
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("home"))
        return len(captured)

    save(alice, "relay-domains", "example.net", reason="A customer")
    save(alice, "aliases", "sales", "alice")
    few = cost()
    for number in range(8):
        save(alice, "relay-domains", f"example{number}.net", reason="A customer")
        save(alice, "aliases", f"sales{number}", "alice")
    assert cost() <= few


@pytest.mark.parametrize(
    ("theme", "stands"), [("dark", "dark"), ("light", "light"), ("system", "system"), ("x", "system")]
)
def test_light_or_dark_is_remembered(alice: User, theme: str, stands: str) -> None:
    browser = visitor(alice)
    response: Any = browser.post(reverse("theme"), {"theme": theme, "next": reverse("audit")})
    assert response["Location"] == reverse("audit")
    page = browser.get(reverse("home")).content.decode()
    assert f'data-theme="{stands}"' in page
    assert f'value="{stands}" aria-pressed="true"' in page


def test_the_choice_of_light_and_dark_leads_nowhere_else(alice: User) -> None:
    response = visitor(alice).post(reverse("theme"), {"theme": "dark", "next": "https://elsewhere.example/"})
    assert response["Location"] == reverse("home")
