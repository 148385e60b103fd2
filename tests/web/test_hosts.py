"""The pages of the mail hosts: what is live on each, whether it is heard of, and what it tells of itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Cluster, Host, Publication
from tests.people import delegate, make_limited
from tests.services.editing import save
from tests.web.reading import words
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db

REPORT: dict[str, Any] = {
    "mailadmin": "0.1.0",
    "sendmail": "8.17.1.9",
    "map_types": ["btree", "hash"],
    "cf": "/etc/mail/sendmail.cf",
    "cf_read": True,
    "used": True,
    "features": ["skip"],
    "listens": ["192.0.2.1:25", "127.0.0.1:587"],
    "pid_file": "/run/sendmail.pid",
    "lines": ["Kaccess hash -T<TMPF> -o /etc/mail/access.db"],
    "tables": [
        {"table": "access", "text": "/etc/mail/access", "map": "/etc/mail/access.db", "type": "hash", "unused": ""},
        {"table": "mailertable", "text": "", "map": "", "type": "", "unused": "FEATURE(`mailertable') is missing."},
    ],
}


def make(name: str = "mx1.example.org", cluster: Cluster | None = None, **more: Any) -> Host:
    given = {"mail_dir": "/etc/mail", "seen_at": timezone.now(), "report": REPORT, **more}
    return Host.objects.create(cluster=cluster or get_cluster(), name=name, **given)


def listing(person: User) -> str:
    return words(visitor(person).get(reverse("hosts")))


def detail(person: User, host: Host) -> str:
    return words(visitor(person).get(reverse("host", args=[host.pk])))


def cut(cluster: Cluster | None = None) -> None:
    releases.cut(cluster=cluster or get_cluster(), actor=Actor.command())


def test_without_a_host_it_says_how_one_comes_about(charlie: User) -> None:
    assert "No mail host has registered yet Start the publisher on the mail host; it registers itself." in listing(
        charlie
    )


def test_a_host_is_shown_with_what_it_lacks(alice: User, charlie: User) -> None:
    host = make()
    assert "nothing from here yet" in listing(charlie)
    for name in ("one", "two", "three"):
        save(alice, "aliases", name, "root")
        cut()
    release = host.cluster.releases.get(number=1)
    Host.objects.update(release=release)
    assert "release 1 2 releases behind" in listing(charlie)
    assert "Not live yet 2 changes" in detail(charlie, host)
    Host.objects.update(release=host.cluster.releases.get(number=2))
    assert "release 2 1 release behind" in listing(charlie)
    Host.objects.update(release=host.cluster.releases.get(number=3))
    assert "release 3 newest" in detail(charlie, host)


def test_a_silent_host_is_shown_as_such_everywhere(charlie: User) -> None:
    host = make(seen_at=timezone.now() - timedelta(seconds=61))
    for page in (listing(charlie), words(visitor(charlie).get(reverse("publish")))):
        assert "silent" in page
    assert "The publisher on this host is silent. Nothing goes live there until it runs" in detail(charlie, host)
    Host.objects.update(seen_at=timezone.now() - timedelta(seconds=50))
    assert "silent" not in listing(charlie) + detail(charlie, host)


def test_a_held_host_is_shown_with_who_holds_it(charlie: User) -> None:
    host = make(held_since=timezone.now(), held_by_name="cli:root", held_reason="sales bounces", held_from=1)
    assert "mx1.example.org held" in listing(charlie)
    assert "mx1.example.org is held" in detail(charlie, host)
    assert "sales bounces" in detail(charlie, host)


def test_what_it_told_is_on_its_page(charlie: User) -> None:
    shown = detail(charlie, make())
    for said in (
        "sendmail 8.17.1.9",
        "Map types btree, hash",
        "Listens on 192.0.2.1:25, 127.0.0.1:587",
        "Features skip",
        "access /etc/mail/access /etc/mail/access.db hash",
        "mailertable not used FEATURE(`mailertable') is missing.",
        "Kaccess hash -T<TMPF> -o /etc/mail/access.db",
    ):
        assert said in shown
    assert "mailertable" in listing(charlie).split("Does not use")[1]


def test_what_is_wrong_with_its_configuration_comes_first(charlie: User) -> None:
    place = {**REPORT["tables"][0], "problem": "The map of access is of the type dbm."}
    shown = detail(charlie, make(report={**REPORT, "cf_read": False, "tables": [place]}))
    assert "Its sendmail.cf could not be read." in shown
    assert "The map of access is of the type dbm." in shown
    Host.objects.update(report={})
    assert "This host has not told anything of itself yet." in detail(charlie, Host.objects.get())


def test_its_last_publications_are_there(charlie: User) -> None:
    host = make()
    assert "Nothing has been published here yet." in detail(charlie, host)
    cut()
    Publication.objects.update(state="failed")
    assert "Release 1 failed" in detail(charlie, host)
    assert "release 1 failed" in listing(charlie)


def test_the_plan_says_loudly_which_entries_go_nowhere(alice: User) -> None:
    make()
    page = words(visitor(alice).get(reverse("publish")))
    assert "mailertable is not written on this host. FEATURE(`mailertable') is missing." in page
    save(alice, "mailertable", "far.example", "esmtp:[192.0.2.1]")
    page = words(visitor(alice).get(reverse("publish")))
    assert "mailertable has entries, and is not written on this host. FEATURE(`mailertable') is missing." in page


def test_a_limited_person_does_not_read_the_configuration(vera: User) -> None:
    shown = detail(vera, make())
    assert "What this host tells of its configuration is not shown to you." in shown
    assert "Kaccess" not in shown
    assert "8.17.1.9" not in shown


@pytest.fixture
def vera() -> User:
    person = make_limited("vera", Role.VIEWER)
    delegate(person, "access", "own.example")
    return person


def test_the_list_asks_as_much_for_many_hosts_as_for_two(charlie: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            listing(charlie)
        return len(queries)

    make("mx1")
    make("mx2")
    cut()
    listing(charlie)
    few = asked()
    for number in range(3, 9):
        make(f"mx{number}")
    cut()
    listing(charlie)
    assert asked() == few


def test_a_host_that_is_not_there_is_not_found(charlie: User) -> None:
    assert visitor(charlie).get(reverse("host", args=[999])).status_code == 404
