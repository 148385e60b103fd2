"""The page of all problems, problems beside their entries, and the button that mends one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import bulk, findings, surveys
from tables.models import AuditEvent, ChangeRequest, CheckRun, Cluster, StoredFinding
from tables.sendmail.spec import Entry, Fix, Problem
from tables.sendmail.tables import TABLES
from tests.services.editing import delete, save
from tests.web.reading import words
from tests.web.visits import address, stands, visitor

pytestmark = pytest.mark.django_db

PAGE = "/problems/"


def put(cluster: Cluster, table: str, *pairs: tuple[str, str]) -> None:
    entries = [Entry(key, value, position=place << 32) for place, (key, value) in enumerate(pairs, start=1)]
    bulk.load(cluster=cluster, table=TABLES[table], entries=entries)


@pytest.fixture
def poor(cluster: Cluster, settings: Any) -> Cluster:
    """A loop and a missing alias across entries, an error and a warning in one entry alone; and checked."""
    settings.LOCAL_USERS = "unknown"
    put(cluster, "aliases", ("mailer-daemon", "root"), ("a", "b"), ("b", "a"))
    put(cluster, "access", ("connect:10.0.0.0/8", "REJECT"), ("connect:192.0.2", "REJET"))
    surveys.run(cluster=cluster, by="publisher:mx1")
    return cluster


def shown(response: Any) -> list[str]:
    return [item.problem.rule for item in response.context["rows"]]


def fix_form(page: str, rule: str) -> tuple[str, dict[str, str]]:
    """Address and fields of the button beside the problem of this rule, as a browser would post them."""
    for form in re.findall(r'<form method="post" class="fix".*?</form>', page, re.DOTALL):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        if fields["rule"] == rule:
            found = re.search(r'action="([^"]*)"', form)
            assert found is not None
            return unescape(found[1]), fields
    raise AssertionError(f"There is no button for {rule}.")


def click(client: Client, page: str, rule: str) -> Any:
    where, fields = fix_form(client.get(page).content.decode(), rule)
    return client.post(where, fields, follow=True)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_lists_errors_and_warnings_with_their_places(poor: Cluster, alice: User) -> None:
    response = visitor(alice).get(PAGE)
    assert set(shown(response)) == {
        "access.cidr",
        "access.unknown-value",
        "aliases.loop",
        "aliases.no-postmaster",
    }
    said = words(response)
    assert "access:1" in said
    assert "aliases:2" in said
    assert "There is no alias postmaster" in said


def test_it_says_of_when_the_findings_are(poor: Cluster, alice: User) -> None:
    client = visitor(alice)
    assert "As of change 0, checked" in words(client.get(PAGE))
    assert "by publisher:mx1" in words(client.get(PAGE))
    assert "Nothing changed since." in words(client.get(PAGE))
    save(alice, "aliases", "sales", "root")
    assert "1 change since: the publisher checks again by itself" in words(client.get(PAGE))


def test_before_the_first_check_it_says_so(cluster: Cluster, alice: User) -> None:
    said = words(visitor(alice).get(PAGE))
    assert "The tables have not been checked yet." in said
    assert "No problems" not in said


def test_without_a_problem_it_says_so(cluster: Cluster, alice: User) -> None:
    surveys.run(cluster=cluster, by="cli:root")
    assert "No problems" in words(visitor(alice).get(PAGE))


@pytest.mark.parametrize(
    ("query", "rules"),
    [
        ("table=access", {"access.cidr", "access.unknown-value"}),
        ("grade=error", {"access.cidr"}),
        ("rule=aliases.loop", {"aliases.loop"}),
        ("q=192.0.2", {"access.unknown-value"}),
        ("q=192.0.2&table=aliases", set()),
        (
            "table=nonsense&grade=nonsense",
            {"access.cidr", "access.unknown-value", "aliases.loop", "aliases.no-postmaster"},
        ),
    ],
)
def test_the_list_can_be_narrowed(poor: Cluster, alice: User, query: str, rules: set[str]) -> None:
    assert set(shown(visitor(alice).get(f"{PAGE}?{query}"))) == rules


def test_notes_are_shown_when_they_are_asked_for(cluster: Cluster, alice: User) -> None:
    put(cluster, "access", ("connect:192.0.2", "REJECT\r"))
    surveys.run(cluster=cluster, by="cli:root")
    client = visitor(alice)
    assert "No error and no warning in any table; there are notes." in words(client.get(PAGE))
    assert shown(client.get(f"{PAGE}?grade=note")) == ["text.crlf"]


def test_totals_come_by_rule_with_an_example(poor: Cluster, alice: User) -> None:
    totals = visitor(alice).get(PAGE).context["by_rule"]
    assert {total.name: total.count for total in totals} == {
        "access.cidr": 1,
        "access.unknown-value": 1,
        "aliases.loop": 1,
        "aliases.no-postmaster": 1,
    }
    assert "lead back to where they began" in next(total for total in totals if total.name == "aliases.loop").message


def test_pages_go_on_where_they_ended(cluster: Cluster, alice: User) -> None:
    put(cluster, "virtusertable", *((f"user{number:03}", "alice") for number in range(120)))
    surveys.run(cluster=cluster, by="cli:root")
    client, keys, link = visitor(alice), [], f"{PAGE}?table=virtusertable&grade=error"
    while link:
        response = client.get(link)
        keys += [item.row.key for item in response.context["rows"]]
        link = f"{PAGE}{response.context['page'].next_link}" if response.context["page"].next_link else ""
    assert keys == [f"user{number:03}" for number in range(120)]


def test_what_is_counted_but_not_kept_is_named_with_numbers(cluster: Cluster, alice: User) -> None:
    put(cluster, "virtusertable", *((f"user{number:03}", "alice") for number in range(30)))
    surveys.run(cluster=cluster, by="cli:root", most=20)
    assert "Listed are the first 20 of 30." in words(visitor(alice).get(PAGE + "?grade=error"))


def test_a_list_says_that_it_cannot_mark_all(cluster: Cluster, alice: User, settings: Any) -> None:
    put(cluster, "aliases", ("postmaster", "root"), ("mailer-daemon", "root"))
    put(cluster, "virtusertable", *((f"user@elsewhere{number:03}.example", "root") for number in range(30)))
    surveys.run(cluster=cluster, by="cli:root", most=20)
    assert "10 more problems were found across entries" in words(visitor(alice).get("/tables/virtusertable/"))


def test_an_entry_that_was_changed_since_is_no_longer_blamed(poor: Cluster, alice: User) -> None:
    save(alice, "access", "connect:192.0.2", "REJECT")
    delete(alice, "aliases", "a")
    response = visitor(alice).get(PAGE)
    now = {item.problem.rule: str(item.now) for item in response.context["rows"]}
    assert now["access.unknown-value"] == "changed"
    assert now["aliases.loop"] == "gone"
    assert "changed since the check" in words(response)
    assert "deleted since the check" in words(response)


def test_the_number_of_queries_does_not_grow_with_the_problems(poor: Cluster, alice: User) -> None:
    client = visitor(alice)

    def cost(page: str) -> int:
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    put(poor, "virtusertable", ("sales", "alice"))
    surveys.run(cluster=poor, by="cli:root")
    few = {page: cost(page) for page in (PAGE, "/tables/access/", "/tables/aliases/")}
    for table, key, value in (("virtusertable", "user{}", "x"), ("access", "connect:10.{}.0.0/16", "REJET")):
        many = [Entry(key.format(number), value, position=(number + 9) << 32) for number in range(40)]
        bulk.load(cluster=poor, table=TABLES[table], entries=many)
    loops = [Entry(f"x{number}", f"x{number ^ 1}", position=(number + 9) << 32) for number in range(40)]
    bulk.load(cluster=poor, table=TABLES["aliases"], entries=loops)
    surveys.run(cluster=poor, by="cli:root")
    # Fewer where fewer tables are on the first page of problems.
    assert all(cost(page) <= few[page] for page in few)


def test_htmx_gets_only_the_list(poor: Cluster, alice: User) -> None:
    response = visitor(alice).get(f"{PAGE}?q=192", headers={"HX-Request": "true"})
    assert response.content.lstrip().startswith(b'<div id="problems"')
    assert "1 problem listed" in words(response)


def test_the_navigation_counts_errors_and_warnings(poor: Cluster, alice: User) -> None:
    page = visitor(alice).get(reverse("home")).content.decode()
    assert '4<span class="visually-hidden"> errors and warnings</span>' in page


def test_the_first_page_warns_of_errors(poor: Cluster, alice: User) -> None:
    client = visitor(alice)
    assert "1 error stands in the tables." in words(client.get(reverse("home")))
    CheckRun.objects.update(errors=0)
    assert "in the tables." not in words(client.get(reverse("home")))


# --- checking now -----------------------------------------------------------------------------------------------------


def test_check_now_checks_small_tables_at_once(poor: Cluster, alice: User) -> None:
    save(alice, "aliases", "postmaster", "root")
    response = visitor(alice).post(reverse("problems-check"), follow=True)
    assert "The tables are checked: 1 error, 2 warnings." in words(response)
    assert "aliases.no-postmaster" not in shown(response)
    assert CheckRun.objects.get().by_name == "alice"


def test_check_now_leaves_large_tables_to_the_publisher(
    poor: Cluster, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "AT_ONCE", 2)
    poor.hosts.create(name="mx1", mail_dir="/m", seen_at=timezone.now())
    response = visitor(alice).post(reverse("problems-check"), follow=True)
    assert "The publisher on the mail host checks the tables as soon as it can." in words(response)
    assert "alice asked for a check" in words(response)
    assert 'hx-trigger="every 3s"' in response.content.decode()


def test_a_check_that_nobody_can_make_is_told_as_such(
    poor: Cluster, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "AT_ONCE", 2)
    response = visitor(alice).post(reverse("problems-check"), follow=True)
    assert "no publisher has been heard of that could make it" in words(response)


def test_a_check_at_work_is_told(poor: Cluster, alice: User) -> None:
    CheckRun.objects.update(turn="somebody", turn_at=timezone.now())
    assert "The tables are being checked now." in words(visitor(alice).get(PAGE))


# --- beside the entries -----------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_wrong_with_an_entry_alone_and_among_others(poor: Cluster, alice: User) -> None:
    client = visitor(alice)
    alone, among = words(client.get("/tables/access/")), words(client.get("/tables/aliases/"))
    assert "“REJET” is no action" in alone or "REJET" in alone
    assert "access.unknown-value" in alone
    assert "lead back to where they began" in among


def test_what_is_wrong_with_an_entry_alone_is_found_without_a_check(cluster: Cluster, alice: User) -> None:
    put(cluster, "access", ("connect:192.0.2", "REJET"))
    assert "access.unknown-value" in words(visitor(alice).get("/tables/access/"))


def test_an_edited_entry_is_not_blamed_for_what_it_was(poor: Cluster, alice: User) -> None:
    save(alice, "aliases", "a", "root")
    client = visitor(alice)
    assert "lead back" not in words(client.get("/tables/aliases/"))
    assert "lead back" not in words(client.get(address("entry-edit", "aliases", "a")))


def test_how_old_a_problem_across_entries_is_stands_beside_it(poor: Cluster, alice: User) -> None:
    save(alice, "aliases", "sales", "root")
    client, age = visitor(alice), "Found 1 change of other entries ago."
    assert age in words(client.get("/tables/aliases/"))
    assert age in words(client.get(address("entry-edit", "aliases", "a")))


def test_a_search_shows_problems_too(poor: Cluster, alice: User) -> None:
    assert "access.unknown-value" in words(visitor(alice).get("/search/?q=192.0.2"))


def test_notes_are_only_counted_in_a_list(cluster: Cluster, alice: User) -> None:
    put(cluster, "access", ("connect:192.0.2", "REJECT\r"))
    said = words(visitor(alice).get("/tables/access/"))
    assert "1 note" in said
    assert "carriage return" not in said


def test_the_page_of_an_entry_shows_both_kinds_beside_the_field(poor: Cluster, alice: User) -> None:
    client = visitor(alice)
    loop = client.get(address("entry-edit", "aliases", "a")).context["findings"]
    assert [problem.rule for problem in loop.value] == ["aliases.loop"]
    word = client.get(address("entry-edit", "access", "connect:192.0.2")).context["findings"]
    assert [problem.rule for problem in word.value] == ["access.unknown-value"]


def test_a_problem_across_entries_need_not_be_confirmed(poor: Cluster, alice: User) -> None:
    client = visitor(alice)
    page = client.get(address("entry-edit", "aliases", "a"))
    assert page.context["findings"].warned == ""
    form = {name: page.context["form"][name].value() for name in ("key", "value", "seen")}
    response = client.post(address("entry-edit", "aliases", "a"), {**form, "comment": "mine", "enabled": "on"})
    assert response.status_code == 302


def test_a_viewer_sees_problems_and_no_button(poor: Cluster, charlie: User) -> None:
    client = visitor(charlie)
    for page in (PAGE, "/tables/aliases/", "/tables/access/"):
        answer = client.get(page).content.decode()
        assert "problem" in answer
        assert 'class="fix"' not in answer
        assert "Check now" not in answer


def test_a_password_is_in_no_problem(cluster: Cluster, alice: User) -> None:
    put(cluster, "access", ("authinfo:smart.example", '"U:relay" "P:s3cr3t" "X:odd"'), ("authinfo: a", '"P:s3cr3t'))
    surveys.run(cluster=cluster, by="cli:root")
    assert StoredFinding.objects.filter(table="access").exists()
    for page in (f"{PAGE}?grade=all", "/tables/access/", address("entry-edit", "access", "authinfo:smart.example")):
        assert "s3cr3t" not in visitor(alice).get(page).content.decode()


# --- the button -------------------------------------------------------------------------------------------------------


def test_the_button_mends_the_problem_and_leads_back(poor: Cluster, alice: User) -> None:
    response = click(visitor(alice), f"{PAGE}?table=aliases", "aliases.no-postmaster")
    assert response.redirect_chain[-1][0] == f"{PAGE}?table=aliases"
    assert "Done: Add postmaster: root. Publish to make it live." in words(response)
    entry = stands("aliases", "postmaster")
    assert entry is not None
    assert entry.value == "root"
    assert "aliases.no-postmaster" not in shown(response)
    assert AuditEvent.objects.filter(action="entry-created", key="postmaster", actor_name="alice").exists()


def test_a_second_click_is_refused_with_a_sentence(poor: Cluster, alice: User, dora: User) -> None:
    client = visitor(alice)
    where, fields = fix_form(client.get(PAGE).content.decode(), "aliases.no-postmaster")
    save(dora, "aliases", "postmaster", "dora@example.net")
    response = client.post(where, fields, follow=True)
    assert "postmaster in aliases stands there already. Decide which of the two is meant." in words(response)
    assert ChangeRequest.objects.count() == 1


@pytest.mark.parametrize(
    "fields", [{}, {"rule": "aliases.loop"}, {"rule": "aliases.loop", "seen": "0" * 64}, {"rule": "\0", "seen": "x"}]
)
def test_a_made_up_click_changes_nothing_and_leads_to_the_editor(
    poor: Cluster, alice: User, fields: dict[str, str]
) -> None:
    response = visitor(alice).post(address("entry-fix", "aliases", "a"), fields, follow=True)
    assert response.redirect_chain[-1][0] == address("entry-edit", "aliases", "a")
    assert "is not what you were shown any more" in words(response)
    assert not ChangeRequest.objects.exists()


def test_a_click_about_an_entry_that_is_gone_leads_back_to_the_list(poor: Cluster, alice: User) -> None:
    response = visitor(alice).post(address("entry-fix", "aliases", "nobody"), {"rule": "x", "seen": "x"}, follow=True)
    assert response.redirect_chain[-1][0] == "/tables/aliases/"


KEY, RULE = "connect:192.0.2", "access.unknown-value"


@pytest.fixture
def offered(poor: Cluster, monkeypatch: pytest.MonkeyPatch) -> Callable[[Fix], None]:
    """``offered(fix)``: the misspelt word in access can be mended so."""
    real = findings.check_entry

    def offer(fix: Fix) -> None:
        def check(spec: Any, entry: Entry) -> list[Problem]:
            return [replace(found, fix=fix) if found.rule == RULE else found for found in real(spec, entry)]

        monkeypatch.setattr(findings, "check_entry", check)

    return offer


def test_what_needs_a_second_person_is_shown_first_and_asks_why(
    offered: Callable[[Fix], None], alice: User, bob: User
) -> None:
    offered(Fix("Write RELAY", value="RELAY"))
    client = visitor(alice)
    page = click(client, "/tables/access/", RULE)
    assert page.status_code == 200
    assert "This needs a second person." in words(page)
    assert "connect:192.0.2\tRELAY" in page.content.decode()
    assert not ChangeRequest.objects.exists()

    form = {name: str(page.context["form"][name].value() or "") for name in ("rule", "seen", "confirmed")}
    where = page.context["action"]
    without = client.post(where, {**form, "reason": " "})
    assert without.status_code == 422
    assert "Say why it is wanted." in words(without)
    done = client.post(where, {**form, "reason": "our own network"}, follow=True)
    request = ChangeRequest.objects.get()
    assert (request.state, request.reason) == ("submitted", "our own network")
    assert done.redirect_chain[-1][0] == f"/requests/{request.pk}/"


def test_new_warnings_are_shown_first(offered: Callable[[Fix], None], alice: User) -> None:
    offered(Fix("Write QUARANTINE", value="QUARANTINE"))
    client = visitor(alice)
    page = click(client, PAGE, RULE)
    assert "What it brings with it" in words(page)
    form = {name: str(page.context["form"][name].value() or "") for name in ("rule", "seen", "confirmed")}
    done = client.post(page.context["action"], {**form, "reason": ""}, follow=True)
    assert done.redirect_chain[-1][0] == PAGE
    entry = stands("access", KEY)
    assert entry is not None
    assert entry.value == "QUARANTINE"


def test_what_would_leave_an_error_leads_to_the_editor(offered: Callable[[Fix], None], alice: User) -> None:
    offered(Fix("Write nothing", value=""))
    response = click(visitor(alice), PAGE, RULE)
    assert response.redirect_chain[-1][0] == address("entry-edit", "access", KEY)
    assert "This alone does not mend the entry: The value is empty." in words(response)


def test_a_viewer_may_not_mend(poor: Cluster, alice: User, charlie: User) -> None:
    where, fields = fix_form(visitor(alice).get(PAGE).content.decode(), "aliases.no-postmaster")
    assert visitor(charlie).post(where, fields).status_code == 403
    assert stands("aliases", "postmaster") is None
