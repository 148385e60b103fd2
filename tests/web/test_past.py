"""The time machine, who changed which line, and two points beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import AuditEvent, Change, Cluster, Host, Publication
from tables.releases import cut
from tests.commands.running import run
from tests.people import delegate, make_limited
from tests.services.editing import approve, delete, save, switch, value_of
from tests.web.reading import words
from tests.web.visits import address, visitor

pytestmark = pytest.mark.django_db

FILE = b"# Aliases of the shop\n\npostmaster: root\n# who sells\nsales:\talice\npress: dora\n"


@pytest.fixture
def history(alice: User, bob: User, dora: User, tmp_path: Path) -> None:
    """A file taken over, a release of it, and what was done since."""
    (tmp_path / "aliases").write_bytes(FILE)
    run("import_tables", tmp_path)
    cut(cluster=get_cluster(), actor=Actor.of(alice), reason="as it was")
    save(alice, "aliases", "sales", "alice, bob", reason="Bob joins")
    delete(dora, "aliases", "press")
    save(dora, "aliases", "info", "dora")
    switch(alice, "aliases", "info", enabled=False)


def html(person: User, name: str, *args: str, **query: str) -> str:
    return visitor(person).get(reverse(name, args=args), query).content.decode()


def get(person: User, name: str, *args: str, status: int = 200, **query: str) -> str:
    answer = visitor(person).get(reverse(name, args=args), query)
    assert answer.status_code == status
    return words(answer)


def taken(person: User, name: str, *args: str, **query: str) -> bytes:
    answer: Any = visitor(person).get(reverse(name, args=args), query)
    assert answer["Content-Disposition"].startswith("attachment")
    return b"".join(answer.streaming_content)


def test_a_table_is_shown_as_it_was_at_a_release(history: None, charlie: User) -> None:
    page = get(charlie, "table-at", "aliases", when="1")

    assert "aliases as of release 1" in page
    assert "press" in page
    assert "bob" not in page
    assert "info" not in page.partition("<table")[2]
    later = get(charlie, "table-at", "aliases", when="change 4")
    assert "alice, bob" in later
    assert "dora" in later


def test_words_are_looked_for_in_an_old_state(history: None, charlie: User) -> None:
    assert "press" in get(charlie, "table-at", "aliases", when="1", q="dora")
    assert "No entry matches" in get(charlie, "table-at", "aliases", when="1", q="bob")
    assert "No entry matches" in get(charlie, "table-at", "aliases", when="1", q="bücher \N{BLACK HEART SUIT}")


def test_what_is_no_point_is_said_on_the_page(history: None, charlie: User) -> None:
    for when, says in (("noon", "“noon” is no time."), ("2026-01-31 12:00 Europe/Atlantis", "There is no time zone")):
        for name in ("table-at", "table-blame", "table-file"):
            assert says in get(charlie, name, "aliases", when=when, status=422)
        assert says in get(charlie, "compare", old=when, status=422)
        assert says in get(charlie, "compare-file", old=when, status=422)


def test_an_old_file_is_the_bytes_that_it_had_and_taking_it_is_recorded(history: None, charlie: User) -> None:
    assert taken(charlie, "table-file", "aliases", when="1") == FILE
    now = taken(charlie, "table-file", "aliases")
    assert now == FILE.replace(b"sales:\talice", b"sales: alice, bob").replace(b"press: dora\n", b"#info: dora\n")
    event = AuditEvent.objects.filter(action="export").order_by("number")[0]
    assert (event.actor_name, event.detail["table"], event.detail["at"]) == ("charlie", "aliases", "1")


def test_passwords_are_hidden_in_an_old_file_and_in_a_difference(alice: User, bob: User, charlie: User) -> None:
    save(alice, "access", "from:a.example", "REJECT")
    approve(bob, save(alice, "access", "authinfo:smart.example", '"U:me" "P:canary"', reason="Smart host"))
    save(alice, "access", "from:a.example", "OK", reason="They are well")

    for chunk in (
        taken(charlie, "table-file", "access"),
        taken(charlie, "compare-file", old="change 1", table="access"),
        get(charlie, "table-at", "access").encode(),
        get(charlie, "table-blame", "access").encode(),
        get(charlie, "compare", old="change 1").encode(),
        get(charlie, "changes").encode(),
    ):
        assert b"smart.example" in chunk.lower()
        assert b"canary" not in chunk
        assert "••••".encode() in chunk


def test_each_line_says_who_changed_it_last(history: None, charlie: User) -> None:
    page = html(charlie, "table-blame", "aliases")
    change = Change.objects.get(key="sales")
    assert f"/requests/{change.request_id}/" in page
    rows = page.split("<tr>")
    by = {key: next(row for row in rows if key in row) for key in ("postmaster", "sales:", "#info", "of the shop")}
    assert "as taken over" in by["postmaster"]
    assert by["of the shop"] is by["postmaster"]
    assert "alice" in by["sales:"].partition("</th>")[0]
    assert "# who sells" in by["sales:"]
    assert "alice" in by["#info"].partition("</th>")[0]
    then = html(charlie, "table-blame", "aliases", when="change 4")
    assert "dora" in next(row for row in then.split("<tr>") if "info: dora" in row).partition("</th>")[0]


def test_two_points_are_compared_both_ways(history: None, charlie: User) -> None:
    page = get(charlie, "compare", old="1")
    assert "1 added, 1 changed, 1 removed" in page
    assert "+ added: #info: dora" in page or "#info: dora" in page
    turned = get(charlie, "compare", old="now", new="1")
    assert "1 added, 1 changed, 1 removed" in turned
    assert "Nothing differs" in get(charlie, "compare", old="1", new="change 1")
    assert "Nothing differs" in get(charlie, "compare", old="1", table="access")
    unified = taken(charlie, "compare-file", old="1", table="aliases").decode()
    assert unified.startswith("--- aliases at release 1\n+++ aliases at now\n")
    assert {"-sales:\talice", "+sales: alice, bob", "-press: dora", "+#info: dora"} <= set(unified.splitlines())


def test_back_to_a_point_that_is_no_release_is_a_new_request(history: None, alice: User) -> None:
    number = 2
    assert reverse("change-back", args=[number]) in html(alice, "compare", old=f"change {number}")
    assert reverse("release-back", args=[1]) in html(alice, "compare", old="1")
    where = reverse("change-back", args=[number])
    assert "press: dora" in words(visitor(alice).get(where))

    answer = visitor(alice).post(where, {"reason": "All was well then"})

    assert answer.status_code == 302
    assert [value_of("aliases", key) for key in ("sales", "press", "info")] == ["alice, bob", "dora", None]
    assert visitor(alice).get(reverse("change-back", args=[99])).status_code == 404


def test_one_change_is_undone_from_the_history_of_its_entry(history: None, alice: User, charlie: User) -> None:
    change = Change.objects.get(key="press")
    where = reverse("change-undo", args=[change.pk])
    assert where in visitor(alice).get(address("entry-history", "aliases", "press")).content.decode()
    assert where not in visitor(charlie).get(address("entry-history", "aliases", "press")).content.decode()
    assert "press: dora" in words(visitor(alice).get(where))

    visitor(alice).post(where, {"reason": "Too early"})

    assert value_of("aliases", "press") == "dora"
    page = words(visitor(alice).get(where))
    assert "press in aliases was changed since, by request" in page
    assert "Undo that change first, or edit the entry by hand." in page


def test_the_history_of_an_entry_says_where_it_was_live(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    host = Host.objects.create(cluster=get_cluster(), name="mx1.example.org", mail_dir="/etc/mail")
    page = visitor(alice).get(address("entry-history", "aliases", "sales"))
    assert "Not live on any host yet, or never was." in words(page)
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    Publication.objects.filter(host=host).update(state="succeeded", finished_at=timezone.now())

    assert f"Live on {host.name} since" in words(visitor(alice).get(address("entry-history", "aliases", "sales")))


def test_pages_of_the_past_ask_the_same_however_much_there_is(
    alice: User, charlie: User, django_assert_max_num_queries: Any
) -> None:
    browser = visitor(charlie)
    asked = []
    for more in (3, 60):
        for number in range(more):
            save(alice, "virtusertable", f"u{number}@own.example", f"x{more}@own.example")
        pages = [
            reverse("table-blame", args=["virtusertable"]),
            reverse("changes"),
            f"{reverse('compare')}?old=change+1",
        ]
        pages += [f"{reverse('table-at', args=['virtusertable'])}?when=change+2"]
        counts = []
        for page in pages:
            browser.get(page)
            with django_assert_max_num_queries(60) as found:
                assert browser.get(page).status_code == 200
            counts.append(len(found.captured_queries))
        asked.append(counts)
    assert all(late <= early + 3 for early, late in zip(*asked, strict=True)), asked


def test_whoever_sees_some_domains_sees_their_past_only(alice: User) -> None:
    save(alice, "virtusertable", "a@own.example", "x@own.example")
    save(alice, "virtusertable", "canary@foreign.example", "x@foreign.example")
    then = Cluster.objects.get().last_change
    delete(alice, "virtusertable", "a@own.example")
    delete(alice, "virtusertable", "canary@foreign.example")
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, "virtusertable", "own.example", outside_targets=True)
    for name, args in (("table-at", ["virtusertable"]), ("table-blame", ["virtusertable"]), ("compare", [])):
        page = get(erin, name, *args, when=f"change {then}", old=f"change {then}")
        assert "a@own.example" in page
        assert "canary" not in page
    for name, args in (("table-file", ["virtusertable"]), ("compare-file", [])):
        assert visitor(erin).get(reverse(name, args=args)).status_code == 403
