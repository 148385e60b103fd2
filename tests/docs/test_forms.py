"""Every form that the pages of the tables show is one entry without an error, and comes out as it went in."""

from __future__ import annotations

import pytest

from tables.sendmail.spec import Grade, Kind
from tables.sendmail.tables import TABLES
from tests.core.reading import again, entries, problems
from tests.docs.pages import code, page, rows

FORMS = [(table, code(cells[1])) for table in TABLES for cells in rows(page(table), "form")]


@pytest.mark.parametrize(("table", "example"), FORMS)
def test_a_form_that_is_shown_is_read_as_one_entry_without_an_error(table: str, example: str) -> None:
    [entry] = entries(table, example + "\n")
    assert entry.enabled
    assert [problem for problem in problems(table, example + "\n") if problem.grade is Grade.ERROR] == []
    assert again(table, example + "\n") == (example + "\n").encode()


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_page_with_its_forms(table: str) -> None:
    shown = [example for name, example in FORMS if name == table]
    assert len(shown) >= (3 if TABLES[table].kind is Kind.CLASS else 9)
