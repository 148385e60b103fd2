"""Every form of a password is hidden, ordinary text is not, and what was hidden comes back to its own place only."""

from __future__ import annotations

import pytest

from tables.sendmail.hiding import unhidden
from tables.sendmail.masking import Mask, has_password
from tables.sendmail.secret import MASK, masked, masked_value, passwords, unmasked
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.tables import TABLES, check_entry

ACCESS, ALIASES = TABLES["access"], TABLES["aliases"]
KEY = "authinfo:smart.example"

FORMS = [
    '"U:relay" "P:s3cr3t" "M:PLAIN"',
    '"u:relay" "p:s3cr3t"',
    '"P=czNjcjN0"',
    '"U:relay""P:s3cr3t"',
    '"P:s3cr3t \\"s3cr3t" "M:PLAIN"',
    '"P:s3cr3t"s3cr3t" "M:PLAIN"',
    '"P:s3cr3t with blanks"\r',
    '"P:s3cr3t',
    '" P:s3cr3t"',
    "U:relay P:s3cr3t",
    "U:relay p=s3cr3t M:PLAIN",
    "AuthInfo:smart.example P:s3cr3t",
    '# AuthInfo:smart.example "U:relay" "P:s3cr3t"',
    "#authinfo: P:s3cr3t and s3cr3t",
    "sendmail finds '\"U:relay\" P:s3cr3t' for authinfo:smart.example instead of 'P:s3cr3t'.",
    "$# U : relay P : s3cr3t",
    '"P:s3cr3t\\" "M:PLAIN"',
]

ORDINARY = [
    'ERROR:5.7.1:"550 step p: see http://example.com/p=1"',
    "IPv6:2001:db8:0:0:0:0:0:1\tRELAY",
    "# P: Peter's host",
    "From:p=x@example.com\tREJECT",
    'authinfo:smart.example\t"U:relay" "P:" "M:PLAIN"',
]


@pytest.mark.parametrize("text", FORMS)
def test_no_form_of_a_password_is_left(text: str) -> None:
    assert MASK in masked(text)
    assert "s3cr3t" not in masked(text)
    assert "czNjcjN0" not in masked(text)


@pytest.mark.parametrize("text", FORMS)
def test_hiding_twice_hides_no_more_and_it_comes_back_whole(text: str) -> None:
    assert masked(masked(text)) == masked(text)
    assert unmasked(masked(text), text) == text


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert masked(text) == text


def test_a_value_of_authinfo_needs_no_other_part_to_be_known() -> None:
    assert masked("P:s3cr3t") == "P:s3cr3t"
    assert masked_value(KEY, "P:s3cr3t") == f"P:{MASK}"
    assert passwords("P:s3cr3t M:PLAIN p=czNj", auth=True) == [("s3cr3t", False), ("czNj", True)]


def test_each_line_is_judged_by_itself() -> None:
    assert masked("U:relay\nP:s3cr3t\n# authinfo: P:s3cr3t") == f"U:relay\nP:s3cr3t\n# authinfo: P:{MASK}"


def test_hidden_text_may_have_been_what_told_that_it_hides_one() -> None:
    text = "P:s3cr3t authinfo"
    assert masked(text) == f"P:{MASK}"
    assert unmasked(f"P:{MASK}", text) == text


def test_no_password_comes_back_to_a_place_where_it_would_be_seen() -> None:
    for typed in (f'"U:{MASK}"', f'"U:relay" {MASK}', f'ERROR:5.7.1:"550 {MASK}"'):
        assert unmasked(typed, '"U:relay" "P:s3cr3t"') == typed


def test_what_was_typed_anew_stays_as_it_was_typed() -> None:
    assert unmasked('"P:new"', '"P:old"') == '"P:new"'


def test_another_number_of_passwords_brings_none_back() -> None:
    assert unmasked(f'"P:{MASK}" "P:{MASK}"', '"P:one"') == f'"P:{MASK}" "P:{MASK}"'
    assert unmasked(f'"U:{MASK}"', '"U:relay" "P:one"') == f'"U:{MASK}"'
    assert unmasked(f'"P:new" "P={MASK}"', '"P:one" "P=dHdv"') == '"P:new" "P=dHdv"'


def test_only_a_table_that_holds_passwords_hides_any() -> None:
    entry = Entry("sales", '"|/usr/bin/vacation" "P:; rm -rf x"', comment='"P:x"')
    assert ALIASES.masked(entry) == entry
    assert ALIASES.shown(entry.value) == entry.value
    assert ACCESS.shown('"P:x"') == f'"P:{MASK}"'


def test_an_entry_is_hidden_in_all_of_its_lines() -> None:
    entry = Entry(KEY, "P:x", "authinfo P:y", True, 1, "#  authinfo P:y\n", "AuthInfo:smart.example  P:x\n")
    hidden = ACCESS.masked(entry)
    assert [hidden.value, hidden.comment, hidden.above, hidden.raw] == [
        f"P:{MASK}",
        f"authinfo P:{MASK}",
        f"#  authinfo P:{MASK}\n",
        f"AuthInfo:smart.example  P:{MASK}\n",
    ]
    assert unhidden(ACCESS, hidden, entry) == entry


def test_under_another_key_no_password_comes_back() -> None:
    hidden = Entry("authinfo:other.example", f'"P:{MASK}"')
    assert unhidden(ACCESS, hidden, Entry(KEY, '"P:x"')) == hidden
    assert unhidden(ACCESS, hidden, None) == hidden
    assert unhidden(ALIASES, hidden, hidden) == hidden


def test_dots_in_place_of_a_password_are_an_error() -> None:
    found = [problem for problem in check_entry(ACCESS, Entry(KEY, f'"P:{MASK}"')) if problem.grade is Grade.ERROR]
    assert [problem.rule for problem in found] == ["access.masked-password"]
    assert not check_entry(ALIASES, Entry("sales", f'"|/bin/x {MASK}"'))[1:]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_is_hidden_whatever_its_chunks(size: int) -> None:
    text = '# x\r\nAuthInfo:a\t"P:s3cr3t"\nhttp:\xe9\tp: y\n#AuthInfo:b P:s3cr3t'.encode()
    mask = Mask()
    hidden = b"".join(mask.over(text[start : start + size] for start in range(0, len(text), size)))
    assert hidden == f'# x\r\nAuthInfo:a\t"P:{MASK}"\nhttp:\xe9\tp: y\n#AuthInfo:b P:{MASK}'.encode()
    assert mask.lines == 2
    assert has_password([text])
    assert not has_password([b"Connect:192.0.2\tREJECT\n"])
