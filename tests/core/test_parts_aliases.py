"""The name and the targets of an alias in pieces and in a form (aliases(5), recipient.c)."""

from __future__ import annotations

import pytest

from tables.sendmail.tables import TABLES

PARTS = TABLES["aliases"].parts


def told(value: str) -> str:
    return " ".join(f"{piece.name}={piece.text.replace(' ', '·')}" for piece in PARTS.value("a", value))


@pytest.mark.parametrize(
    ("key", "pieces"),
    [
        ("sales", [("name", "sales")]),
        ("a.b", [("name", "a.b")]),
        ("sales+news", [("name", "sales"), ("detail", "+news")]),
        ("sales+*", [("name", "sales"), ("detail", "+*")]),
        ('"a b"', [("other", '"a b"')]),
    ],
)
def test_a_name_comes_apart(key: str, pieces: list[tuple[str, str]]) -> None:
    assert [(piece.name, piece.text) for piece in PARTS.key(key)] == pieces


TARGETS = [
    ("root", "user=root"),
    ("a+b.c", "user=a+b.c"),
    ('"a b"', 'quote=" user=a·b quote="'),
    ("bob@example.net", "address=bob@example.net"),
    ("a@[192.0.2.1]", "address=a@[192.0.2.1]"),
    ('"a b"@example.net', 'address="a·b"@example.net'),
    ("@route.example:a@b.example", "address=@route.example:a@b.example"),
    ("Name <a@b.example>", "phrase=Name· open=< address=a@b.example close=>"),
    ('"Last, First" <a@b.example>', 'phrase="Last,·First"· open=< address=a@b.example close=>'),
    ("<root>", "open=< user=root close=>"),
    ("\\root", "mark=\\ final=root"),
    ("/var/mail/x", "file=/var/mail/x"),
    ('"/var/mail/x y"', 'quote=" file=/var/mail/x·y quote="'),
    ("|/bin/x", "mark=| program=/bin/x"),
    ('"|/bin/x a, b"', 'quote=" mark=| program=/bin/x·a,·b quote="'),
    ('|"/bin/x a"', 'mark=| quote=" program=/bin/x·a quote="'),
    (":include:/etc/l", "mark=:include: include=/etc/l"),
    (":Include: /etc/l", "mark=:Include: blank=· include=/etc/l"),
    ('":include:/etc/l x"', 'quote=" mark=:include: include=/etc/l·x quote="'),
    ("root (comment)", "user=root blank=· comment=(comment)"),
    ("(a) (b) root", "comment=(a)·(b) blank=· user=root"),
    ("(a) root (b)", "comment=(a) blank=· user=root blank=· comment=(b)"),
    ("(a) (", "comment=(a) blank=· other=("),
    ("root daemon", "other=root·daemon"),
    ("root # note", "other=root·#·note"),
    ("host!|/bin/x", "other=host!|/bin/x"),
]


@pytest.mark.parametrize(("target", "pieces"), TARGETS)
def test_a_target_is_known_by_its_kind(target: str, pieces: str) -> None:
    assert told(target) == pieces


def test_a_list_keeps_its_separators_and_blanks() -> None:
    pieces = "blank=· user=a blank=· separator=, separator=, blank=\t address=b@c.d separator=, blank=·\r"
    assert told(" a ,,\tb@c.d, \r") == pieces


def test_the_same_target_twice_is_found_at_both_places() -> None:
    assert told("a,ba,a") == "user=a separator=, user=ba separator=, user=a"


def test_targets_stand_one_a_line_and_come_back_as_a_list() -> None:
    value = 'alice, bob@example.net, "|/bin/x a, b", Name <a@b.example>'
    answers = PARTS.answers("sales", value)
    assert answers == {"key": "sales", "targets": 'alice\nbob@example.net\n"|/bin/x a, b"\nName <a@b.example>'}
    assert PARTS.composed(answers) == ("sales", value)


@pytest.mark.parametrize("value", ['"a', "a\\", "a (b"])
def test_a_list_that_does_not_end_with_its_text_has_no_answers(value: str) -> None:
    assert PARTS.answers("sales", value) is None


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("alice,\n\n bob \n", "alice, bob"),
        ("alice, bob", "alice, bob"),
        ("|/bin/x a b", '"|/bin/x a b"'),
        ("|/bin/x", "|/bin/x"),
        ("/var/mail/x y", '"/var/mail/x y"'),
        (":include:/etc/x y", '":include:/etc/x y"'),
        ('|"/bin/x" a', '|"/bin/x" a'),
        ("Name <a@b.example>", "Name <a@b.example>"),
        (",", ""),
    ],
)
def test_a_line_is_one_target_and_gets_the_quotes_that_it_needs(typed: str, value: str) -> None:
    assert PARTS.composed({"key": "sales", "targets": typed}) == ("sales", value)


def test_a_list_as_it_stands_keeps_its_spelling_until_it_is_touched() -> None:
    odd = "alice,bob ,,|/bin/x foo"
    answers = PARTS.answers("sales", odd)
    assert answers is not None
    assert PARTS.composed({**answers, "key": "sells"}, "sales", odd) == ("sells", odd)
    touched = {**answers, "targets": answers["targets"] + "\ncarol"}
    assert PARTS.composed(touched, "sales", odd) == ("sales", "alice, bob, |/bin/x foo, carol")
