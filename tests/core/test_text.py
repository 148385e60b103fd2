"""Any bytes become text that a database stores, and come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables.sendmail.text import decode, encode, fold, length, visible


@given(st.binary())
def test_any_bytes_come_back(data: bytes) -> None:
    text = decode(data)
    assert encode(text) == data
    assert length(text) == len(data)
    assert "\0" not in text
    text.encode()


@pytest.mark.parametrize("code", [0xF700, 0xF780, 0xF7E9, 0xF7FF, 0xFEFF, 0xE9, 0x10FFFF, 0xD7FF])
def test_every_character_comes_back(code: int) -> None:
    data = chr(code).encode()
    assert encode(decode(data)) == data


def test_valid_utf8_is_its_characters_and_the_rest_is_escaped() -> None:
    assert decode("é€".encode()) == "é€"
    assert decode(b"\xe9\0a") == "\uf7e9\uf700a"
    assert decode(b"\xed\xa0\x80") == "\uf7ed\uf7a0\uf780"


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\tb\r\n") == "a\tb\\r\\n"
    assert visible(decode(b"\xe9\0\x07")) == "\\xE9\\x00\\x07"
    assert visible("\u2028") == "\\u2028"
    assert visible("a\u200bb\u202ec") == "a\\u200Bb\\u202Ec"
    assert visible("plain é 👩\u200d🔧") == "plain é 👩\u200d🔧"


def test_only_ascii_letters_are_folded() -> None:
    assert fold("AbC") == "abc"
    assert fold("É\uf7c9Z") == "É\uf7c9z"
