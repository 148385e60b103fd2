"""What a fix makes of an entry."""

from __future__ import annotations

import pytest

from tables.sendmail.fixing import fixed, respelt
from tables.sendmail.spec import Entry, Fix
from tables.sendmail.tables import TABLES

TABLE = TABLES["access"]
ENTRY = Entry(
    "connect:192.0.2.0/24", "REJECT # lan", "ours", True, 7, "# ours\n", "Connect:192.0.2.0/24 REJECT # lan\n"
)


def test_another_key_drops_the_exact_line_and_keeps_the_rest() -> None:
    [made] = fixed(TABLE, ENTRY, Fix("Write it", keys=("connect:192.0.2",)))
    assert made == Entry("connect:192.0.2", ENTRY.value, "ours", True, 7, "# ours\n", "")


def test_a_remark_goes_from_the_value_to_the_comment() -> None:
    [made] = fixed(TABLE, ENTRY, Fix("Move it", value="REJECT", remark="lan"))
    assert (made.value, made.comment, made.above, made.raw) == ("REJECT", "ours\nlan", "", "")


def test_a_split_key_makes_entries_of_which_the_first_has_the_comment() -> None:
    first, second = fixed(TABLE, ENTRY, Fix("Split it", keys=("connect:192.0.2", "connect:192.0.3")))
    assert (first.key, first.comment) == ("connect:192.0.2", "ours")
    assert (second.key, second.comment, second.above, second.value) == ("connect:192.0.3", "", "", ENTRY.value)


@pytest.mark.parametrize(("fix", "left"), [(Fix("Delete it", keys=()), 0), (Fix("Nothing"), 1)])
def test_no_key_deletes_the_entry_and_none_given_leaves_it(fix: Fix, left: int) -> None:
    assert fixed(TABLE, ENTRY, fix) == [ENTRY][:left]


@pytest.mark.parametrize(
    ("typed", "key", "spelt"),
    [
        ("Connect:192.0.2.0/24", "connect:192.0.2", "Connect:192.0.2"),
        ("From: Jane <Jane@Example.com>", "from:jane@example.com", "From:jane@example.com"),
        ("Jane <Jane@Example.com>", "jane@example.com", "jane@example.com"),
        ("", "connect:10", "connect:10"),
    ],
)
def test_a_tag_stays_spelt_as_it_was_typed(typed: str, key: str, spelt: str) -> None:
    assert respelt(TABLE, typed, key) == spelt
