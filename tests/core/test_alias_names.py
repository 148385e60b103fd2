"""Odd names before the colon of an alias: what newaliases stores for them, and which it refuses."""

from __future__ import annotations

import pytest

from tables.sendmail.formats.localname import NotLocal, resolve
from tables.sendmail.formats.tokens import scan

HERE = frozenset(("mx.test.example",))


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("<sales;>", "sales"),
        ("sales;", "sales"),
        ("<@mx.test.example:sales>", "sales"),
        ('"sales@mx.test.example"', "sales"),
    ],
)
def test_an_odd_name_is_stored_as_the_user_in_it(name: str, stored: str) -> None:
    assert resolve(name, HERE) == stored


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("sales(", "aliases.unbalanced"),
        ("sales: team", "aliases.colon"),
        ("<list:a,b;>", "aliases.not-local"),
        ("a%b@mx.test.example", "aliases.not-local"),
        ("a,b", "aliases.comma-in-name"),
        (r"a\!b", "aliases.not-local"),
    ],
)
def test_a_name_that_is_not_one_user_here_is_refused(name: str, rule: str) -> None:
    with pytest.raises(NotLocal) as refused:
        resolve(name, HERE)
    assert refused.value.rule == rule


def test_what_is_escaped_in_a_remark_is_part_of_the_remark() -> None:
    assert scan(r"(a \) b) bob").tokens == scan("bob").tokens
