"""Nothing of a file is lost: each byte comes out again, or a problem with its line's number says what became of it."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tables.sendmail.formats import FORMATS
from tables.sendmail.formats.base import What
from tables.sendmail.render import comment_lines, item_text
from tables.sendmail.spec import Entry, Kind, Parsed
from tables.sendmail.tables import TABLES, check_entry
from tables.sendmail.text import encode
from tests.core.reading import LOCAL, again, entries, read, written
from tests.fuzz.files import make

TABLE = st.sampled_from(list(TABLES))
SEED = st.integers(0, 2**32)

#: Problems of lines that come out otherwise than they went in.
UNBALANCED = "aliases.unbalanced"
REWRITTEN = {"text.nul", "text.line-too-long", UNBALANCED}


def reported(table: str, data: bytes, items: list[Parsed]) -> tuple[set[int], set[int]]:
    """The numbers of the lines that a problem names, with those that are joined to them; and of those after which
    stands what the program makes of them.
    """
    lines = list(FORMATS[TABLES[table].kind].read(BytesIO(data), LOCAL))
    sizes: dict[int, int] = {}
    for line in lines:
        sizes[line.number] = max(sizes.get(line.number, 0), len(line.text.removesuffix("\n").split("\n")))
    named = {problem.line for item in items for problem in item.problems}
    said = {number + more for number in named if number for more in range(sizes.get(number, 1))}
    refused = {problem.line for line in lines for problem in line.problems if problem.rule in ("text.nul", UNBALANCED)}
    made = {
        then.number
        for line, then in pairwise(lines)
        if line.number == then.number in refused
        and TABLES[table].kind is not Kind.CLASS
        and (line.what, then.what) == (What.REFUSED, What.ENTRY)
        and not (TABLES[table].kind is Kind.MAP and len(encode(line.text)) == 1023)  # the head of a line too long
    }
    return said, {line + sizes[line] - 1 for line in made}


def account(original: list[bytes], out: list[bytes], said: set[int], made: set[int]) -> None:
    """Every line stands in ``out`` as it was, in its place; or, if it was reported, behind ``#``."""
    at = 0
    for number, line in enumerate(original, 1):
        if at < len(out) and out[at] == line:
            at += 1
            continue
        assert number in said, (number, line, out[at : at + 3])
        at = _found_behind_signs(line.replace(b"\0", b"\\x00"), out, at)
        if number in made:
            at += out[at] == b""  # a backslash joins nothing that way
            at += out[at : at + 1] != original[number : number + 1]
    assert out[at:] in ([], [b""]), out[at:]


def _found_behind_signs(line: bytes, out: list[bytes], at: int) -> int:
    found = b""
    while True:
        assert at < len(out), (line, found)
        piece = out[at].replace(b"\0", b"\\x00")
        for form in (piece, piece.removeprefix(b"#"), piece.removeprefix(b"#").removesuffix(b" ")):
            if line.startswith(found + form):
                found += form
                break
        else:
            raise AssertionError((line, found, piece))
        at += 1
        if found == line:
            return at


@settings(max_examples=400, deadline=None)
@given(table=TABLE, seed=SEED)
def test_every_line_comes_out_again_or_is_reported_with_its_number(table: str, seed: int) -> None:
    data = make(table, Random(seed))
    items = read(table, data)
    out = written(table, [item.item for item in items])
    account(data.split(b"\n"), out.split(b"\n"), *reported(table, data, items))


@settings(max_examples=300, deadline=None)
@given(table=TABLE, data=st.binary(max_size=300))
@example(table="virtusertable", data=b"0 0\0")
@example(table="aliases", data=b"0:0\0")
@example(table="aliases", data=b">#a: b\n")
def test_every_byte_of_any_bytes_comes_out_again_or_is_reported(table: str, data: bytes) -> None:
    items = read(table, data)
    out = written(table, [item.item for item in items])
    account(data.split(b"\n"), out.split(b"\n"), *reported(table, data, items))


@settings(max_examples=300, deadline=None)
@given(table=TABLE, seed=SEED)
def test_every_byte_belongs_to_one_line_of_the_reader(table: str, seed: int) -> None:
    data = make(table, Random(seed))
    lines = list(FORMATS[TABLES[table].kind].read(BytesIO(data), LOCAL))
    if not REWRITTEN & {problem.rule for line in lines for problem in line.problems}:
        assert encode("".join(line.text for line in lines)) == data
    numbers = [(line.number, line.offset) for line in lines]
    assert numbers == sorted(set(numbers))


@settings(max_examples=300, deadline=None)
@given(table=TABLE, seed=SEED)
def test_the_items_of_a_file_stand_in_order_and_say_their_lines(table: str, seed: int) -> None:
    data = make(table, Random(seed))
    items = read(table, data)
    keys = [item.item.key for item in items if isinstance(item.item, Entry)]
    assert len(keys) == len(set(keys))
    positions = [item.item.position for item in items]
    assert positions == sorted(positions)
    last = data.count(b"\n") + 1
    assert all(1 <= item.line <= last for item in items)
    assert all(problem.line and 1 <= problem.line <= last for item in items for problem in item.problems)


@settings(max_examples=200, deadline=None)
@given(table=TABLE, seed=SEED)
def test_what_was_written_once_is_written_the_same_again(table: str, seed: int) -> None:
    once = again(table, make(table, Random(seed)))
    assert again(table, once) == once


# --- entries ----------------------------------------------------------------------------------------------------------

NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
DOMAIN = st.builds("{}.{}.example".format, NAME, NAME)
ADDRESS = st.builds("{}@{}".format, NAME, DOMAIN)
NETWORK = st.integers(1, 223).map("192.0.{}".format)

KEYS = {
    "aliases": NAME,
    "access": st.builds("{}:{}".format, st.sampled_from(("connect", "from", "to")), st.one_of(DOMAIN, NETWORK)),
    "virtusertable": st.one_of(ADDRESS, DOMAIN.map("@{}".format)),
    "genericstable": st.one_of(NAME, ADDRESS),
    "mailertable": st.one_of(DOMAIN, DOMAIN.map(".{}".format)),
    "relay-domains": st.one_of(DOMAIN, NETWORK),
    "local-host-names": DOMAIN,
}
VALUES = {
    "aliases": st.lists(ADDRESS, min_size=1, max_size=4).map(", ".join),
    "access": st.sampled_from(("REJECT", "RELAY", "DISCARD", 'ERROR:5.7.1:"550 no"', "QUARANTINE:looked at")),
    "virtusertable": st.one_of(NAME, ADDRESS, st.just("error:nouser 550 No such user")),
    "genericstable": ADDRESS,
    "mailertable": DOMAIN.map("esmtp:[{}]".format),
}
#: Any text, in lines that are not empty: a comment that ends in an empty line would lose it.
COMMENTS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\uf700"), min_size=1).map(
        lambda text: f"says {text} and more"
    ),
    max_size=3,
).map("\n".join)
BLANKS = st.text(" \t", min_size=1, max_size=4)


def _spaced(table: str, entry: Entry, blank: str, end: str, upper: bool) -> str:
    """The line of an entry as a person may have typed it."""
    key = entry.key.upper() if upper else entry.key
    separator = {Kind.MAP: blank, Kind.ALIASES: f":{blank}", Kind.CLASS: ""}[TABLES[table].kind]
    return f"{key}{separator}{entry.value}{end}"


@st.composite
def sets_of_entries(draw: st.DrawFn) -> tuple[str, list[Entry]]:
    """A table and entries of it in file order, with remarks, some of them off, some with blanks of their own."""
    table = draw(TABLE)
    found = []
    for number, key in enumerate(draw(st.lists(KEYS[table], unique=True, max_size=12)), 2):
        value = draw(VALUES[table]) if table in VALUES else ""
        entry = Entry(key, value, draw(COMMENTS), draw(st.booleans()), number << 32)
        if entry.enabled and draw(st.booleans()):
            line = _spaced(table, entry, draw(BLANKS), "\n", draw(st.booleans()))
            entry = Entry(key, value, entry.comment, True, entry.position, raw=line)
        found.append(entry)
    return table, found


@settings(max_examples=200, deadline=None)
@given(made=sets_of_entries())
def test_entries_that_are_written_and_read_again_are_the_same(made: tuple[str, list[Entry]]) -> None:
    table, wanted = made
    spec = TABLES[table]
    assert [problem.rule for entry in wanted for problem in check_entry(spec, entry) if problem.grade == "error"] == []
    found = entries(table, b"# head of the file\n\n" + written(table, list(wanted)))
    assert [(e.key, e.value, e.comment, e.enabled) for e in found] == [
        (e.key, e.value, e.comment, e.enabled) for e in wanted
    ]
    assert written(table, list(found)) == written(table, list(wanted))


@pytest.mark.parametrize("table", TABLES)
def test_a_comment_of_several_lines_with_odd_blanks_is_the_comment_of_its_entry(table: str) -> None:
    spec = TABLES[table]
    key, value = spec.example
    entry = Entry(key.lower(), value, "one\n\n  two  \n\tthree", True, 2 << 32)
    (found,) = entries(table, b"# head of the file\n\n" + written(table, [entry]))
    assert found.comment == entry.comment
    assert item_text(spec, found).startswith(comment_lines(entry.comment))


def test_a_line_is_taken_behind_its_signs_only_when_it_is_all_there() -> None:
    account([b"a", b"x" * 30, b""], [b"a", b"#" + b"x" * 20, b"#" + b"x" * 10, b""], {2}, set())
    for out, said in (([b"a", b"#xx"], {2}), ([b"a", b"#" + b"x" * 30], {1}), ([b"a"], {2})):
        with pytest.raises(AssertionError):
            account([b"a", b"x" * 30], out, said, set())


@settings(max_examples=300, deadline=None)
@given(table=TABLE, seed=SEED)
def test_no_entry_is_missing_from_what_was_written_so_no_import_takes_it_for_deleted(table: str, seed: int) -> None:
    data = make(table, Random(seed))
    first = [(e.key, e.value, e.enabled, e.comment) for e in entries(table, data)]
    assert [(e.key, e.value, e.enabled, e.comment) for e in entries(table, again(table, data))] == first
