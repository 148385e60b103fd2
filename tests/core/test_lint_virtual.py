"""virtusertable as a whole: loops, domains that are not ours, catch-alls, entries without an effect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tables.sendmail.lint import Context
from tables.sendmail.spec import Grade
from tests.core.linting import QUIET, USERS, features, findings, found, local, the, virtual


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a@v.example\tb@v.example\nb@v.example\ta@v.example\n", ["a@v.example"]),
        ("a@v.example\tb@w.example\n@w.example\ta@v.example\n", ["a@v.example"]),
        ("@v.example\t%1@w.example\n@w.example\t%1@v.example\n", ["@v.example"]),
        ("@v.example\tbox-%1@v.example\n", ["@v.example"]),
        ("a@v.example\ta+x@v.example\n", ["a@v.example"]),
        ("a+*@v.example\tb%3@v.example\nb+*@v.example\ta%3@v.example\n", ["a+*@v.example"]),
        ("++@v.example\t%1@v.example\n@v.example\tx+y@v.example\n", ["++@v.example"]),
        ("a+@v.example\tb@v.example\nb@v.example\ta+@v.example\n", ["a+@v.example"]),
        ("b@v.example\ta+@v.example\na+*@v.example\tb@v.example\n", ["b@v.example"]),
        ("b@v.example\tB <a@v.example>\na@v.example\tb@v.example\n", ["a@v.example"]),
        ("@v.example\t%1@w.example\na@w.example\troot\n", []),
        ("b@v.example\ta@u.example\na@w.example\troot\n", []),
        ("+*@v.example\t%1@w.example\n@w.example\troot\n", []),
        ("a@v.example\tb@v.example\nb@v.example\troot\n", []),
        ("a@v.example\ta@v.example\n", []),
        ("@v.example\t%1@v.example\n", []),
        ("a@v.example\terror:nouser a@v.example\n", []),
        ("a@v.example\tb@v.example, a@v.example\n", []),
    ],
)
def test_virtual_addresses_that_lead_back_are_found(text: str, keys: list[str]) -> None:
    assert found("virtusertable.loop", virtusertable=text) == keys


def test_a_loop_is_one_only_where_virtusertable_is_asked() -> None:
    text = "a@v.example\tb@v.example\nb@v.example\ta@v.example\n"
    assert found("virtusertable.loop", local("v.example"), virtusertable=text) == ["a@v.example"]
    assert found("virtusertable.loop", local("w.example"), virtusertable=text) == []


def test_a_domain_that_is_not_local_is_one_finding_with_the_name_to_add() -> None:
    text = "a@v.example\troot\nb@w.example\troot\nc@w.example\troot\n"
    finding = the("virtusertable.domain-not-local", virtusertable=text, local_host_names="v.example\n")
    assert finding.key == "b@w.example"
    assert "its 2 entries are never looked up" in finding.problem.message
    assert finding.problem.fix
    assert finding.problem.fix.adds == (("local-host-names", "w.example", ""),)


@pytest.mark.parametrize(
    "context",
    [
        local("v.example", "w.example"),
        virtual("w.example", context=local("v.example")),
        Context(aliases_required=False),
        replace(QUIET, local_domains=frozenset(("v.example",)), virtual_domains=None),
    ],
)
def test_a_domain_that_is_local_or_not_known_is_left_alone(context: Context) -> None:
    text = "a@v.example\troot\nb@w.example\troot\n"
    assert found("virtusertable.domain-not-local", context, virtusertable=text) == []


def test_a_domain_below_a_virtual_one_needs_the_feature() -> None:
    text = "a@sub.v.example\troot\n"
    context = virtual("v.example")
    assert found("virtusertable.domain-not-local", context, virtusertable=text) == ["a@sub.v.example"]
    entire = features("virtuser_entire_domain", context=context)
    assert found("virtusertable.domain-not-local", entire, virtusertable=text) == []


def test_a_virtual_address_that_leads_to_nobody_is_found() -> None:
    text = (
        "a@v.example\talice\nb@v.example\tsales\nc@v.example\tnobody-here\nd@v.example\terror:nouser No\n"
        "e@v.example\tsales+x\nf@v.example\talice+x\ng@v.example\t%1\n"
    )
    assert found("virtusertable.unknown-target", USERS, virtusertable=text, aliases="sales: alice\n") == ["c@v.example"]
    assert found("virtusertable.unknown-target", virtusertable=text) == []


def test_a_virtual_address_whose_alias_ends_with_nobody_is_found() -> None:
    context = local("v.example", context=USERS)
    text = "a@v.example\tdead\nb@v.example\ta@v.example\nc@v.example\talice\n@v.example\tz@v.example\nz@v.example\tb\n"
    keys = found("virtusertable.ends-nowhere", context, aliases="dead: gone\nb: dead\n", virtusertable=text)
    assert sorted(keys) == ["@v.example", "a@v.example", "b@v.example", "z@v.example"]
    finding = findings(context, aliases="dead: gone\n", virtusertable="a@v.example\tdead\n")[-1]
    assert finding.problem.message == "Mail to it ends with nobody: a@v.example → dead → gone."


def test_many_addresses_that_end_with_one_nobody_are_one_finding() -> None:
    text = "".join(f"a{number}@v.example\tdead\n" for number in range(9))
    finding = the("virtusertable.ends-nowhere", USERS, aliases="dead: gone\n", virtusertable=text)
    assert "9 addresses, such as a0@v.example, end with nobody: dead → gone." in finding.problem.message


def test_addresses_in_a_loop_are_not_told_again_as_ending_nowhere() -> None:
    text = "a@v.example\tb@w.example\n@w.example\ta@v.example\nc@v.example\ta@v.example\n"
    assert found("virtusertable.ends-nowhere", virtusertable=text) == ["c@v.example"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a@v.example\tbox\n@v.example\tbox\n", ["a@v.example"]),
        ("a@v.example\ta@w.example\n@v.example\t%1@w.example\n", ["a@v.example"]),
        ("a+*@v.example\tbox\na@v.example\tbox\n", ["a+*@v.example"]),
        ("a++@v.example\tbox\na@v.example\tbox\n", ["a++@v.example"]),
        ("++@v.example\tbox\n@v.example\tbox\n", ["++@v.example"]),
        ("a@v.example\tbox\n@v.example\tother\n", []),
        ("a@v.example\tbox\n@v.example\tbox%2\n", []),
        ("a@v.example\tbox\n@v.example\tbox\n+*@v.example\tother\n", []),
        ("a+*@v.example\tbox\n@v.example\tbox\n", []),
        ("a+*@v.example\tbox\na@v.example\tother\n", []),
        ("a+b@v.example\tbox\na@v.example\tother\n@v.example\tbox\n", []),
        ("a@v.example\ta\n", []),
        ("odd\ta\n", []),
    ],
)
def test_an_entry_that_leads_where_a_wider_one_does_is_noted(text: str, keys: list[str]) -> None:
    assert found("virtusertable.no-effect", virtusertable=text) == keys


def test_an_entry_to_the_user_of_its_own_name_does_nothing_in_a_local_domain() -> None:
    finding = the("virtusertable.no-effect", local("v.example"), virtusertable="alice@v.example\talice\n")
    assert finding.problem.grade is Grade.NOTE
    assert finding.problem.fix
    assert finding.problem.fix.keys == ()
    assert found("virtusertable.no-effect", virtual("v.example"), virtusertable="alice@v.example\talice\n") == []


def test_many_entries_without_an_effect_are_one_finding() -> None:
    text = "".join(f"a{number}@v.example\tbox\n" for number in range(9)) + "@v.example\tbox\n"
    finding = the("virtusertable.no-effect", virtusertable=text)
    assert "9 entries, such as “a0@v.example”, lead where “@v.example” leads anyway." in finding.problem.message
    assert finding.problem.fix is None


def test_a_wildcard_for_details_that_another_comes_before_is_noted() -> None:
    text = "a++@v.example\tx\na+*@v.example\ty\n++@v.example\tz\n+*@v.example\tw\n"
    assert found("virtusertable.shadowed", virtusertable=text) == ["a+*@v.example", "+*@v.example"]
    assert found("virtusertable.shadowed", virtusertable="a+*@v.example\ty\nb++@v.example\tz\n") == []


def test_a_catch_all_that_changes_nothing_is_noted() -> None:
    assert found("virtusertable.idle-catch-all", local("v.example"), virtusertable="@v.example\t%1\n") == ["@v.example"]
    assert found("virtusertable.idle-catch-all", virtual("v.example"), virtusertable="@v.example\t%1\n") == []
    assert found("virtusertable.idle-catch-all", local("v.example"), virtusertable="@v.example\tbox-%1\n") == []


def test_a_catch_all_that_hides_local_users_is_found_with_the_addresses_to_add() -> None:
    finding = the("virtusertable.hides-local-users", local("v.example"), virtusertable="@v.example\tbox\n")
    assert finding.key == "@v.example"
    assert finding.problem.fix
    assert finding.problem.fix.adds == (
        ("virtusertable", "postmaster@v.example", "postmaster"),
        ("virtusertable", "abuse@v.example", "abuse"),
    )


@pytest.mark.parametrize(
    "text",
    ["@v.example\t%1@w.example\n", "postmaster@v.example\troot\n@v.example\tbox\n", "a@v.example\tbox\n"],
)
def test_a_catch_all_that_leaves_postmaster_alone_is_not_told(text: str) -> None:
    rules = {finding.problem.rule for finding in findings(local("v.example"), virtusertable=text)}
    assert rules == set()


def test_a_virtual_domain_whose_postmaster_is_refused_is_warned_of() -> None:
    text = "abuse@v.example\troot\n@v.example\terror:nouser No\n"
    finding = the("virtusertable.no-postmaster", virtual("v.example"), virtusertable=text)
    assert finding.problem.grade is Grade.WARNING
    assert finding.problem.fix
    assert finding.problem.fix.adds == (("virtusertable", "postmaster@v.example", "postmaster"),)
    delivered = virtual("v.example")
    assert found("virtusertable.no-postmaster", delivered, virtusertable="@v.example\tbox\n") == []
    note = the("virtusertable.postmaster-in-catch-all", delivered, virtusertable="@v.example\tbox\n")
    assert note.problem.grade is Grade.NOTE


def test_a_domain_that_only_refuses_is_noted() -> None:
    text = "@v.example\terror:nouser No\n"
    assert found("virtusertable.only-refusal", virtusertable=text) == ["@v.example"]
    assert found("virtusertable.only-refusal", virtusertable=text + "a@v.example\tbox\n") == []
    assert found("virtusertable.only-refusal", virtusertable="@v.example\tbox\n") == []


def test_a_virtual_domain_without_a_catch_all_loops_by_mx() -> None:
    context = virtual("v.example", context=local("host.example"))
    finding = the("virtusertable.no-catch-all", context, virtusertable="a@v.example\tbox\n")
    assert finding.problem.fix
    assert finding.problem.fix.adds[0][:2] == ("virtusertable", "@v.example")
    assert found("virtusertable.no-catch-all", context, virtusertable="@v.example\tbox\n") == []
    assert found("virtusertable.no-catch-all", local("v.example"), virtusertable="a@v.example\tbox\n") == []
