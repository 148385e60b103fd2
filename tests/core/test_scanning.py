"""Text as sendmail reads it before it compares: without comments."""

import pytest

from tables.sendmail.syntax.access_values import bare
from tables.sendmail.syntax.scanning import without_comments


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a (b) c", "a   c"),
        ("a (b (c) d) e", "a    e"),
        ("a (b", "a  "),
        ("a) b", "a b"),
        ("a (\\) b) c", "a   c"),
        ('"(b)" c', '"(b)" c'),
        ("\\(b", "\\(b"),
        ("a\\", "a"),
        ("plain", "plain"),
    ],
)
def test_comments_go_and_what_is_quoted_stays(text: str, left: str) -> None:
    assert without_comments(text) == left


@pytest.mark.parametrize(
    "value", ["RELAY", "relay (x)", "RE>LAY", "RE)LAY", "%1RELAY", "RELAY(", "RELAY\\", "\vRELAY\f"]
)
def test_a_disguised_word_is_known(value: str) -> None:
    assert bare(value) == "relay"


@pytest.mark.parametrize("value", ['"RELAY"', "RELAY,", "<RELAY>", "%%1RELAY", "%10RELAY", "RE(x)LAY", "RELAY OK"])
def test_what_only_looks_like_a_word_is_none(value: str) -> None:
    assert bare(value) != "relay"
