"""What is learned of many lines at a time is what is learned of one after the other, or nothing."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tables.sendmail.formats import FORMATS
from tables.sendmail.knowledge import Knowledge, learn, learn_at_once
from tables.sendmail.tables import TABLES

ACCESS, ALIASES = TABLES["access"], TABLES["aliases"]

LINES = (
    b"a@x.example\tb",
    b"B@x.example  c \t",
    b"#d@x.example\te",
    b"",
    b" g@x.example h",
    b"no-value",
    b"no-value \t",
    b"key\x0bvalue",
    b"cr\tvalue\r",
    b"# mailadmin: release 3, change checksum 0",
    b"h@x.example\t" + b"x" * 1010,
    b"i@x.example\t" + b"x" * 1011,
    b"caf\xe9\tx",
    b"nul\0\tx",
)


def both(data: bytes) -> tuple[Knowledge | None, Knowledge]:
    lines = FORMATS[ACCESS.kind].read(BytesIO(data), frozenset())
    return learn_at_once(ACCESS, BytesIO(data)), learn(ACCESS, lines)


@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from([b"", b"\n"]))
@settings(max_examples=300, deadline=None)
def test_it_is_the_same_or_nothing(lines: list[bytes], end: bytes) -> None:
    quick, slow = both(b"\n".join(lines) + end)
    assert quick in (None, slow)


def test_plain_lines_are_learned_at_once() -> None:
    data = b"".join(b"User%d@x.example\tbox\n# %d\n\n" % (number, number) for number in range(50_000)) + b"last\tx"
    quick, slow = both(data)
    assert quick == slow
    assert quick
    assert len(quick.live) == 50_001


@pytest.mark.parametrize("odd", [b"caf\xe9\tx\n", b"nul\0\tx\n", b"x" * 1023 + b"\n", b"a\t1\nA\t2\n", b"b\t1\nb\t2"])
def test_what_is_odd_or_stands_twice_is_left_to_the_slow_way(odd: bytes) -> None:
    assert both(odd)[0] is None
    assert both(b"a@b.example\tx\n" + odd)[0] is None


def test_other_formats_are_left_to_the_slow_way() -> None:
    assert learn_at_once(ALIASES, BytesIO(b"a: b\n")) is None
