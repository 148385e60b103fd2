"""Every address × every role × own and foreign domain, opened and posted to.

Who gets in, and that nothing foreign is told or changed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables.converters import entry_url
from tables.sendmail.tables import TABLES
from tests.web.test_every_address import EVERYBODY, RIGHTS, our_names
from tests.web.visits import visitor
from tests.web.world import CANARY, DELEGABLE, World, address, build, digest, key_of, posted

pytestmark = pytest.mark.django_db

#: nora has no role, sam was switched off while logged in, a stranger never logged in.
OUTSIDERS = ("nora", "sam", "stranger")
LIMITED = ("erin", "frank", "gina", "vera")
WHO = (*sorted(EVERYBODY), *OUTSIDERS)

#: Addresses of one thing: what is foreign is not found there.
OF_ONE = ("entry-", "request-", "row-", "thread-", "original", "drift", "change-undo")


#: Who is neither its author nor whoever asked is refused, whatever the role.
AUTHORS_ONLY = ("request-withdraw", "thread-resolve", "request-break-glass")


class Pair(NamedTuple):
    who: str
    name: str
    table: str
    place: str
    method: str

    @property
    def is_hidden(self) -> bool:
        """Whether it is about one thing that this person does not see."""
        if self.who not in LIMITED or self.name in ("entry-add", "originals-of"):
            return False
        whole_file = self.name.startswith(("original", "drift"))  # of all domains
        nothing = self.who == "vera"  # has no delegation
        is_one = self.name.startswith(OF_ONE) or self.name == "request"
        return is_one and (whole_file or nothing or self.place == "foreign")

    @property
    def is_whole(self) -> bool:
        """Whether it is about all tables at once, of which a limited person does nothing."""
        return self.who in LIMITED and self.name in ("release-back", "change-back", "table-file", "compare-file")

    @property
    def right(self) -> set[str]:
        if self.name.startswith("notice"):
            return EVERYBODY | {"nora"} if RIGHTS[self.name][self.method == "POST"] else set()  # each has their own
        return RIGHTS[self.name][self.method == "POST"]


def tables_of(who: str, name: str) -> list[str]:
    """Who edits a part of every table tries so in every table; the others look at what is in each."""
    by_table = name.startswith("entry-") and name != "entry-secret" if who == "erin" else name == "entry-history"
    return DELEGABLE if who in LIMITED and (by_table or name == "table") else ["virtusertable"]


#: Addresses that name a domain, a key or a request; the others are the same, whatever they are asked for.
OF_A_PLACE = ("entry-", "request", "row-", "sheet-", "thread-", "table", "search", "audit", "problems")
OF_A_PLACE += ("changes", "change-undo")


def places_of(name: str) -> tuple[str, ...]:
    return ("own", "foreign") if name.startswith(OF_A_PLACE) else ("own",)


PAIRS = [
    Pair(who, name, table, place, method)
    for who in WHO
    for name in RIGHTS
    for table in tables_of(who, name)
    for place in places_of(name)
    for method in ("GET", "POST")
]


@pytest.fixture
def world(people: dict[str, User], settings: Any, tmp_path: Path) -> World:
    return build(people, settings, tmp_path)


def browser_of(world: World, who: str) -> Client:
    if who == "stranger":
        return Client()
    browser = visitor(world.people[who])
    if who == "sam":
        User.objects.filter(username="sam").update(is_active=False)
    return browser


def expected(pair: Pair) -> set[int]:
    if pair.who in ("sam", "stranger"):
        return {302}
    if not pair.right:
        # Nothing is there by this way; a page that does not look at the method shows itself, or that it is not there.
        return {403, 405} if pair.method == "GET" else {200, 403, 404, 405}
    if pair.name == "home":
        return {200}  # it tells nora that she has no role
    if pair.who not in pair.right:
        return {403, 404}
    if pair.is_hidden or (pair.name == "job" and pair.who != "alice"):  # each sees their own
        return {404}
    if pair.is_whole:
        return {403}
    return opened(pair) if pair.method == "GET" else answered(pair)


def opened(pair: Pair) -> set[int]:
    # The second factor is asked for first; where no entry matches, the list says so.
    return {200, 302} if pair.name in ("request-break-glass", "table-many") else {200}


def answered(pair: Pair) -> set[int]:
    if pair.name == "entry-add" and pair.who in LIMITED and pair.place == "foreign":
        return {422}
    others = {403} if pair.name in AUTHORS_ONLY else {404} if pair.name == "notice-read" else set()  # somebody else's
    return {200, 302, 409, 422} | others


def send(browser: Client, world: World, pair: Pair) -> Any:
    where = address(world, pair.name, pair.table, pair.place)
    if pair.method == "GET":
        return browser.get(where)
    return browser.post(where, posted(world, pair.name, pair.table, pair.place))


def said(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if isinstance(answer, StreamingHttpResponse) else answer.content
    return str(answer.headers) + body.decode(errors="replace")


class Undo(Exception):
    """Takes back what an answer left in the database."""


def trespass(browser: Client, world: World, pair: Pair, before: str) -> str:
    """What is wrong with the answer; empty when it is as it should be.

    What somebody may do is taken back afterwards. What they may not is not: it must have left nothing to take back.
    """
    if pair.method == "GET" or pair.who not in pair.right:
        return wrong_with(send(browser, world, pair), pair)
    wrong = ""
    try:
        with transaction.atomic():
            wrong = wrong_with(send(browser, world, pair), pair)
            if not wrong and pair.who in LIMITED and digest(world) != before:
                wrong = "changed something foreign"
            raise Undo
    except Undo:
        return wrong


def wrong_with(answer: Any, pair: Pair) -> str:
    if answer.status_code not in expected(pair):
        return f"{answer.status_code} instead of {expected(pair)}"
    sees_all = pair.who in EVERYBODY and pair.who not in LIMITED
    return "tells the canary" if not sees_all and CANARY in said(answer) else ""


@pytest.mark.parametrize("who", WHO)
def test_a_role_gets_where_its_rights_lead_and_no_further(world: World, who: str) -> None:
    browser, mine = browser_of(world, who), [pair for pair in PAIRS if pair.who == who]
    before = digest(world)
    wrong = {pair: trouble for pair in mine if (trouble := trespass(browser, world, pair, before))}
    assert wrong == {}
    assert digest(world) == before


def test_the_walk_leaves_no_address_out(record_property: Any) -> None:
    assert {pair.name for pair in PAIRS} == our_names()
    per_person = {who: len({pair.name for pair in PAIRS if pair.who == who}) for who in WHO}
    assert set(per_person.values()) == {len(RIGHTS)}
    record_property("pairs", len(PAIRS))
    print(f"{len(PAIRS)} pairs: {len(RIGHTS)} addresses, {len(WHO)} persons, own and foreign, GET and POST")  # noqa: T201
    assert len(PAIRS) > 2000


def test_the_canary_is_everywhere_for_whoever_may_see_it(world: World) -> None:
    """Or its absence elsewhere would prove nothing."""
    browser = browser_of(world, "dora")
    told = {
        pair.name
        for pair in PAIRS
        if pair.who == "dora" and pair.method == "GET" and CANARY in said(send(browser, world, pair))
    }
    assert told >= {
        *("home", "table", "entry-edit", "entry-history", "entry-delete", "entry-switch", "problems"),
        *("originals-of", "original", "original-masked", "search", "requests", "request", "publish", "publication"),
        *("releases", "release", "audit", "teams", "team-edit", "team-delegate"),
    }


def test_an_entry_outside_answers_like_one_that_is_not_there(world: World) -> None:
    browser = browser_of(world, "erin")

    def answer(name: str, method: str, key: str) -> tuple[int, str]:
        where = f"{reverse(name, args=['virtusertable'])}?key={key}"
        found = getattr(browser, method)(where)
        text = re.sub(r"[0-9A-Za-z]{64}", "", found.content.decode())  # the tokens of forms
        return found.status_code, text.replace(key, "KEY").replace(key.replace("@", "%40"), "KEY")

    for name in (name for name in RIGHTS if name.startswith("entry-") and name != "entry-add"):
        for method in ("get", "post"):
            there = answer(name, method, key_of("virtusertable", "foreign"))
            assert there == answer(name, method, "nobody@foreign.example"), (name, method)


def test_a_limited_person_sees_what_is_theirs(world: World) -> None:
    """A wall that lets nobody see anything would pass the walk as well."""
    places = ("table", "search", "requests", "request", "audit", "problems", "publish", "release", "entry-history")
    for who in ("erin", "frank", "gina"):
        browser = browser_of(world, who)
        for name in places:
            text = said(send(browser, world, Pair(who, name, "virtusertable", "own", "GET")))
            shown = re.sub(r'(value|href|action|hx-\w+)="[^"]*"', "", text)
            assert "own.example" in shown, (who, name)


def test_what_a_request_of_both_domains_said_is_told_of_neither_of_its_lines(world: World) -> None:
    """Its line in the own domain is shown, with the reason and the review left out, and nothing leads to it."""
    browser = browser_of(world, "erin")
    for where in (address_of_key("entry-history", "@hist.own.example"), reverse("audit")):
        text = said(browser.get(where))
        assert "@hist.own.example" in text
        assert CANARY not in text


def address_of_key(name: str, key: str) -> str:
    return entry_url(name, TABLES["virtusertable"], key)


def test_counts_are_of_what_a_person_sees(world: World) -> None:
    """Not of the whole, from which one could tell what others do."""

    def counts(who: str) -> dict[str, str]:
        shown = browser_of(world, who).get(reverse("home")).context["navigation"]
        return {link.label: link.count_text for link in (*shown.work, *shown.tables)}

    mine, all_of_it = counts("erin"), counts("dora")
    assert mine == {
        "Home": "",
        "Requests": "1",
        "Sweep": "",
        "Hosts": "",
        "Publish": "3",
        "Problems": "1",
        "access": "2",
        "virtusertable": "4",
        "genericstable": "1",
        "mailertable": "1",
        "relay-domains": "1",
        "local-host-names": "1",
    }
    assert all(int(all_of_it[name]) > int(count) for name, count in mine.items() if count)
    nothing = counts("vera")
    assert set(nothing.values()) == {""}
