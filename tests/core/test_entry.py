"""An entry: what its own constructor must do as the one of any frozen dataclass would."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, FrozenInstanceError, astuple, fields

import pytest

from tables.sendmail.spec import Entry


def test_its_constructor_has_the_fields_in_their_order_with_their_defaults() -> None:
    _self, *given = inspect.signature(Entry.__init__).parameters.values()
    assert [(one.name, one.default) for one in given] == [
        (field.name, inspect.Parameter.empty if field.default is MISSING else field.default) for field in fields(Entry)
    ]


def test_each_value_gets_to_its_field() -> None:
    values = ("k", "v", "c", False, 7, "a", "r", "o", "t", "s", "e")
    assert astuple(Entry(*values)) == values


def test_it_does_not_change() -> None:
    entry = Entry("k")
    with pytest.raises(FrozenInstanceError):
        entry.key = "other"  # type: ignore[misc]
