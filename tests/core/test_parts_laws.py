"""Whatever a key or value is, its pieces are its text; and a form that changes nothing changes no byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables.sendmail.parts.base import Pieces
from tables.sendmail.parts.form import Field
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tests.core.cases import CASES
from tests.core.test_cases import read, specs

SPECS = pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)

#: Text of what keys and values are made of, so that the forms are met as well as what only looks like them.
_MARKS = st.sampled_from(
    (
        *'":@.,+*[]<>()\\|/%#= \t\r\n',
        *("++", "+*", "<@>", ":include:", "error:", "ERROR:", "5.7.1:", "550 ", "nouser ", "QUARANTINE:", "%1"),
        *("connect:", "From:", "authinfo:", "tls_srv:", "srv_features:", "compat:", "ipv6:", "MyCA:/", "local:"),
        *('"U:', '"P=', "PERM+", "VERIFY", "ENCR:", "++CN:", "esmtp:", "a", "B", "7", "é", "\uf7e9"),
    )
)
TEXT = st.one_of(st.text(), st.lists(_MARKS, max_size=12).map("".join))


def text_of(pieces: Pieces) -> str:
    return "".join(piece.text for piece in pieces)


@SPECS
@given(key=TEXT, value=TEXT)
def test_the_pieces_of_any_text_are_the_text(spec: TableSpec, key: str, value: str) -> None:
    pieces = (*spec.parts.key(key), *spec.parts.value(key, value))
    assert text_of(spec.parts.key(key)) == key
    assert text_of(spec.parts.value(key, value)) == value
    assert all(piece.text and piece.name for piece in pieces)


@SPECS
@given(key=TEXT, value=TEXT)
def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(spec: TableSpec, key: str, value: str) -> None:
    answers = spec.parts.answers(key, value)
    if answers is not None and (key or value):
        assert spec.parts.composed(answers, key, value) == (key, value)


@SPECS
@given(key=TEXT, value=TEXT)
def test_what_a_form_makes_of_its_answers_it_shows_again(spec: TableSpec, key: str, value: str) -> None:
    """Composing is stable: what was put together in canonical form comes apart and together as the same."""
    answers = spec.parts.answers(key, value)
    if answers is None:
        return
    made = spec.parts.composed(answers)
    again = spec.parts.answers(*made)
    if again is not None and all(made):
        assert spec.parts.composed(again) == made


def entries_of_cases() -> list[tuple[TableSpec, Entry]]:
    return [
        (spec, parsed.item)
        for case in CASES
        for spec in specs(case)
        if spec.name in TABLES
        for parsed in read(spec, case.data)
        if isinstance(parsed.item, Entry)
    ]


def test_every_verified_case_comes_apart_into_its_text() -> None:
    found = entries_of_cases()
    assert len(found) > 200
    for spec, entry in found:
        assert text_of(spec.parts.key(entry.key)) == entry.key
        assert text_of(spec.parts.value(entry.key, entry.value)) == entry.value


def valid_cases() -> list[tuple[TableSpec, Entry]]:
    return [
        (spec, parsed.item)
        for case in CASES
        if case.verdict == "valid" and case.table in TABLES
        for spec in specs(case)
        for parsed in read(spec, case.data)
        if isinstance(parsed.item, Entry)
    ]


@pytest.mark.parametrize(("spec", "entry"), valid_cases(), ids=lambda part: getattr(part, "name", None))
def test_every_valid_case_is_understood_to_its_last_byte(spec: TableSpec, entry: Entry) -> None:
    pieces = (*spec.parts.key(entry.key), *spec.parts.value(entry.key, entry.value))
    assert [piece for piece in pieces if piece.name == "other"] == []
    assert spec.parts.answers(entry.key, entry.value) is not None


def reachable(spec: TableSpec) -> list[tuple[Field, ...]]:
    """The fields for every combination of the choices that decide."""
    found, seen = [], set()
    waiting: list[dict[str, str]] = [{}]
    while waiting:
        said = waiting.pop()
        fields = spec.parts.fields(said)
        found.append(fields)
        for field in (field for field in fields if field.decides):
            for choice, _label in field.choices:
                wanted = said | {field.name: choice}
                if (mark := tuple(sorted(wanted.items()))) not in seen:
                    seen.add(mark)
                    waiting.append(wanted)
    return found


@SPECS
def test_every_form_can_be_shown_and_composed_empty(spec: TableSpec) -> None:
    for fields in reachable(spec):
        names = [field.name for field in fields]
        assert len(names) == len(set(names))
        assert all(field.label and field.of in ("key", "value") for field in fields)
        groups = [field.of for field in fields]
        assert groups == sorted(groups), "what is of the key comes first"
        answers = {field.name: field.choices[0][0] if field.choices else "" for field in fields}
        key, value = spec.parts.composed(answers)
        assert key.strip() == key
        assert value.strip() == value


@SPECS
def test_an_example_of_a_table_is_its_parts(spec: TableSpec) -> None:
    key, value = spec.example
    answers = spec.parts.answers(key.lower(), value)
    assert answers is not None
    assert spec.parts.composed(answers) == (key.lower(), value)


@SPECS
def test_a_new_entry_has_a_form(spec: TableSpec) -> None:
    answers = spec.parts.answers("", "")
    assert answers is not None
    for field in spec.parts.fields(answers):
        assert not field.choices or answers.get(field.name, "") in dict(field.choices), field.name


def test_a_password_is_the_one_secret_piece() -> None:
    parts = TABLES["access"].parts
    pieces = parts.value("authinfo:mx.example", '"U:relay" "P:s3cr3t"')
    assert [piece.text for piece in pieces if piece.secret] == ["s3cr3t"]
    assert [field.name for field in parts.fields({"tag": "authinfo"}) if field.secret] == ["password"]
