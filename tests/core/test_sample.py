"""The sample set for a first look: read whole, written back as it is, with no error and a warning or two."""

from __future__ import annotations

from pathlib import Path

import pytest

from tables.sendmail.lint import Context, lint
from tables.sendmail.spec import Grade
from tables.sendmail.tables import TABLES
from tests.core.reading import again, entries, problems

SAMPLE = Path(__file__).parents[2] / "sample"


@pytest.mark.parametrize("table", TABLES)
def test_a_sample_file_comes_out_as_it_went_in(table: str) -> None:
    data = (SAMPLE / table).read_bytes()
    assert again(table, data) == data


@pytest.mark.parametrize("table", TABLES)
def test_a_sample_file_has_entries_live_and_switched_off_and_no_error(table: str) -> None:
    data = (SAMPLE / table).read_bytes()
    found = entries(table, data)
    assert 7 <= sum(entry.enabled for entry in found) <= 60
    assert any(not entry.enabled for entry in found)
    assert any(entry.comment for entry in found)
    assert [problem for problem in problems(table, data) if problem.grade is Grade.ERROR] == []


def test_the_sample_set_shows_warnings_of_one_line_and_of_the_whole() -> None:
    warnings = {
        problem.rule
        for table in TABLES
        for problem in problems(table, (SAMPLE / table).read_bytes())
        if problem.grade is Grade.WARNING
    }
    assert {"mailertable.unknown-mailer", "access.compressed-ipv6"} <= warnings
    tables = {name: entries(name, (SAMPLE / name).read_bytes()) for name in TABLES}
    found = [
        (f.key, f.problem.rule) for f in lint(lambda name: tables[name], Context()) if f.problem.grade is not Grade.NOTE
    ]
    assert found == [
        ("@example.com", "virtusertable.hides-local-users"),
        ("@example.org", "virtusertable.hides-local-users"),
    ]
