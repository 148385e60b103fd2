"""What a date will do by itself is judged when it is set; and what the panel alone knows of an entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tables.sendmail.render import entry_of, goes_on, is_silent, whole_row_of
from tables.sendmail.risk.dated import alone
from tables.sendmail.spec import Entry, Risk
from tables.sendmail.tables import TABLES
from tests.core.risk_pairs import look_into, others

SOON, LATER = "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"
#: Two words of one line.
WORDS = [("a.example", 1, "a.example"), ("b.example", 2, " b.example\n")]
RELAYED = Entry("customer.example", "")
REFUSED = Entry("to:customer.example", "REJECT")


def risks(table: str, before: Entry | None, after: Entry | None, *there: str) -> frozenset[Risk]:
    return alone((TABLES[table], before, after), look_into(others(*there)))


def test_a_start_is_judged_as_if_it_had_come() -> None:
    assert Risk.RELAY in risks("relay-domains", None, replace(RELAYED, enabled=False, starts=SOON))
    assert risks("relay-domains", None, replace(RELAYED, enabled=False)) == set()


def test_an_end_is_judged_as_if_the_entry_went() -> None:
    wide = "relay-domains customer.example"
    assert Risk.RELAY in risks("access", None, replace(REFUSED, ends=SOON), wide)
    assert risks("access", None, REFUSED, wide) == set()
    assert risks("access", replace(REFUSED, ends=SOON), replace(REFUSED, ends=SOON, owner="anna"), wide) == set()
    assert risks("access", REFUSED, replace(REFUSED, enabled=False, ends=SOON), wide) >= {Risk.RELAY}


@pytest.mark.parametrize(
    ("before", "after", "longer"),
    [
        ({"ends": SOON}, {"ends": LATER}, True),
        ({"ends": SOON}, {}, True),
        ({"ends": LATER}, {"ends": SOON}, False),
        ({"starts": LATER, "enabled": False}, {"starts": SOON, "enabled": False}, True),
        ({"starts": SOON, "enabled": False}, {"starts": LATER, "enabled": False}, False),
        ({"ends": SOON}, {"enabled": False}, False),
    ],
)
def test_what_was_approved_for_a_time_is_judged_anew_when_it_is_longer(
    before: dict[str, object], after: dict[str, object], longer: bool
) -> None:
    old, new = (replace(RELAYED, **known) for known in (before, after))  # type: ignore[arg-type]
    assert (Risk.RELAY in risks("relay-domains", old, new)) is longer


def test_what_the_panel_alone_knows_is_carried_and_left_behind() -> None:
    known = Entry("a", "b").knowing({"owner": "anna", "ends": SOON})
    assert (known.owner, known.ticket, known.ends) == ("anna", "", SOON)
    assert Entry("a", "c").carrying(known) == replace(known, value="c")
    assert known.carrying(None) is known
    assert known.plain == Entry("a", "b")
    assert entry_of(whole_row_of(known)) == known


def test_a_line_of_words_and_text_that_takes_no_effect() -> None:
    spec = TABLES["relay-domains"]
    first, second = (Entry(key, "", position=place, raw=raw) for key, place, raw in WORDS)
    assert goes_on(spec, first, second)
    assert not goes_on(spec, second, first)
    assert is_silent(spec, "# a remark\n\n")
    assert not is_silent(spec, "c.example\n")
