"""What a line of a file becomes: an entry, its comment, a passage, or a line that was switched off."""

from __future__ import annotations

from io import BytesIO

import pytest

from tables.sendmail.layout import STEP
from tables.sendmail.parse import parse
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.tables import TABLES
from tests.core.reading import again, entries, items, passages, problems, read


def test_the_comment_directly_above_an_entry_is_the_entrys() -> None:
    first, second = entries("access", "# one\n# two\nconnect:192.0.2\tREJECT\nConnect:198.51.100\tREJECT\n")
    assert (first.comment, first.above, first.raw) == ("one\ntwo", "", "")
    assert second.comment == ""


def test_the_exact_lines_of_a_comment_are_kept_where_they_are_not_ours() -> None:
    (entry,) = entries("access", "\n#\n#  one\n##two\n#\nConnect:192.0.2\tREJECT\n")
    assert entry.comment == " one\n#two"
    assert entry.above == "#\n#  one\n##two\n#\n"


def test_an_empty_line_parts_a_comment_from_the_entry_below() -> None:
    text = "# of the section\n\nConnect:192.0.2\tREJECT\n"
    assert passages("access", text) == ["# of the section\n\n"]
    assert entries("access", text)[0].comment == ""


@pytest.mark.parametrize(
    "head",
    ["# /etc/mail/access\n", "# $Id: access,v 1.1\n", "#\n# who may relay\n#\n", "# a\n# b\n# c\n# d\n# e\n# f\n"],
)
def test_the_head_of_a_file_is_not_the_comment_of_its_first_entry(head: str) -> None:
    text = head + "Connect:192.0.2\tREJECT\n# why\nConnect:198.51.100\tREJECT\n"
    assert passages("access", text) == [head]
    assert [entry.comment for entry in entries("access", text)] == ["", "why"]


def test_positions_are_lines_and_items_come_in_their_order() -> None:
    text = "# head\n\nConnect:192.0.2\tREJECT\n# c\nConnect:198.51.100\tREJECT\n\n"
    assert [item.position // STEP for item in items("access", text)] == [1, 3, 5, 6]
    assert [parsed.line for parsed in read("access", text)] == [1, 3, 5, 6]


@pytest.mark.parametrize(
    ("table", "line", "key", "value"),
    [
        ("access", "#Connect:10\t\tRELAY\n", "connect:10", "RELAY"),
        ("access", "# GreetPause:localhost\t0\n", "greetpause:localhost", "0"),
        ("virtusertable", "#info@example.com\talice\n", "info@example.com", "alice"),
        ("mailertable", "#.example.com esmtp:[hub.example.net]\n", ".example.com", "esmtp:[hub.example.net]"),
        ("genericstable", "#alice\talice@example.com\n", "alice", "alice@example.com"),
        ("aliases", "#root: alice\n", "root", "alice"),
        ("aliases", "# noc:\t\troot\n", "noc", "root"),
        ("aliases", "#root: alice,\n#\tbob\n", "root", "alice,\tbob"),
        ("aliases", "# sales: alice@example.com\n", "sales", "alice@example.com"),
        ("relay-domains", "#example.com\n", "example.com", ""),
        ("relay-domains", "# 192.0.2\n", "192.0.2", ""),
    ],
)
def test_a_commented_out_entry_is_a_disabled_one(table: str, line: str, key: str, value: str) -> None:
    (entry,) = entries(table, line)
    assert (entry.key, entry.value, entry.enabled) == (key, value, False)
    assert again(table, line) == line.encode()


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("access", "#\tspammer@aol.com\t\t\tREJECT\n"),
        ("access", "# Usage: makemap hash access < access\n"),
        ("access", "# Note Well! You must make sure\n"),
        ("access", "#  Connect:10\tRELAY\n"),
        ("access", "#Connect:10.0.0.0/8\tRELAY\n"),
        ("virtusertable", "# this is text\n"),
        ("virtusertable", "# info@example.com is read by alice\n"),
        ("genericstable", "# the user\n"),
        ("mailertable", "# see http://www.example.com/\n"),
        ("aliases", "# note: this is text\n"),
        ("aliases", "# TODO: check\n"),
        ("aliases", "# root:\n"),
        ("aliases", "#\t>> NOTE >>\tthis file is updated for any changes to\n"),
        ("aliases", "#\n"),
        ("relay-domains", "# one\n"),
        ("relay-domains", "# see example.com too\n"),
        ("local-host-names", "#-----\n"),
    ],
)
def test_prose_stays_prose(table: str, line: str) -> None:
    assert entries(table, line) == []
    assert passages(table, line) == [line]


@pytest.mark.parametrize(
    ("table", "line", "key", "value"),
    [
        ("aliases", '#msgs: "|/usr/ucb/msgs -s"\n', "msgs", '"|/usr/ucb/msgs -s"'),
        ("access", "#Connect:IPv6:::1\t\tRELAY\n", "connect:ipv6:::1", "RELAY"),
        ("access", "#cyberpromo.com\t\tREJECT\n", "cyberpromo.com", "REJECT"),
        ("access", "#From:spam.example\t550 go away\n", "from:spam.example", "550 go away"),
    ],
)
def test_what_is_switched_off_may_be_dubious_and_still_is_an_entry(table: str, line: str, key: str, value: str) -> None:
    assert [(entry.key, entry.value, entry.enabled) for entry in entries(table, line)] == [(key, value, False)]


def test_a_commented_out_entry_that_is_live_as_well_stays_text() -> None:
    text = "#Connect:192.0.2\tOK\nConnect:192.0.2\tREJECT\n#Connect:192.0.3\tDISCARD\n#Connect:192.0.3\tREJECT\n"
    assert [(entry.key, entry.value, entry.enabled) for entry in entries("access", text)] == [
        ("connect:192.0.2", "REJECT", True),
        ("connect:192.0.3", "DISCARD", False),
    ]
    assert again("access", text) == text.encode()


def test_of_two_lines_of_a_map_the_first_wins_and_the_second_is_switched_off() -> None:
    text = "info@example.com\ta\nINFO@example.com\tb\n"
    assert again("virtusertable", text) == b"info@example.com\ta\n#INFO@example.com\tb\n"
    (problem,) = problems("virtusertable", text)
    assert (problem.rule, problem.grade, problem.line) == ("map.duplicate", Grade.ERROR, 2)
    assert "line 1" in problem.message
    assert "first" in problem.message


def test_of_two_lines_of_aliases_the_last_wins_and_the_first_is_switched_off() -> None:
    text = "a: b,\n\tc\nA: d\n"
    assert again("aliases", text) == b"#a: b,\n#\tc\nA: d\n"
    (problem,) = problems("aliases", text)
    assert (problem.rule, problem.line) == ("aliases.duplicate", 1)


def test_a_name_that_a_class_has_twice_is_kept_once_with_a_note() -> None:
    text = "example.com\nEXAMPLE.com\nexample.net example.com example.org\n"
    assert [entry.key for entry in entries("relay-domains", text)] == ["example.com", "example.net", "example.org"]
    assert {problem.grade for problem in problems("relay-domains", text) if problem.rule == "class.duplicate"} == {
        Grade.NOTE
    }
    assert again("relay-domains", text) == b"example.com\n#EXAMPLE.com\nexample.net\n# example.com\n example.org\n"


@pytest.mark.parametrize(
    ("table", "text", "rule", "line"),
    [
        ("access", "\nkey\n", "map.no-value", 2),
        ("access", "\n Connect:192.0.2\tOK\n", "map.leading-blank", 2),
        ("access", "\r\n", "map.leading-blank", 1),
        ("access", "Connect:192.0.2\t" + "x" * 1100, "text.line-too-long", 1),
        ("access", "a\tb\0c\n", "text.nul", 1),
        ("aliases", "a b\n", "aliases.no-colon", 1),
        ("aliases", "a:\n", "aliases.no-value", 1),
        ("aliases", "\n b: c\n", "aliases.leading-blank", 1),
        ("aliases", "a@elsewhere.example: b\n", "aliases.not-local", 1),
        ("aliases", "a: " + "b, " * 3000 + "c\n", "text.line-too-long", 1),
        ("aliases", "a: b\0c\nb: lost with it\n", "text.nul", 1),
        ("relay-domains", "\0a.example\n", "text.nul", 1),
    ],
)
def test_a_refused_line_is_kept_switched_off_and_reported(table: str, text: str, rule: str, line: int) -> None:
    found = [problem for problem in problems(table, text) if problem.grade is Grade.ERROR]
    assert [(problem.rule, problem.line) for problem in found] == [(rule, line)]
    assert found[0].remedy
    out = again(table, text)
    assert [entry for entry in entries(table, out) if entry.enabled] == []
    assert [problem for problem in problems(table, out) if problem.grade is Grade.ERROR] == []


def test_a_refused_line_with_a_key_of_its_own_can_be_put_right_as_a_disabled_entry() -> None:
    (entry,) = entries("access", "# why\n Connect:192.0.2\tREJECT\n")
    assert (entry.key, entry.value, entry.enabled, entry.comment) == ("connect:192.0.2", "REJECT", False, "why")


@pytest.mark.parametrize("table", TABLES)
def test_a_file_with_crlf_is_read_with_notes_at_most(table: str) -> None:
    example = TABLES[table].example
    line = {"aliases": ": "}.get(table, "\t" if example[1] else "").join(part for part in example if part)
    found = problems(table, f"{line}\r\n")
    assert {problem.grade for problem in found} <= {Grade.NOTE}
    assert again(table, f"{line}\r\n") == f"{line}\r\n".encode()


def test_a_carriage_return_stays_in_the_value_as_makemap_keeps_it() -> None:
    (entry,) = entries("access", "connect:192.0.2\tREJECT\r\n")
    assert (entry.value, entry.raw) == ("REJECT\r", "")
    assert [problem.rule for problem in problems("access", "Connect:192.0.2\tREJECT\r\n")] == ["text.crlf"]


@pytest.mark.parametrize("table", ["access", "virtusertable", "aliases", "relay-domains"])
def test_a_byte_order_mark_is_named(table: str) -> None:
    example = TABLES[table].example
    line = {"aliases": ": "}.get(table, "\t" if example[1] else "").join(part for part in example if part)
    found = problems(table, b"\xef\xbb\xbf" + line.encode() + b"\n")
    assert "BOM" in " ".join(problem.message for problem in found)


def test_the_words_of_one_line_of_a_class_are_entries_side_by_side() -> None:
    first, second = entries("relay-domains", "a.example B.example # both\n")
    assert (first.key, first.raw, second.key, second.raw) == (
        "a.example",
        "a.example",
        "b.example",
        " B.example # both\n",
    )
    assert second.position == first.position + 1


def test_a_comment_that_swallows_an_alias_is_warned_of() -> None:
    (problem,) = problems("aliases", "# the list\n a: root\n")
    assert (problem.rule, problem.line) == ("aliases.swallowed", 1)


def test_reading_once_keeps_every_line_with_a_key() -> None:
    text = b"info@example.com\ta\ninfo@example.com\tb\n"
    found = [parsed.item for parsed in parse(TABLES["virtusertable"], BytesIO(text))]
    assert [item.value for item in found if isinstance(item, Entry)] == ["a", "b"]


def test_every_problem_of_a_file_has_its_line() -> None:
    text = "Connect:10.0.0.0/8\tRELAY\n\nConnect:192.0.2\tREJET\n"
    assert [(problem.line, problem.rule) for problem in problems("access", text)] == [
        (1, "access.cidr"),
        (1, "access.relay"),
        (3, "access.unknown-value"),
    ]
