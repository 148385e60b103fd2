"""genericstable and mailertable as a whole, entries past their date, and any tables at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables.sendmail.lint import Context, lint
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.tables import TABLES
from tests.core.linting import QUIET, TODAY, features, found, local, the

GENERIC = replace(QUIET, generic_domains=frozenset(("g.example",)))


def test_a_generic_domain_that_sendmail_does_not_look_at_is_found_once() -> None:
    text = "a@g.example\ta@x.example\nalice@h.example\tb@x.example\nbob@h.example\tc@x.example\nalice\td@x.example\n"
    finding = the("genericstable.domain-not-generic", GENERIC, genericstable=text)
    assert finding.key == "alice@h.example"
    assert "its 2 entries are" in finding.problem.message
    assert found("genericstable.domain-not-generic", genericstable=text) == []


def test_a_generic_domain_below_one_needs_the_feature() -> None:
    text = "alice@sub.g.example\ta@x.example\n"
    assert found("genericstable.domain-not-generic", GENERIC, genericstable=text)
    entire = features("generics_entire_domain", context=GENERIC)
    assert found("genericstable.domain-not-generic", entire, genericstable=text) == []
    other = "alice@sub.h.example\ta@x.example\n"
    assert found("genericstable.domain-not-generic", entire, genericstable=other) == ["alice@sub.h.example"]


def test_a_domain_of_ours_where_a_user_stands_is_found() -> None:
    finding = the("genericstable.domain-as-user", GENERIC, genericstable="g.example\ta@x.example\n")
    assert finding.problem.fix
    assert finding.problem.fix.keys == ("@g.example",)
    assert found("genericstable.domain-as-user", local("l.example"), genericstable="l.example\ta@x.example\n")
    assert found("genericstable.domain-as-user", GENERIC, genericstable="first.last\ta@x.example\n") == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a@g.example\tx@y.example\na\tx@y.example\n", ["a@g.example"]),
        ("a@g.example\ta@y.example\n@g.example\t%1@y.example\n", ["a@g.example"]),
        ("a@g.example\tx@y.example\na\tx@y.example\n@g.example\tz@y.example\n", []),
        ("a@g.example\tx@y.example\na\tz@y.example\n", []),
        ("a+*@g.example\tx@y.example\na\tx@y.example\n", []),
    ],
)
def test_an_address_that_a_wider_entry_would_rewrite_alike_is_noted(text: str, keys: list[str]) -> None:
    assert found("genericstable.no-effect", genericstable=text) == keys


def test_many_addresses_without_an_effect_are_one_finding() -> None:
    text = "".join(f"a{number}@g.example\tx@y.example\n" for number in range(9)) + "@g.example\tx@y.example\n"
    assert "9 addresses, such as “a0@g.example”" in the("genericstable.no-effect", genericstable=text).problem.message


def test_a_route_for_a_domain_that_is_local_is_never_taken() -> None:
    text = "a.example\tesmtp:[hub]\n.a.example\tesmtp:[hub]\nb.example\tesmtp:[hub]\n"
    assert found("mailertable.local-domain", local("a.example"), mailertable=text) == ["a.example"]
    assert found("mailertable.local-domain", mailertable=text, local_host_names="b.example\n") == ["b.example"]
    only_virtual = replace(local("a.example"), virtual_domains=frozenset(("a.example",)))
    assert found("mailertable.local-domain", only_virtual, mailertable=text) == []


def test_a_route_that_leads_back_here_is_found() -> None:
    context = local("mx.example")
    text = "a.example\tesmtp:[mx.example]\nb.example\tesmtp:hub:MX.example\n"
    text += "c.example\tesmtp:[hub]\nd.example\tlocal:mx.example\n"
    assert found("mailertable.to-itself", context, mailertable=text) == ["a.example", "b.example"]
    assert found("mailertable.to-itself", context, mailertable="mx.example\tesmtp:[mx.example]\n") == []


def test_a_plain_mailer_that_the_host_lacks_is_found_where_that_is_known() -> None:
    text = "a.example\tdsmtp:[hub]\nb.example\tesmtp:[hub]\nc.example\terror:nohost:no\nd.example\thub\n"
    known = replace(QUIET, mailers=frozenset(("esmtp", "local", "prog")))
    finding = the("mailertable.unknown-mailer", known, mailertable=text)
    assert finding.key == "a.example"
    assert "Use one of esmtp, local." in finding.problem.remedy
    assert found("mailertable.unknown-mailer", mailertable=text) == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a.b.example\tesmtp:[hub]\n.b.example\tesmtp:[hub]\n", ["a.b.example"]),
        (".a.b.example\tesmtp:[hub]\n.example\tesmtp:[hub]\n", [".a.b.example"]),
        ("b.example\tesmtp:[hub]\n.\tesmtp:[hub]\n", ["b.example"]),
        ("b.example\tesmtp:[hub]\n.b.example\tesmtp:[hub]\n", []),
        ("a.b.example\tesmtp:[hub]\n.b.example\tesmtp:[x]\n.\tesmtp:[hub]\n", []),
        ("a.b.example\tesmtp:%1.x\n.b.example\tesmtp:%1.x\n", []),
    ],
)
def test_a_route_that_a_wider_entry_gives_too_is_noted(text: str, keys: list[str]) -> None:
    assert found("mailertable.no-effect", mailertable=text) == keys


def test_many_routes_without_an_effect_are_one_finding() -> None:
    text = "".join(f"a{number}.b.example\tesmtp:[h]\n" for number in range(9)) + ".b.example\tesmtp:[h]\n"
    assert "9 domains, such as “a0.b.example”" in the("mailertable.no-effect", mailertable=text).problem.message


@pytest.mark.parametrize(
    "comment",
    [
        "expires 2024-12-31",
        "Expires on: 2026-11-24",
        "expired 31.12.2024",
        "until 1.2.2024",
        "valid until 2024-12-31, ask anna",
        "Guests\nbis 2024-12-31",
        "gültig bis 31.12.2024",
        "remove after 2024-12-31",
        "delete on 2024-12-31",
        "was until 2023-01-01, now until 2024-01-01",
    ],
)
@pytest.mark.parametrize("table", TABLES)
def test_an_entry_past_the_date_in_its_comment_is_found_in_every_table(table: str, comment: str) -> None:
    entry = Entry(*TABLES[table].example, comment)
    (finding,) = (
        f for f in lint(lambda name: [entry] if name == table else [], TODAY) if f.problem.rule == "comment.expired"
    )
    assert (finding.table, finding.key, finding.problem.grade) == (table, entry.key, Grade.WARNING)
    assert finding.problem.fix
    assert finding.problem.fix.keys == ()


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "expires 2026-11-25",
        "until 31.12.2026",
        "since 2024-12-31",
        "until 2024-13-31",
        "until 2024",
        "until 2024-12-311",
        "was until 2023-01-01, now until 2027-01-01",
        "habitual 2024-12-31",
    ],
)
def test_an_entry_whose_date_is_not_past_or_none_is_left_alone(comment: str) -> None:
    tables = {"access": [Entry("connect:10.1", "REJECT", comment)]}
    assert list(lint(lambda name: tables.get(name, []), TODAY)) == []


def test_no_day_says_nothing_of_dates() -> None:
    tables = {"access": [Entry("connect:10.1", "REJECT", "expires 2024-12-31")]}
    assert list(lint(lambda name: tables.get(name, []), QUIET)) == []


_MANY = (
    "a|b|root|a@v.example|b@w.example|@v.example|@w.example|a+*@v.example|++@v.example|+*@v.example|a+x@v.example|"
    "%1@w.example|%1|%1%3@v.example|error:nouser no|a, b|\\a|:include:/x|/x|(x)|connect:10.1|10.1.2|to:v.example|"
    "v.example|.v.example|ipv6:2001:db8|RELAY|REJECT|OK|esmtp:[v.example]|local:|.|com|[192.0.2.1]|from:[ipv6:1:2]|"
    "from:a+b@v.example|a b|a;b|<a>|@|+|%|@@|clientrate:10.1|clientrate:|from:a@|10."
)
_WORDS = st.sampled_from(_MANY.split("|"))
_TEXTS = _WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_COMMENTS = st.sampled_from(["", "until 2020-01-01"])
_ENTRIES = st.lists(st.builds(Entry, _TEXTS, _TEXTS, _COMMENTS, st.booleans()), max_size=8)
_DOMAINS = st.frozensets(st.sampled_from(["v.example", "w.example", "sub.v.example"]))
_CONTEXTS = st.builds(
    Context,
    users=st.none() | st.frozensets(st.sampled_from(["root", "a"])),
    local_domains=_DOMAINS,
    generic_domains=st.none() | _DOMAINS,
    aliases_required=st.booleans(),
    virtual_domains=st.none() | _DOMAINS,
    relay_domains=_DOMAINS,
    mailers=st.none() | st.just(frozenset(("esmtp",))),
    features=st.none()
    | st.frozensets(st.sampled_from(["lookupdotdomain", "virtuser_entire_domain", "relay_hosts_only"])),
    today=st.none() | st.just(date(2026, 11, 25)),
)


@given(st.fixed_dictionaries(dict.fromkeys(TABLES, _ENTRIES)), _CONTEXTS)
def test_any_tables_are_looked_at_to_the_end(tables: dict[str, list[Entry]], context: Context) -> None:
    for finding in lint(lambda name: tables[name], context):
        assert finding.table in TABLES
        assert finding.key == "" or any(entry.key == finding.key for entry in tables[finding.table])
        assert finding.problem.message.endswith(".")
        assert finding.problem.remedy.endswith(".")
