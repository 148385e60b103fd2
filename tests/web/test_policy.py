"""The page of the policy and its form, which works without a script and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import policy
from tables.entries import get_cluster
from tables.models import ChangeRequest, PolicyVersion
from tables.rules import Rules
from tables.views.policy_form import MOST_ROWS, Typed
from tests.people import make_limited, make_person
from tests.services.ruling import decree, freeze, propose, rule, rules_now
from tests.web.reading import words
from tests.web.visits import let_the_log_in_age, text, visitor

pytestmark = pytest.mark.django_db

EDIT = "/policy/edit/"


def filled(**changed: Any) -> QueryDict:
    """What a browser posts of the form as it is shown, with some of it changed; a list is the column of the rows."""
    typed = Typed.of(rules_now(), policy.in_force(get_cluster()).number)
    data = QueryDict(mutable=True)
    for prefix, rows in (("rule", typed.rules), ("freeze", typed.freezes)):
        for row in rows:
            for name in row.__slots__:
                data.appendlist(f"{prefix}-{name}", getattr(row, name))
    data.update(typed.numbers | {"glass_people": typed.glass_people, "based_on": typed.based_on, "reason": "wanted"})
    for name, value in changed.items():
        data.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return data


def post(person: User, data: QueryDict) -> Any:
    return visitor(person).post(EDIT, data.urlencode(), content_type="application/x-www-form-urlencoded")


def test_everybody_who_sees_the_tables_reads_the_policy(charlie: User) -> None:
    page = words(visitor(charlie).get(reverse("policy")))
    assert "1 approval by any approver" in page
    assert "over 30 % of a table and more than 3 entries, or more than 500" in page
    assert "Nobody has changed it" in page
    assert "Propose changes" not in page


def test_the_navigation_leads_to_it(charlie: User) -> None:
    assert f'href="{reverse("policy")}"' in visitor(charlie).get("/").content.decode()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_only_an_administrator_opens_the_form(people: dict[str, User], who: str) -> None:
    answer = visitor(people[who]).get(EDIT)
    assert answer.status_code == 403
    assert "propose changes to the policy" in text(answer)


def test_who_is_limited_cannot_propose_and_is_told_no_reason(dora: User, bob: User) -> None:
    decree(dora, bob, reason="because of secret.example", tick_above=3)
    limited = make_limited("lisa", Role.ADMINISTRATOR)
    assert "secret.example" not in text(visitor(limited).get(reverse("policy")))
    answer = post(limited, filled(act="propose", tick_above="4"))
    assert answer.status_code == 403
    assert "all domains" in text(answer)


def test_a_proposal_waits_and_its_reviewer_sees_what_loosens(dora: User, bob: User) -> None:
    answer = post(dora, filled(act="propose", rule__reviews=["0"], tick_above="5"))
    request = ChangeRequest.objects.get()
    assert answer["Location"] == reverse("request", args=[request.pk])
    assert rules_now() == Rules()
    browser = visitor(bob)
    page = words(browser.get(answer["Location"]))
    assert "Any risk in any table loosens − removed: 1 approval by any approver" in page
    assert "+ added: no approval" in page
    assert page.count("loosens") == 1, "fewer lines without a tick tighten"
    assert "Needs 1 approval by others" in page
    assert "No changes in it" not in page
    done = browser.post(reverse("request-approve", args=[request.pk]), {"checksum": request.checksum}, follow=True)
    assert "The new policy is in force" in text(done)
    assert rules_now().tick_above == 5


def test_what_would_change_is_shown_before_it_is_proposed(dora: User, bob: User) -> None:
    page = words(post(dora, filled(act="check", approval_hours="48")))
    assert "An approval lapses unpublished after − removed: 72 hours + added: 48 hours" in page
    assert not ChangeRequest.objects.exists()


def test_rows_are_added_and_removed_without_a_script_and_nothing_is_lost(dora: User) -> None:
    page = post(dora, filled(**{"add-rule": "1", "reason": "half <typed>", "tick_above": "zehn"})).content.decode()
    assert page.count('name="rule-risk"') == 2
    assert "half &lt;typed&gt;" in page
    assert 'value="zehn"' in page
    page = post(dora, filled(**{"add-freeze": "1"})).content.decode()
    assert page.count('name="freeze-reason"') == 1
    page = post(dora, filled(**{"remove-rule": "0"})).content.decode()
    assert 'name="rule-risk"' not in page
    assert post(dora, filled(**{"remove-rule": "x9"})).status_code == 200
    assert not ChangeRequest.objects.exists()


def test_enter_only_shows_what_would_change(dora: User) -> None:
    page = visitor(dora).get(EDIT).content.decode()
    form = page[page.index('action="/policy/edit/"') :]
    first = form[form.index("<button") :]
    assert first.startswith('<button class="visually-hidden" name="act" value="check"')


def test_each_mistake_is_told_and_everything_typed_stays(dora: User) -> None:
    data = filled(
        act="propose",
        rule__reviews=["9"],
        percent="101",
        rows="many",
        glass_people="nobody",
        freeze__start=["2030-01-02T00:00"],
        freeze__end=["2030-01-01T00:00"],
        freeze__reason=[""],
    )
    answer = post(dora, data)
    assert answer.status_code == 422
    page = text(answer)
    for sentence in (
        "Rule 1: “9” is no number of approvals from 0 to 5.",
        "Per cent of a table: “101” is no whole number from 1 to 100.",
        "Entries of a table: “many” is no whole number",
        "Freeze 1: it ends before it starts.",
        "Freeze 1: say why.",
    ):
        assert sentence in page
    for typed in ('value="101"', 'value="many"', 'value="2030-01-02T00:00"', 'value="nobody"', ">wanted</textarea>"):
        assert typed in page
    assert "Nobody who may log in is called nobody" in text(post(dora, filled(act="check", glass_people="nobody")))


def test_a_choice_that_is_none_is_told_and_kept(dora: User) -> None:
    answer = post(dora, filled(act="check", rule__risk=["<b>"]))
    assert answer.status_code == 422
    assert "<option selected>&lt;b&gt;</option>" in answer.content.decode()


def test_named_people_and_a_freeze_are_read_from_the_form(dora: User, bob: User) -> None:
    make_person("emma", Role.APPROVER)
    data = filled(
        act="propose",
        rule__by=["people"],
        rule__people=["bob, EMMA"],
        freeze__start=["2030-01-01T00:00"],
        freeze__end=["2030-01-02T00:00"],
        freeze__reason=["New year"],
    )
    assert post(dora, data).status_code == 302
    after = ChangeRequest.objects.get().policy_change.after
    assert after["rules"][0]["people"] == ["bob", "emma"]
    assert after["freezes"] == [
        {"from": "2030-01-01T00:00:00+00:00", "until": "2030-01-02T00:00:00+00:00", "reason": "New year"}
    ]


def test_a_second_proposal_is_refused_with_the_first_one_named(dora: User, bob: User) -> None:
    waiting = propose(dora, tick_above=3)
    assert f"Request {waiting.pk}" in text(visitor(dora).get(EDIT))
    answer = post(dora, filled(act="propose", tick_above="4"))
    assert answer.status_code == 422
    assert f"Change request {waiting.pk} of dora would change the policy, too." in text(answer)


@pytest.mark.parametrize("based_on", ["7", "x", "-1", "²"])
def test_who_was_shown_another_policy_is_told(dora: User, bob: User, based_on: str) -> None:
    answer = post(dora, filled(act="propose", tick_above="4", based_on=based_on))
    assert answer.status_code == 422
    assert "The policy changed since it was shown" in text(answer)


def test_proposing_asks_for_a_fresh_log_in(dora: User) -> None:
    browser = visitor(dora)
    let_the_log_in_age(browser)
    answer = browser.post(EDIT, {"act": "propose"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/confirm/")


def test_versions_tell_who_when_why_and_what(dora: User, bob: User) -> None:
    request = decree(dora, bob, reason="contract 4711", tick_above=3)
    page = words(visitor(bob).get(reverse("policy")))
    assert "Version 1" in page
    assert "by dora, approved by bob" in page
    assert "contract 4711" in page
    assert f"Request {request.pk}" in page
    assert "Each risky line is ticked in requests of more than − removed: 10 of them + added: 3 of them" in page


def test_tables_that_ask_for_more_stand_apart(dora: User, bob: User) -> None:
    decree(dora, bob, rules=(rule(), rule("relay", 2, "access")))
    shown = visitor(bob).get(reverse("policy")).context["rows"]
    relay = [(row["where"], row["needs"]) for row in shown if row["reason"] == "relay"]
    assert ("access", ("2 approvals by any approver",)) in relay
    assert len(relay) == 2


def test_rule_35_every_page_says_that_reviews_are_off(dora: User, bob: User, charlie: User) -> None:
    pages = ["/", "/requests/", "/tables/aliases/", "/history/", "/policy/"]
    browser = visitor(charlie)
    assert not any("Reviews are switched off" in text(browser.get(page)) for page in pages)
    decree(dora, bob, rules=(rule("relay", 0),))
    for page in pages:
        assert "Reviews are switched off for relay" in words(browser.get(page)), page


def test_the_banner_costs_one_query_however_many_versions(dora: User, bob: User, charlie: User) -> None:
    browser, counts = visitor(charlie), []
    browser.get("/history/")
    for number in (0, 1, 2):
        if number:
            decree(dora, bob, rules=(rule("relay", number - 1),))
        with CaptureQueriesContext(connection) as queries:
            browser.get("/requests/?view=mine")
        counts.append(len([query for query in queries if "tables_policyversion" in query["sql"]]))
    assert counts == [1, 1, 1]


def test_a_freeze_that_is_on_is_told(dora: User, bob: User, charlie: User) -> None:
    decree(dora, bob, freezes=(freeze(reason="Christmas"),))
    assert "Changes are frozen until" in text(visitor(charlie).get(reverse("policy")))


def test_a_policy_that_cannot_be_read_can_be_replaced(dora: User, bob: User) -> None:
    request = propose(dora, tick_above=3)
    ChangeRequest.objects.filter(pk=request.pk).update(state="withdrawn")
    PolicyVersion.objects.create(cluster=get_cluster(), number=1, content=[], request=request)
    assert "cannot be read" in text(visitor(dora).get(reverse("policy")))
    assert 'name="tick_above" value="10"' in visitor(dora).get(EDIT).content.decode()
    data = filled(act="propose", rule__reviews=["1"])
    assert post(dora, data).status_code == 302


def test_the_history_tells_of_it_in_words(dora: User, bob: User) -> None:
    decree(dora, bob, rules=(rule("relay", 0),))
    page = words(visitor(bob).get("/history/"))
    for said in ("proposed another policy", "changed the policy", "switched reviews off"):
        assert said in page


def test_a_form_takes_so_many_rows_and_no_more(dora: User) -> None:
    row = {"risk": "any", "table": "any", "reviews": "1", "by": "", "people": ""}
    columns = {f"rule-{name}": [value] * (MOST_ROWS + 50) for name, value in row.items()}
    answer = post(dora, filled(act="check", **columns))
    assert answer.content.decode().count('name="rule-risk"') == MOST_ROWS
