"""What one entry alone cannot show is found among the entries of all tables."""

from __future__ import annotations

import pytest

from tables.sendmail.lint import Context, lint
from tables.sendmail.spec import Entry
from tests.core.reading import entries

USERS = Context(users=frozenset(("root", "alice")), aliases_required=False)


def rules(context: Context, **texts: str) -> list[tuple[str, str]]:
    tables = {name.replace("_", "-"): entries(name.replace("_", "-"), text) for name, text in texts.items()}
    return [(finding.key, finding.problem.rule) for finding in lint(lambda name: tables.get(name, []), context)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a: b\nb: a\n", ["a"]),
        ("a: b\nb: c\nc: d, b\nd: root\n", ["b"]),
        ("a: b\nb: c\nc: root\n", []),
        ("a: \\a, root\n", []),
        ("a: a\n", []),
        ("a: b@example.com\nb: a\n", []),
    ],
)
def test_aliases_that_lead_back_are_found(text: str, keys: list[str]) -> None:
    assert rules(Context(aliases_required=False), aliases=text) == [(key, "aliases.loop") for key in keys]


def test_a_very_long_chain_of_aliases_is_no_trouble() -> None:
    text = "".join(f"a{number}: a{number + 1}\n" for number in range(5000)) + "a5000: a0\n"
    assert rules(Context(aliases_required=False), aliases=text) == [("a0", "aliases.loop")]


def test_a_target_that_nobody_is_is_found_where_the_users_are_known() -> None:
    text = "a: alice, bob, c, \\a, alice+lists, x@example.com, /dev/null\nc: \\root\n"
    assert rules(USERS, aliases=text) == [("a", "aliases.unknown-target")] * 2
    assert rules(Context(aliases_required=False), aliases=text) == []


def test_the_required_aliases_are_missed() -> None:
    assert [rule for _, rule in rules(Context(), aliases="root: alice\n")] == [
        "aliases.no-postmaster",
        "aliases.no-mailer-daemon",
    ]
    assert rules(Context(), aliases="postmaster: root\nMAILER-DAEMON: postmaster\n") == []
    assert rules(Context(), access="Connect:192.0.2\tREJECT\n") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@v.example\tb@v.example\nb@v.example\ta@v.example\n", ["a@v.example"]),
        ("a@v.example\tb@w.example\n@w.example\ta@v.example\n", ["a@v.example"]),
        ("@v.example\t%1@w.example\n@w.example\t%1@v.example\n", ["@v.example"]),
        ("@v.example\t%1@w.example\na@w.example\troot\n", []),
        ("a@v.example\tb@v.example\nb@v.example\troot\n", []),
    ],
)
def test_virtual_addresses_that_lead_back_are_found(text: str, found: list[str]) -> None:
    assert rules(Context(), virtusertable=text) == [(key, "virtusertable.loop") for key in found]


def test_a_virtual_domain_that_is_not_local_is_found() -> None:
    text = "a@v.example\troot\nb@w.example\troot\n"
    assert rules(Context(), virtusertable=text, local_host_names="v.example\n") == [
        ("b@w.example", "virtusertable.domain-not-local")
    ]
    context = Context(local_domains=frozenset(("v.example", "w.example")))
    assert rules(context, virtusertable=text) == []
    assert rules(Context(), virtusertable=text) == []


def test_a_virtual_address_that_leads_to_nobody_is_found() -> None:
    text = "a@v.example\talice\nb@v.example\tsales\nc@v.example\tnobody-here\nd@v.example\terror:nouser No\n"
    assert rules(USERS, virtusertable=text, aliases="sales: alice\n") == [
        ("c@v.example", "virtusertable.unknown-target")
    ]


def test_a_generic_domain_that_sendmail_does_not_look_at_is_found() -> None:
    text = "alice@g.example\ta@x.example\nalice@h.example\ta@x.example\nalice\ta@x.example\n"
    context = Context(generic_domains=frozenset(("g.example",)))
    assert rules(context, genericstable=text) == [("alice@h.example", "genericstable.domain-not-generic")]
    assert rules(Context(), genericstable=text) == []


def test_what_is_disabled_is_not_looked_at() -> None:
    tables = {"aliases": [Entry("a", "b"), Entry("b", "a", enabled=False)]}
    assert list(lint(lambda name: tables.get(name, []), Context(aliases_required=False))) == []
