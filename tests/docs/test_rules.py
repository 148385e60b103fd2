"""Every rule that the core has stands on a page, with an example that breaks it and what is really said of that."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch, fnmatchcase

import pytest

from tables.sendmail.tables import TABLES
from tests.core.cases import CASES
from tests.docs.examples import EXAMPLES
from tests.docs.found import in_file
from tests.docs.pages import page
from tests.docs.rules import ids
from tests.docs.write import problem_of, written


@pytest.mark.parametrize("rule", EXAMPLES)
def test_the_example_of_a_rule_breaks_it(rule: str) -> None:
    assert problem_of(rule, EXAMPLES[rule]).rule == rule


@pytest.mark.parametrize("name", ["README", *TABLES])
def test_a_page_says_what_the_core_says_now(name: str) -> None:
    assert page(name) == written(name), "Run make docs."


def test_every_rule_in_the_code_has_an_example() -> None:
    assert [rule for rule in sorted(ids()) if not any(fnmatch(name, rule) for name in EXAMPLES)] == []


def test_every_example_is_of_a_rule_in_the_code() -> None:
    known = ids()
    assert [name for name in EXAMPLES if not any(fnmatchcase(name, rule) for rule in known)] == []


def _rules_of_cases() -> Iterator[str]:
    for table in TABLES:
        for case in CASES:
            yield from (problem.rule for problem in in_file(table, case.data, {}))


def test_every_rule_that_a_verified_case_breaks_has_an_example_of_that_table() -> None:
    assert sorted(set(_rules_of_cases()) - set(EXAMPLES)) == []
