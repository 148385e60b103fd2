"""access, relay-domains and local-host-names beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tables.sendmail.lint import Context, holds_here
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.tables import TABLES, check_entry
from tests.core.linting import QUIET, features, findings, found, local, the


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Connect:10.1.2\tREJECT\nConnect:10.1\tREJECT\n", ["connect:10.1.2"]),
        ("Connect:10.1.2\tREJECT\n10\tREJECT\n", ["connect:10.1.2"]),
        ("Connect:10.1\tREJECT\n10.1\treject\n", ["connect:10.1"]),
        ("Connect:IPv6:2001:db8:1\tREJECT\nConnect:IPv6:2001\tREJECT\n", ["connect:ipv6:2001:db8:1"]),
        ("From:a@b.example\tREJECT\nFrom:b.example\tREJECT\n", ["from:a@b.example"]),
        ("From:a+x@b.example\tREJECT\nFrom:a@b.example\tREJECT\n", ["from:a+x@b.example"]),
        ("From:a+*@b.example\tREJECT\nFrom:a@\tREJECT\n", ["from:a+*@b.example"]),
        ("From:[192.0.2.1]\tREJECT\nFrom:[192.0.2]\tREJECT\n", ["from:[192.0.2.1]"]),
        ("From:[ipv6:2001:db8:1]\tREJECT\nFrom:[ipv6:2001:db8]\tREJECT\n", ["from:[ipv6:2001:db8:1]"]),
        ("To:a.b.example\tERROR:550 x\nTo:example\tERROR:550 x\n", ["to:a.b.example"]),
        ("ClientRate:10.1\t5\nClientRate:\t5\n", ["clientrate:10.1"]),
        ("Connect:10.1.2\tREJECT\nConnect:10.1\tOK\nConnect:10\tREJECT\n", []),
        ("Connect:10.1.2\tREJECT\n10.1\tOK\nConnect:10\tREJECT\n", []),
        ("From:a@b.example\tREJECT\nFrom:a@\tOK\nFrom:b.example\tREJECT\n", []),
        ("Connect:10.1.2\tREJECT\nFrom:10.1\tREJECT\n", []),
        ("Connect:10.1.2\tERROR:550 x\nConnect:10.1\tERROR:550 y\n", []),
        ("ClientRate:10.1\t5\n10\t5\n", []),
        ("a@\tREJECT\nFrom:a@\tOK\n", []),
        ("GreetPause:10.1\t5\nGreetPause:\t5\n", []),
    ],
)
def test_a_rule_that_does_what_a_wider_one_does_is_noted(text: str, keys: list[str]) -> None:
    assert found("access.no-effect", access=text) == keys


def test_many_rules_without_an_effect_are_one_finding() -> None:
    text = "".join(f"Connect:10.1.{number}\tREJECT\n" for number in range(1, 10)) + "Connect:10.1\tREJECT\n"
    finding = the("access.no-effect", access=text)
    assert "9 rules, such as “connect:10.1.1”, do what “connect:10.1” does anyway: REJECT." in finding.problem.message


def test_a_domain_with_a_dot_decides_in_between_where_the_feature_is_on() -> None:
    text = "Connect:a.b.example\tREJECT\nConnect:.b.example\tOK\nConnect:b.example\tREJECT\n"
    assert found("access.no-effect", access=text) == ["connect:a.b.example"]
    on = features("lookupdotdomain")
    assert found("access.no-effect", on, access=text) == []
    both = found("access.no-effect", on, access=text.replace("OK", "REJECT"))
    assert sorted(both) == ["connect:.b.example", "connect:a.b.example"]
    untagged = "Connect:a.b.example\tREJECT\n.b.example\tREJECT\n"
    assert found("access.no-effect", on, access=untagged) == ["connect:a.b.example"]


def test_an_untagged_rule_is_shadowed_by_all_three_tags_together() -> None:
    tagged = "Connect:b.example\tOK\nFrom:b.example\tOK\n"
    text = f"b.example\tREJECT\n{tagged}"
    assert found("access.shadowed", access=text) == []
    finding = the("access.shadowed", access=f"{text}To:b.example\tOK\n")
    assert finding.key == "b.example"
    assert finding.problem.fix
    assert finding.problem.fix.keys == ()


@pytest.mark.parametrize(
    ("access", "relayed"),
    [
        ("To:b.example\tREJECT\n", "b.example\n"),
        ("b.example\tERROR:550 x\n", "b.example\n"),
        ("To:example\tREJECT\n", "b.example\n"),
        ("Connect:10.1\tREJECT\n", "10.1\n"),
        ("Connect:10\tREJECT\n", "10.1.2\n"),
        ("10.1\tDISCARD\n", "10.1.\n"),
        ("To:b.example\tREJECT\n", ".b.example\n"),
    ],
)
def test_a_rule_that_refuses_what_relay_domains_relays_is_warned_of(access: str, relayed: str) -> None:
    finding = the("access.contradicts-relay-domains", access=access, relay_domains=relayed)
    assert finding.problem.grade is Grade.WARNING
    assert relayed.strip() in finding.problem.message


@pytest.mark.parametrize(
    ("access", "relayed"),
    [
        ("To:b.example\tOK\n", "b.example\n"),
        ("To:b.example\tQUARANTINE:x\n", "b.example\n"),
        ("From:b.example\tREJECT\n", "b.example\n"),
        ("To:other.example\tREJECT\n", "b.example\n"),
        ("To:b.example\tRELAY\nTo:example\tREJECT\n", "b.example\n"),
    ],
)
def test_a_rule_beside_relay_domains_is_left_alone(access: str, relayed: str) -> None:
    assert found("access.contradicts-relay-domains", access=access, relay_domains=relayed) == []


def test_relay_words_of_the_configuration_count_too() -> None:
    context = replace(QUIET, relay_domains=frozenset(("b.example", "c.example")))
    finding = the("access.contradicts-relay-domains", context, access="To:example\tREJECT\n")
    assert "b.example and 1 more" in finding.problem.message


def test_an_exception_to_relay_domains_is_only_noted() -> None:
    finding = the("access.exception-to-relay-domains", access="Connect:10.1.2\tREJECT\n", relay_domains="10.1\n")
    assert finding.problem.grade is Grade.NOTE
    for access in ("Connect:10.2\tREJECT\n", "From:10.1.2\tREJECT\n", "Connect:10.1.2\tOK\n", "To:\tREJECT\n"):
        assert found("access.exception-to-relay-domains", access=access, relay_domains="10.1\n") == []


def test_what_both_relay_is_noted() -> None:
    assert found("access.relayed-twice", access="To:a.b.example\tRELAY\n", relay_domains="b.example\n")
    assert found("access.relayed-twice", access="To:a.example\tRELAY\n", relay_domains="b.example\n") == []


def test_a_host_that_is_local_and_relayed_is_warned_of() -> None:
    assert found("relay-domains.local", local("a.example"), relay_domains="a.example\nb.example\n") == ["a.example"]
    assert found("relay-domains.local", relay_domains="a.example\n", local_host_names="a.example\n") == ["a.example"]
    assert found("relay-domains.local", local("a.example"), relay_domains=".a.example\n") == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("sub.b.example\nb.example\n", ["sub.b.example"]),
        (".b.example\nb.example\n", [".b.example"]),
        ("a.sub.b.example\n.b.example\n", ["a.sub.b.example"]),
        ("10.1.2\n10.1\n", ["10.1.2"]),
        ("10.1.2\n10.1.\n", ["10.1.2"]),
        ("10.1.\n10.1\n", ["10.1."]),
        ("ipv6:2001:db8:1\nipv6:2001:db8\n", ["ipv6:2001:db8:1"]),
        ("b.example\n.b.example\n", [".b.example"]),
        ("b.example\n.a.b.example.net\n", []),
        ("10.1\n10.10\n", []),
        ("xb.example\nb.example\n", []),
    ],
)
def test_a_relayed_name_that_a_wider_one_stands_for_is_noted(text: str, keys: list[str]) -> None:
    assert found("relay-domains.no-effect", relay_domains=text) == keys


def test_a_relayed_host_is_itself_alone_where_only_hosts_are_relayed() -> None:
    text = "sub.b.example\nb.example\n10.1.2\n10.1\n"
    assert found("relay-domains.no-effect", features("relay_hosts_only"), relay_domains=text) == ["10.1.2"]


def test_many_relayed_names_without_an_effect_are_one_finding() -> None:
    text = "".join(f"a{number}.b.example\n" for number in range(9)) + "b.example\n"
    finding = the("relay-domains.no-effect", relay_domains=text)
    assert "9 names, such as “a0.b.example”, are what “b.example” stands for already." in finding.problem.message


def test_a_rule_beside_itself_says_nothing() -> None:
    assert findings(QUIET, access="Connect:10.1\tREJECT\nFrom:b.example\tOK\n") == []


@pytest.mark.parametrize(
    ("table", "entry", "rule", "feature"),
    [
        ("access", Entry("connect:.b.example", "REJECT"), "access.leading-dot", "lookupdotdomain"),
        ("access", Entry("connect:10.1", "SKIP"), "access.skip", "skip"),
        ("access", Entry("from:b.example", "RELAY"), "access.relay-by-sender", "relay_mail_from"),
        ("access", Entry("to:a@b.example", "RELAY"), "access.relay-to-address", "relaytofulladdress"),
        ("aliases", Entry("a", "b@c.example.REDIRECT"), "aliases.redirect", "redirect"),
    ],
)
def test_what_needs_a_feature_is_not_said_where_the_host_has_it(
    table: str, entry: Entry, rule: str, feature: str
) -> None:
    (problem,) = (problem for problem in check_entry(TABLES[table], entry) if problem.rule == rule)
    assert holds_here(problem, entry.value, QUIET)
    assert holds_here(problem, entry.value, features("another"))
    assert not holds_here(problem, entry.value, features(feature))


def test_a_mailer_of_the_host_is_not_unknown() -> None:
    (problem,) = check_entry(TABLES["mailertable"], Entry("b.example", "hylafax:host"))
    known = replace(QUIET, mailers=frozenset(("hylafax",)))
    assert problem.rule == "mailertable.unknown-mailer"
    assert not holds_here(problem, "hylafax:host", known)
    assert holds_here(problem, "other:host", known)
    assert holds_here(problem, "hylafax:host", Context())
