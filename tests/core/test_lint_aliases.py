"""aliases as a whole: loops of any length, names that must be there, owners of lists, mail that ends with nobody."""

from __future__ import annotations

import time

import pytest

from tables.sendmail.lint import Context, lint
from tables.sendmail.spec import Entry, Grade
from tests.core.linting import QUIET, USERS, findings, found, local, the


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a: b\nb: a\n", ["a"]),
        ("a: b\nb: c\nc: d, b\nd: root\n", ["b"]),
        ("x: a, root\na: b\nb: c, root\nc: a\ny: z\nz: y\n", ["a", "y"]),
        ("a: b+detail\nb: a\n", ["a"]),
        ("a: b+d\nb+*: a\n", ["a"]),
        ("a: B\nb: Full Name <A>\n", ["a"]),
        ("a: b\nb: c\nc: root\n", []),
        ("a: \\a, root\n", []),
        ("a: a\n", []),
        ("a: b@example.com\nb: a\n", []),
        ("a: \\b\nb: a\n", []),
        ('a: "|/bin/b", /var/b, :include:/b\nb: a\n', []),
    ],
)
def test_aliases_that_lead_back_are_found(text: str, keys: list[str]) -> None:
    assert found("aliases.loop", aliases=text) == keys


def test_a_loop_with_a_user_in_it_is_noted_and_the_one_beside_it_warned_of() -> None:
    text = "alice: b\nb: alice, c\nc: b\nx: alice\n"
    assert found("aliases.loop", USERS, aliases=text) == ["b"]
    assert the("aliases.loop-at-user", USERS, aliases=text).key == "alice"
    assert found("aliases.ends-nowhere", USERS, aliases=text) == []
    assert found("aliases.loop-at-user", aliases=text) == []
    assert found("aliases.loop", USERS, aliases="alice: b\nb: c\nc: alice\n") == []


def test_a_loop_names_the_way_around() -> None:
    assert "a → b → c → a." in the("aliases.loop", aliases="a: b\nb: c\nc: a\n").problem.message
    long = "".join(f"a{number}: a{(number + 1) % 30}\n" for number in range(30))
    assert "a6 → a7 → … (22 more) → a0." in the("aliases.loop", aliases=long).problem.message


def test_a_loop_that_goes_through_virtusertable_is_found_at_the_alias() -> None:
    tables = {"aliases": "a: info@v.example\n", "virtusertable": "info@v.example\ta\n"}
    assert found("aliases.loop", local("v.example"), **tables) == ["a"]
    assert found("aliases.loop", local("w.example"), **tables) == []


def test_a_loop_through_a_local_domain_without_an_entry_is_found() -> None:
    assert found("aliases.loop", local("v.example"), aliases="a: b@v.example\nb: a\n") == ["a"]
    assert found("aliases.loop", local("v.example"), aliases="a: b@v.example.\nb: root\n") == []


@pytest.mark.parametrize("back", ["", ", a0", ", a0, b"])
def test_a_hundred_thousand_aliases_take_seconds(back: str) -> None:
    many = 100_000
    table = [Entry(f"a{number}", f"a{number + 1}{back}") for number in range(many)]
    tables = {"aliases": [*table, Entry(f"a{many}", "a0")]}
    begun = time.process_time()
    assert [f.key for f in lint(lambda n: tables.get(n, []), QUIET) if f.problem.rule == "aliases.loop"] == ["a0"]
    assert time.process_time() - begun < 20  # about 1; quadratic would take hours


def test_a_long_chain_that_ends_with_nobody_is_one_finding() -> None:
    text = "".join(f"a{number}: a{number + 1}\n" for number in range(5000))
    assert "5,000 aliases" not in the("aliases.ends-nowhere", USERS, aliases=text).problem.message
    assert "4,999 aliases, such as a0" in the("aliases.ends-nowhere", USERS, aliases=text).problem.message


def test_the_required_aliases_are_missed_with_what_to_add() -> None:
    missing = findings(Context(), aliases="root: alice\n")
    assert [(f.key, f.problem.rule) for f in missing] == [
        ("", "aliases.no-postmaster"),
        ("", "aliases.no-mailer-daemon"),
        ("", "aliases.no-abuse"),
    ]
    assert [f.problem.fix.adds for f in missing if f.problem.fix] == [
        (("aliases", "postmaster", "root"),),
        (("aliases", "mailer-daemon", "postmaster"),),
        (("aliases", "abuse", "postmaster"),),
    ]
    assert findings(Context(), aliases="postmaster: root\nMAILER-DAEMON: postmaster\nabuse: root\n") == []
    assert findings(Context(), access="Connect:192.0.2\tREJECT\n") == []
    assert findings(QUIET, aliases="root: alice\n") == []


def test_a_list_without_an_owner_is_noted_with_the_alias_to_add() -> None:
    finding = the("aliases.no-owner", aliases="team: alice, bob\n")
    assert (finding.key, finding.problem.grade) == ("team", Grade.NOTE)
    assert finding.problem.fix
    assert finding.problem.fix.adds == (("aliases", "owner-team", "postmaster"),)
    assert found("aliases.no-owner", aliases="team: :include:/etc/mail/team\n") == ["team"]


@pytest.mark.parametrize(
    "text",
    [
        "team: alice, bob\nowner-team: root\n",
        "team: alice\n",
        "team: alice,\n",
        "alice: alice, bob@example.com\n",
        "alice: \\alice, bob@example.com\n",
        "postmaster: alice, bob\n",
        "owner-team: alice, bob\n",
        "team-request: alice, bob\n",
    ],
)
def test_what_is_no_list_needs_no_owner(text: str) -> None:
    assert found("aliases.no-owner", aliases=text) == []


def test_many_lists_without_owners_are_one_finding() -> None:
    finding = the("aliases.no-owner", aliases="".join(f"team{number}: a, b\n" for number in range(20)))
    assert "20 lists, such as team0," in finding.problem.message
    assert finding.problem.fix is None


def test_a_target_that_nobody_is_is_found_where_the_users_are_known() -> None:
    text = "a: alice, bob, c, \\a, alice+lists, x@example.com, /dev/null\nc: \\root\n"
    assert found("aliases.unknown-target", USERS, aliases=text) == ["a", "a"]
    assert found("aliases.unknown-target", aliases=text) == []


def test_an_alias_of_its_own_name_needs_a_user_of_that_name() -> None:
    assert found("aliases.unknown-target", USERS, aliases="bob: bob\nalice: \\alice\n") == ["bob"]
    assert found("aliases.unknown-target", USERS, aliases="bob: \\bob\n") == ["bob"]


def test_an_alias_all_of_whose_ways_end_with_nobody_is_found() -> None:
    text = "a: b\nb: c, d\nc: gone\nd: gone\nok: a, alice\nfine: alice\n"
    assert found("aliases.ends-nowhere", USERS, aliases=text) == ["a", "b", "ok"]
    messages = [f.problem.message for f in findings(USERS, aliases=text) if f.problem.rule == "aliases.ends-nowhere"]
    assert messages[0] == "Mail to it ends with nobody: a → b → c → gone."
    assert messages[2].startswith("Its target a ends with nobody: ok → a → b")


@pytest.mark.parametrize(
    "text",
    [
        "a: b\nb: alice\n",
        "a: b\nb: gone, alice\n",
        "a: b\nb: x@example.com, gone\n",
        'a: b\nb: "|/bin/x"\n',
        "a: b\nb: gone, /var/mail/b\n",
        "alice: alice, b\nb: root\n",
    ],
)
def test_an_alias_with_a_way_that_ends_well_is_left_alone(text: str) -> None:
    assert found("aliases.ends-nowhere", USERS, aliases=text) == []


def test_an_alias_that_leads_into_a_loop_ends_nowhere_and_the_loop_is_told_once() -> None:
    rules = [(f.key, f.problem.rule) for f in findings(QUIET, aliases="x: a\na: b\nb: a\n")]
    assert rules == [("a", "aliases.loop"), ("x", "aliases.ends-nowhere")]


def test_an_alias_to_an_address_of_ours_that_leads_to_nobody_ends_nowhere() -> None:
    context = local("v.example", context=USERS)
    text = "a: info@v.example\nb: gone@v.example\nc: alice@v.example\nd: no@v.example\n"
    virtual = "info@v.example\tnobody-here\nno@v.example\terror:nouser No\n"
    assert found("aliases.ends-nowhere", context, aliases=text, virtusertable=virtual) == ["a", "b"]


def test_what_is_disabled_is_not_looked_at() -> None:
    tables = {"aliases": [Entry("a", "b"), Entry("b", "a", enabled=False)]}
    assert list(lint(lambda name: tables.get(name, []), QUIET)) == []


def test_an_odd_list_of_targets_is_no_trouble() -> None:
    assert found("aliases.loop", aliases='a: @host:b@c.example, list: b;, "b", (b), b\nb: root\n') == []


def test_a_rule_that_speaks_too_often_is_summed_up() -> None:
    text = "".join(f"a{number}: gone{number}\n" for number in range(1003))
    told = [f for f in findings(USERS, aliases=text) if f.problem.rule == "aliases.unknown-target"]
    assert len(told) == 1001
    assert told[-1].key == "a1000"
    assert "gone1000" in told[-1].problem.message
    assert told[-1].problem.message.endswith("The same is wrong with 2 more.")
    one_more = [f for f in findings(USERS, aliases=text[: text.index("a1001")]) if f.key == "a1000"]
    assert one_more[0].problem.message.endswith("so mail to it is refused.")


def test_the_way_of_mail_that_ends_with_nobody_is_cut_short() -> None:
    virtual = "".join(f"u{number}@v.example\tu{number + 1}@v.example\n" for number in range(12))
    context = local("v.example", context=USERS)
    finding = the("aliases.ends-nowhere", context, aliases="a: u0@v.example\n", virtusertable=virtual)
    assert finding.problem.message.endswith(": a → " + " → ".join(f"u{n}@v.example" for n in range(8)) + ".")


def test_mail_for_a_user_who_reads_an_alias_of_that_name_ends_well() -> None:
    assert found("aliases.ends-nowhere", USERS, aliases="alice: ALICE\nb: alice\nbob: bob\nc: bob\n") == ["c"]
    assert found("aliases.ends-nowhere", USERS, aliases="alice: alice, gone\nb: alice\n") == []
    assert found("aliases.ends-nowhere", USERS, aliases="bob: bob, gone\nb: bob\n") == ["b"]
    assert found("aliases.ends-nowhere", USERS, aliases="b: c\nc: gone+x, \\gone\n") == ["b"]
