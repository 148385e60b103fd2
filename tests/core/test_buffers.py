"""Lines that do not fit the buffer of the program that reads them, and bytes that it does not see.

Each expectation is what makemap, newaliases and sendmail 8.17 did with the file.
"""

from __future__ import annotations

import pytest

from tables.sendmail.spec import Grade
from tests.core.reading import again, entries, problems


def live(table: str, data: bytes | str) -> list[tuple[str, str]]:
    return [(entry.key, entry.value) for entry in entries(table, data) if entry.enabled]


def errors(table: str, data: bytes | str) -> list[tuple[str, int | None]]:
    return [(found.rule, found.line) for found in problems(table, data) if found.grade is Grade.ERROR]


def test_the_end_of_a_line_that_is_too_long_for_makemap_is_an_entry_of_its_own() -> None:
    data = "first@x.example\ta\nlong@x.example\t" + "x" * 1008 + "tail@x.example\tb\nlast@x.example\tc\n"
    assert live("virtusertable", data) == [
        ("first@x.example", "a"),
        ("tail@x.example", "b"),
        ("last@x.example", "c"),
    ]
    assert errors("virtusertable", data) == [("text.line-too-long", 2)]
    out = again("virtusertable", data)
    assert live("virtusertable", out) == live("virtusertable", data)
    assert errors("virtusertable", out) == []
    assert max(len(line) for line in out.split(b"\n")) <= 1022


def test_the_end_of_a_long_comment_is_an_entry_too() -> None:
    data = b"#" + b"y" * 1022 + b"From:spam.example OK\n"
    assert live("access", data) == [("from:spam.example", "OK")]
    assert errors("access", data) == [("text.line-too-long", 1)]


def test_the_end_of_a_long_line_that_is_no_entry_is_reported_with_its_line_only() -> None:
    assert errors("access", b"Connect:192.0.2\t" + b"x" * 1100 + b"\n") == [("text.line-too-long", 1)]


def test_a_line_that_fills_the_buffer_is_taken_with_its_line_end_and_refused_without() -> None:
    fits = b"k@x.example\t" + b"x" * 1010
    assert len(fits) == 1022
    assert live("virtusertable", fits) == live("virtusertable", fits + b"\n") != []
    assert live("virtusertable", fits + b"x") == live("virtusertable", fits + b"x\n") == []


def test_makemap_takes_what_stands_before_a_nul_when_the_file_ends_there() -> None:
    assert live("virtusertable", b"a@x.example\tb\0c") == [("a@x.example", "b")]
    assert live("virtusertable", b"a@x.example\tb\0c\n") == []
    assert live("virtusertable", b"# a\0") == live("virtusertable", b"a\0 b") == []
    assert errors("virtusertable", b"a@x.example\tb\0c") == [("text.nul", 1)]
    assert again("virtusertable", b"a@x.example\tb\0c") == b"#a@x.example\tb\\x00c\na@x.example\tb\n"


def test_a_nul_takes_the_next_line_of_aliases_with_it() -> None:
    data = b"a: root\0daemon\nb: lost\nc: root\n"
    assert live("aliases", data) == [("c", "root")]
    assert errors("aliases", data) == [("text.nul", 1)]
    assert again("aliases", data) == b"#a: root\\x00daemon\n#b: lost\nc: root\n"


def test_newaliases_takes_what_stands_before_a_nul_when_a_line_goes_on_or_the_file_ends() -> None:
    assert live("aliases", b"a: root\0daemon\n") == [("a", "root")]
    assert live("aliases", b"a: root\0daemon,\n cont\nb: c\n") == [("a", "root cont"), ("b", "c")]
    assert live("aliases", b"\0a: root\n") == []
    assert errors("aliases", b"a: root\0daemon\n") == [("text.nul", 1)]
    assert again("aliases", b"a: root\0daemon\n") == b"#a: root\\x00daemon\na: root\n"


@pytest.mark.parametrize(("size", "taken"), [(8190, True), (8191, False), (9000, False)])
def test_an_alias_may_have_as_many_bytes_as_the_buffer_of_newaliases(size: int, taken: bool) -> None:
    data = b"a: " + b"x" * (size - 3) + b"\nb: c\n"
    assert [key for key, _ in live("aliases", data)] == (["a", "b"] if taken else ["b"])
    assert errors("aliases", data) == ([] if taken else [("text.line-too-long", 1)])


def test_an_alias_that_fills_the_buffer_is_taken_where_the_file_ends() -> None:
    assert len(live("aliases", b"a: " + b"x" * 8188)) == 1


def test_a_blank_where_the_buffer_is_full_keeps_newaliases_for_ever() -> None:
    data = b"a: " + b"x" * 8188 + b" y\n z\nb: c\n"
    assert live("aliases", data) == [("b", "c")]
    (problem,) = problems("aliases", data)
    assert "never ends" in problem.message


def test_a_line_that_was_joined_until_it_is_too_long_is_lost_with_all_that_joins_it() -> None:
    data = b"a: " + b"x,\n y," * 3000 + b"\\\nb: c\nd: e\n"
    assert live("aliases", data) == [("d", "e")]
    assert errors("aliases", data) == [("text.line-too-long", 1)]
    assert live("aliases", again("aliases", data)) == [("d", "e")]


def test_a_class_file_has_no_line_that_is_too_long() -> None:
    data = b"x" * 2040 + b" abc.example.com b.example\n"
    assert live("relay-domains", data) == [("x" * 2040, ""), ("abc.ex", ""), ("ample.com", ""), ("b.example", "")]
    assert errors("relay-domains", data)[0] == ("text.line-too-long", 1)
    out = again("relay-domains", data)
    assert out == data.replace(b"abc.example", b"abc.ex\nample")
    assert live("relay-domains", out) == live("relay-domains", data)


def test_the_end_of_a_long_comment_in_a_class_file_is_read_as_names() -> None:
    data = b"#" + b"y" * 2046 + b"tail.example\n"
    assert live("relay-domains", data) == [("tail.example", "")]
    assert errors("relay-domains", data) == [("text.line-too-long", 1)]
    assert live("relay-domains", b"z" * 2047 + b"\n") == [("z" * 2047, "")]
    assert again("relay-domains", b"z" * 2047 + b"\n") == b"z" * 2047 + b"\n"


def test_a_nul_ends_a_line_of_a_class_file() -> None:
    data = b"a.example b.example\0c.example d.example\ne.example\n"
    assert [key for key, _ in live("relay-domains", data)] == ["a.example", "b.example", "e.example"]
    assert errors("relay-domains", data) == [("text.nul", 1)]
    assert again("relay-domains", data) == data


def test_a_word_that_names_a_class_is_switched_off_for_sendmail_would_add_that_class() -> None:
    data = b"a.example \x93w b.example\n"
    assert [key for key, _ in live("relay-domains", data)] == ["a.example", "b.example"]
    assert errors("relay-domains", data) == [("class.class-name", 1)]
    assert again("relay-domains", data) == b"a.example\n# \x93w\n b.example\n"


def test_no_piece_of_a_long_comment_joins_the_next_line() -> None:
    data = b"a: " + b"\\" * 9000 + b"x\nb: c\n"
    out = again("aliases", data)
    assert live("aliases", out) == live("aliases", data) == [("b", "c")]
    assert not [line for line in out.split(b"\n") if line.endswith(b"\\")]
    assert again("aliases", out) == out


@pytest.mark.parametrize("size", [1_008_190, 1_008_191, 1_008_192])
def test_a_lost_line_that_ends_with_a_piece_of_it_is_lost_once(size: int) -> None:
    """Pieces of a million bytes are handed on; the file ends just where one of them does."""
    assert errors("aliases", b"a: " + b"x" * (size - 3)) == [("text.line-too-long", 1)]
    assert again("aliases", b"a: " + b"x" * (size - 3)).count(b"x") == size - 3
