"""A file that sendmail's programs accept whole comes out byte for byte as it went in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tables.sendmail.tables import TABLES
from tests.core.corpus import CORPUS, Sample
from tests.core.reading import again, entries, items, passages, written

ACCEPTED = {
    "access": [
        b"",
        b"\n\n\n",
        b"# only a comment\n",
        b"Connect:192.0.2\tREJECT",
        b'Connect:192.0.2   \t REJECT  \nTO:User@Example.COM\tERROR:5.1.1:"550 gone"\n',
        b"# head\n\n# above\nConnect:192.0.2\tREJECT\n\n\n# tail\n",
        b"Connect:192.0.2\tREJECT\r\nConnect:198.51.100\tOK\r\n",
        b"#Connect:192.0.2\tREJECT\n# Connect:198.51.100\tREJECT\n#\tConnect:203.0.113\tREJECT\n",
        b"# caf\xe9 and caf\xc3\xa9\nFrom:k\xe9@example.com\tREJECT\n",
        b"\xef\xbb\xbfConnect:192.0.2\tREJECT\n",
        b'Connect:192.0.2\tERROR:5.7.1:"550 ' + b"x" * 900 + b'"\n',
    ],
    "virtusertable": [b"info@example.com\talice\nINFO2@Example.COM  bob\n@example.com\terror:nouser 550 No\n"],
    "genericstable": [b"alice alice@example.com\n#bob\tbob@example.com\n"],
    "mailertable": [b".example.com\tesmtp:[mail.example.net]\n.\tsmtp:[192.0.2.1]\n"],
    "aliases": [
        b"postmaster: root\nMAILER-DAEMON:postmaster\n",
        b"a:\tb,\n\tc,\n    d\nb: c\n",
        b'a: ro\\\not\nb: "|/bin/x a, b"\n',
        b"# list\n a: root\nb: root\n",
        b"# note\\\nstill the note\nb: root\n",
        b'"a.b": root\n"a b": root\nFull Name <c>: root\nd@mx.test.example: root\n',
        b"a: root \nb: root   \n   \nc:root",
        b"#a: root,\n#\tdaemon\nb: x\n",
        b"a: b\\",
    ],
    "relay-domains": [
        b"example.com\n.example.net\n192.0.2\n",
        b"  Example.COM\r\nexample.net example.org # two\n # indented\nexample.edu#tight",
        b"#example.com\n# example.net # why\n\n\t\n",
    ],
    "local-host-names": [b"localhost\nmx.example.com\n"],
}


@pytest.mark.parametrize(("table", "data"), [(table, data) for table, texts in ACCEPTED.items() for data in texts])
def test_an_accepted_file_comes_out_as_it_went_in(table: str, data: bytes) -> None:
    assert again(table, data) == data


@pytest.mark.parametrize("sample", [sample for sample in CORPUS if sample.accepted], ids=str)
def test_a_real_file_comes_out_as_it_went_in(sample: Sample) -> None:
    data = sample.path.read_bytes()
    assert again(sample.table, data) == data


@pytest.mark.parametrize("sample", CORPUS, ids=str)
def test_what_comes_out_for_any_real_file_stays_as_it_is(sample: Sample) -> None:
    once = again(sample.table, sample.path.read_bytes())
    assert again(sample.table, once) == once


PIECES = st.sampled_from(
    (
        *(
            "a",
            "B",
            "k@x.example",
            " ",
            "\t",
            "#",
            "\\",
            "\r",
            "\n",
            "\n",
            "\n",
            '"',
            ":",
            "root",
            ",",
            "<",
            ">",
            "\x00",
        ),
        *(
            "\x0b",
            "x" * 300,
            "x" * 5000,
            "é",
            "#a: b\n",
            "a: b\n",
            "a\tb\n",
            "a.b c.d # e\n",
            "\n ",
            "\\\n",
            "# text\n",
        ),
    )
)


@pytest.mark.parametrize("middle", [b"\\ ", b"\\\\ ", b"\\" * 9000])
@pytest.mark.parametrize("size", [4088, 4093, 4094, 8180, 8187, 8188, 8189])
def test_a_long_line_is_not_broken_behind_a_backslash(size: int, middle: bytes) -> None:
    once = again("aliases", b"x" * size + middle + b"y" * 5000)
    assert again("aliases", once) == once


@settings(max_examples=300, deadline=None)
@given(table=st.sampled_from(list(TABLES)), pieces=st.lists(PIECES, max_size=25), junk=st.binary(max_size=5))
def test_any_bytes_are_read_and_what_comes_out_is_stable(table: str, pieces: list[str], junk: bytes) -> None:
    data = "".join(pieces).encode() + junk
    once = again(table, data)
    assert again(table, once) == once
    assert [(e.key, e.value) for e in entries(table, once) if e.enabled] == [
        (e.key, e.value) for e in entries(table, data) if e.enabled
    ]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200), table=st.sampled_from(list(TABLES)))
def test_no_bytes_are_too_strange_to_be_read(table: str, data: bytes) -> None:
    keys = [entry.key for entry in entries(table, data)]
    assert len(keys) == len(set(keys))
    positions = [item.position for item in items(table, data)]
    assert positions == sorted(positions)


@pytest.mark.parametrize("table", TABLES)
def test_the_stamp_of_a_publication_is_no_part_of_the_table(table: str) -> None:
    example = TABLES[table].example
    line = {"aliases": ": "}.get(table, "\t" if example[1] else "").join(part for part in example if part)
    data = f"# mailadmin: release 7\n# head of the file\n\n{line}\n".encode()
    assert again(table, data) == data.split(b"\n", 1)[1]
    assert passages(table, data) == ["# head of the file\n\n"]


def test_a_comment_that_speaks_of_mailadmin_is_no_stamp() -> None:
    data = b"# mailadmin: see the wiki\nConnect:192.0.2\tREJECT\n"
    assert again("access", data) == data


@pytest.mark.parametrize("table", TABLES)
def test_a_million_bytes_without_a_line_end_become_short_comment_lines(table: str) -> None:
    once = again(table, b"x" * 3_000_000 + b"\n")
    assert max(len(line) for line in once.split(b"\n")) < 8192
    assert again(table, once) == once
    assert once.count(b"x") == 3_000_000


def test_a_file_of_comments_alone_comes_in_passages_of_bounded_size() -> None:
    data = b"# word after word after word\n" * 40_000
    found = passages("access", data)
    assert "".join(found).encode() == data
    assert max(map(len, found)) < 500_000


def test_an_item_without_line_end_gets_one_when_something_follows() -> None:
    first, second = items("access", b"Connect:192.0.2  REJECT"), items("access", b"Connect:198.51.100\tOK\n")
    assert written("access", first + second) == b"Connect:192.0.2  REJECT\nConnect:198.51.100\tOK\n"


def test_a_backslash_at_the_end_of_a_file_swallows_nothing_that_follows() -> None:
    parts = items("aliases", b"# note\\") + items("aliases", b"a: root\n")
    out = written("aliases", parts)
    assert [entry.key for entry in entries("aliases", out)] == ["a"]
