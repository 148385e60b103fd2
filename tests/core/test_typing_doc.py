"""Every example of docs/typing.md becomes what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail.fixing import fixed, respelt
from tables.sendmail.spec import Entry
from tables.sendmail.syntax.typed import check_typed, replaced
from tables.sendmail.tables import TABLES, check_entry, normalise_key

PAGE = (Path(__file__).parents[2] / "docs/typing.md").read_text()
VALUES = {"access": "REJECT", "mailertable": "esmtp:[mail.example.org]", "virtusertable": "alice"}


def examples() -> Iterator[tuple[str, list[str], str]]:
    """(typed, keys, comment) of each row of the page's tables."""
    for row in re.findall(r"^\| (`.*) \|$", PAGE, re.MULTILINE):
        typed, became, *comment = (cell.strip() for cell in row.split("|"))
        yield typed.strip("`"), re.findall(r"`([^`]+)`", became), "".join(comment)


EXAMPLES = list(examples())


def table_of(key: str) -> str:
    """The table that an example is for, by its form."""
    if re.match(r"[A-Z]\w+:", key):
        return "access"
    return "mailertable" if key.startswith(".") else "virtusertable"


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 20


@pytest.mark.parametrize(("typed", "keys", "comment"), EXAMPLES)
def test_an_example_becomes_what_the_page_says(typed: str, keys: list[str], comment: str) -> None:
    spec = TABLES[table_of(typed)]
    value = "5" if typed.startswith("ClientRate:") else VALUES[spec.name]
    entry = Entry(typed, value)
    found = replaced(check_entry(spec, Entry(normalise_key(spec, typed), value)), check_typed(spec, entry))
    fix = next(problem.fix for problem in found if problem.fix)
    made = fixed(spec, entry, fix)
    assert [respelt(spec, typed, one.key) for one in made] == keys
    assert made[0].comment == comment
