"""A change in the file is that change and nothing else, and no text of a comment becomes an entry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tables.sendmail.layout import STEP, place
from tables.sendmail.render import (
    UnwritableError,
    canonical,
    changed,
    comment_lines,
    is_faithful,
    map_pair,
    renamed,
    render,
    switched,
)
from tables.sendmail.spec import Entry, Passage
from tables.sendmail.tables import TABLES, check_entry
from tables.sendmail.text import fold
from tests.core.reading import entries, items, written

TEXTS = {
    "access": "# head\n\n# why\nConnect:192.0.2   REJECT  \n"
    'To:user@example.com\tERROR:5.1.1:"550 no"\nFrom:example.net\tREJECT',
    "virtusertable": "Info@Example.com  alice\n# b\nsales@example.com\tbob\n@example.com\terror:nouser 550 No\n",
    "genericstable": "alice\talice@example.com\nBob bob@example.com\nwww-data\tweb@example.com\n",
    "mailertable": "example.com  esmtp:[hub.example.net]\n"
    ".example.com\tesmtp:[hub.example.net]\n.\trelay:[192.0.2.1]\n",
    "aliases": '# head\n\na:\tb,\n\tc\n"d": e\\\nf\n# why\ng:h',
    "relay-domains": "Example.com\nexample.net example.org # two\n.example.edu",
    "local-host-names": "a.example.com\n  b.example.com # b\nc.example.com\r\n",
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("index", [0, 1, 2])
def test_switching_off_and_on_again_leaves_the_file_as_it_was(table: str, index: int) -> None:
    spec, parts = TABLES[table], items(table, TEXTS[table])
    entry = [part for part in parts if isinstance(part, Entry)][index]
    off = switched(spec, entry, False)
    on = switched(spec, off, True)
    without = written(table, [off if part is entry else part for part in parts])
    assert entry.key not in [found.key for found in entries(table, without) if found.enabled]
    again = written(table, [on if part is entry else part for part in parts])
    assert [(e.key, e.value) for e in entries(table, again)] == [(e.key, e.value) for e in entries(table, TEXTS[table])]
    if entry.raw.endswith("\n") or not entry.raw:
        assert again == TEXTS[table].encode()


@pytest.mark.parametrize(("table", "index"), [(name, 0) for name in TABLES])
def test_the_difference_of_switching_off_is_a_sign_at_each_line(table: str, index: int) -> None:
    spec, parts = TABLES[table], items(table, TEXTS[table])
    entry = [part for part in parts if isinstance(part, Entry)][index]
    off = written(table, [switched(spec, part, False) if part is entry else part for part in parts])
    before, after = TEXTS[table].split("\n"), off.decode().split("\n")
    assert len(before) == len(after)
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert pairs
    assert all(new == f"#{old}" for old, new in pairs)


@pytest.mark.parametrize("text", ["a.example\nb.example # why", "b.example#why"])
def test_a_remark_on_the_last_line_of_a_class_outlives_switching_off_and_on(text: str) -> None:
    spec, parts = TABLES["relay-domains"], items("relay-domains", text)
    entry = parts[-1]
    assert isinstance(entry, Entry)
    off = switched(spec, entry, False)
    assert written(spec.name, [*parts[:-1], off]).decode() == text.replace("b.ex", "#b.ex")
    assert written(spec.name, [*parts[:-1], switched(spec, off, True)]).decode() == text


def test_switching_to_what_it_is_changes_nothing() -> None:
    entry = Entry("a", "b", raw="a:b\n")
    assert switched(TABLES["aliases"], entry, True) is entry


@pytest.mark.parametrize("table", TABLES)
def test_every_entry_can_be_taken_out_and_the_others_stay(table: str) -> None:
    parts = items(table, TEXTS[table])
    for gone in [part for part in parts if isinstance(part, Entry)]:
        rest = [part for part in parts if part is not gone]
        out = written(table, rest)
        left = [(e.key, e.value) for e in rest if isinstance(e, Entry)]
        assert [(e.key, e.value) for e in entries(table, out)] == left


@pytest.mark.parametrize("table", TABLES)
def test_an_entry_can_be_put_in_anywhere(table: str) -> None:
    parts = items(table, TEXTS[table])
    new = Entry(*TABLES[table].example, comment="new") if table != "aliases" else Entry("new", "alice, bob", "new")
    new = replace(new, key={"relay-domains": "new.example", "local-host-names": "new.example"}.get(table, new.key))
    new = replace(new, key={"virtusertable": "new@example.com", "access": "connect:198.51"}.get(table, new.key))
    new = replace(new, key={"genericstable": "new", "mailertable": "new.example"}.get(table, new.key))
    for index in range(len(parts) + 1):
        mixed = [*parts[:index], new, *parts[index:]]
        live = {(e.key, e.value) for e in entries(table, written(table, mixed)) if e.enabled}
        assert live == {(e.key, e.value) for e in mixed if isinstance(e, Entry)}


def test_a_changed_value_gives_a_line_of_our_own_and_keeps_the_comment() -> None:
    (entry,) = entries("access", "\n#why\nConnect:192.0.2   REJECT\n")
    new = changed(TABLES["access"], entry, value="DISCARD")
    assert (new.value, new.raw, new.above) == ("DISCARD", "", "#why\n")
    assert written("access", [new]) == b"#why\nconnect:192.0.2\tDISCARD\n"


def test_a_changed_comment_keeps_the_line() -> None:
    (entry,) = entries("access", "\n#  why\nConnect:192.0.2   REJECT\n")
    new = changed(TABLES["access"], entry, comment="because\nof that")
    assert written("access", [new]) == b"# because\n# of that\nConnect:192.0.2   REJECT\n"


def test_the_same_value_and_comment_change_nothing() -> None:
    (entry,) = entries("access", "# why\nConnect:192.0.2   REJECT\n")
    assert changed(TABLES["access"], entry, value="REJECT", comment=entry.comment) == entry


NASTY = st.text(
    st.sampled_from([*"ab#\\:@ \t\n\r\v\f", "\u2028", "\x85", "\x1c", "é"]) | st.characters(codec="utf-8"),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(table=st.sampled_from(list(TABLES)), comment=NASTY)
@example(table="aliases", comment="a NUL byte: \uf700")
def test_no_comment_swallows_or_becomes_a_live_entry(table: str, comment: str) -> None:
    key, value = TABLES[table].example
    first = Entry(f"zz{fold(key)}" if table == "aliases" else fold(key), value, comment)
    out = written(table, [first])
    assert [(e.key, e.value) for e in entries(table, out) if e.enabled] == [(first.key, first.value)]


@pytest.mark.parametrize("length", [900, 1022, 5000])
@pytest.mark.parametrize("table", TABLES)
def test_a_long_comment_is_broken_into_lines_that_every_program_takes(table: str, length: int) -> None:
    lines = comment_lines("é" * length).encode().splitlines()
    assert all(len(line) <= 900 and line.startswith(b"#") for line in lines)
    first = Entry(*TABLES[table].example, comment="word " * length)
    assert [e.key for e in entries(table, written(table, [first])) if e.enabled]


def test_a_disabled_entry_is_a_comment_line() -> None:
    off = Entry("info@example.com", "alice", enabled=False)
    assert canonical(TABLES["virtusertable"], off) == "#info@example.com\talice"
    assert entries("virtusertable", written("virtusertable", [off])) == [replace(off, position=STEP)]


@pytest.mark.parametrize(
    ("table", "entry", "line"),
    [
        ("aliases", Entry("a", "b, c"), b"a: b, c\n"),
        ("access", Entry("connect:192.0.2", "REJECT"), b"connect:192.0.2\tREJECT\n"),
        ("relay-domains", Entry("example.com"), b"example.com\n"),
    ],
)
def test_an_entry_of_our_own_is_written_in_one_way(table: str, entry: Entry, line: bytes) -> None:
    assert written(table, [entry]) == line


def test_the_pair_of_a_map_has_the_bytes_of_the_file() -> None:
    (entry,) = entries("access", b"From:k\xe9@example.com\tREJECT\r\n")
    assert map_pair(TABLES["access"], entry) == (b"from:k\xe9@example.com", b"REJECT\r")


def test_a_word_left_alone_on_its_line_gets_a_line_end() -> None:
    first, second, third = items("relay-domains", "a.example b.example # both\nc.example\n")
    assert written("relay-domains", [first, third]) == b"a.example\nc.example\n"
    assert written("relay-domains", [second, third]) == b" b.example # both\nc.example\n"


@pytest.mark.parametrize(
    ("previous", "following", "expected"),
    [(STEP, 2 * STEP, STEP + 4096), (10, 14, 12), (10, 11, 10), (10, 10, 10), (STEP, None, 2 * STEP)],
)
def test_a_new_entry_stands_close_after_the_one_before_it(previous: int, following: int | None, expected: int) -> None:
    assert place(previous, following) == expected


@pytest.mark.parametrize("end", ["a: root\\\n", "# note\\\n", "#a: root\\\n", "# note\\", "#a: root\\"])
def test_a_backslash_at_the_end_of_a_file_joins_nothing_that_is_put_after_it(end: str) -> None:
    before = items("aliases", end)
    assert written("aliases", before) == end.encode()
    live = [part for part in before if isinstance(part, Entry) and part.enabled]
    out = written("aliases", [*before, Entry("z", "root")])
    assert [(e.key, e.value) for e in entries("aliases", out) if e.enabled] == [
        *((e.key, e.value) for e in live),
        ("z", "root"),
    ]


@pytest.mark.parametrize(
    "entry", [Entry("a\nb", "c"), Entry("a", "b\nc: d"), Entry("", "b"), Entry("a", "b\nc", enabled=False)]
)
def test_an_entry_of_several_lines_is_never_written(entry: Entry) -> None:
    with pytest.raises(UnwritableError, match="aliases cannot be written as one line"):
        written("aliases", [entry])


def test_a_line_that_is_too_long_to_be_a_comment_cannot_be_switched_off() -> None:
    live = Entry("info@example.com", "x" * 1005)
    spec = TABLES["virtusertable"]
    assert [p.rule for p in check_entry(spec, live)] == []
    assert [p.rule for p in check_entry(spec, switched(spec, live, False))] == ["text.line-too-long"]


def test_a_large_file_comes_in_chunks() -> None:
    parts: list[Entry | Passage] = [Entry(f"u{number}@example.com", "x" * 100) for number in range(3000)]
    chunks = list(render(TABLES["virtusertable"], parts))
    assert len(chunks) > 3
    assert max(map(len, chunks)) < 100_000


def test_a_name_of_a_class_that_is_renamed_keeps_the_remark_behind_it() -> None:
    spec, parts = TABLES["relay-domains"], items("relay-domains", "a.example\n  B.example # the branch\n")
    (first, second) = [part for part in parts if isinstance(part, Entry)]
    assert written(spec.name, [first, renamed(spec, second, "c.example")]) == b"a.example\n  c.example # the branch\n"
    assert renamed(spec, second, second.key) is second
    assert renamed(spec, second, "c.example d.example").raw == ""
    assert renamed(spec, first, "c.example").raw == ""


def test_an_entry_of_a_map_that_is_renamed_is_written_anew() -> None:
    (entry,) = entries("access", "Connect:192.0.2   REJECT\n")
    assert renamed(TABLES["access"], entry, "connect:192.0.3").raw == ""


def test_an_empty_passage_is_no_line() -> None:
    assert written("access", [Passage(""), Entry("connect:192.0.2", "REJECT")]) == b"connect:192.0.2\tREJECT\n"


@pytest.mark.parametrize("entry", [Entry("", "alice"), Entry("sales", "alice\nroot: bob")])
def test_what_cannot_be_one_line_is_not_written_for_any_entry(entry: Entry) -> None:
    assert not is_faithful(TABLES["aliases"], entry)


def test_an_exact_line_may_name_the_domain_of_its_alias() -> None:
    """Whether the domain is a local one is not known here, only that nothing else is meant."""
    assert is_faithful(TABLES["aliases"], Entry("sales", "alice", raw="sales@mail.example.com: alice\n"))
    assert not is_faithful(TABLES["aliases"], Entry("sales", "alice", raw="team@mail.example.com: alice\n"))
