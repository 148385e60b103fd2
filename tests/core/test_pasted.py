"""Addresses as they are pasted: the one that is meant, and what stood around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables.sendmail.fixing import fixed
from tables.sendmail.pasted import Pasted, clean, read, unseen
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.syntax.typed import check_typed, replaced
from tables.sendmail.tables import TABLES, check_entry, normalise_key

JANE = "jane@example.com"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("jane@example.com", ""),
        ("  jane@example.com \t", ""),
        ("jane@example.com,", ""),
        ("jane@example.com.", ""),
        ("jane@example.com;,.", ""),
        ("<jane@example.com>", ""),
        ("< jane@example.com >,", ""),
        ('"jane@example.com"', ""),
        ("'jane@example.com',", ""),
        ("Jane <jane@example.com>", "Jane"),
        ("Jane Doe<jane@example.com>", "Jane Doe"),
        ('"Doe, Jane" <jane@example.com>;', "Doe, Jane"),
        ("'Jane Doe' <jane@example.com>", "Jane Doe"),
        (r'"Jane \"JD\" Doe" <jane@example.com>', 'Jane "JD" Doe'),
        ("jane@example.com <jane@example.com>", ""),
        ("jane@example.com <mailto:jane@example.com>", ""),
        ("mailto:jane@example.com", ""),
        ("MAILTO:jane@example.com?subject=Hi&cc=x@example.com", ""),
        ("<mailto:jane@example.com>", ""),
        ("jane@example.com (Jane Doe)", "Jane Doe"),
        ("jane@example.com(Jane)", "Jane"),
    ],
)
def test_what_is_understood(text: str, name: str) -> None:
    assert read(text) == Pasted(JANE, name)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", "<>", "()", '""', "mailto:", "a@example.com, b@example.com", "a@example.com b@example.com"),
        *(
            "a@example.com; b@example.com",
            "A <a@example.com>, B <b@example.com>",
            "<<a@example.com>>",
            "a <b",
            "jane doe",
        ),
        "<a@example.com",
    ],
)
def test_what_is_no_one_address_is_not_guessed(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", [".", "10.1.", "@example.com", "user@", '"a b"@example.com'.replace(" ", "_")])
def test_what_a_key_may_be_stays(text: str) -> None:
    assert read(text) == Pasted(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain@example.com", "plain@example.com"),
        ("a\u200bb\ufeff\u00ad\u2060\u202e\u3164c", "abc"),
        ("a\u00a0b\u3000c", "a b c"),
        ("jane＠example．com", "jane@example.com"),
        ("“Doe， Jane” ＜jane﹫example。com＞", '"Doe, Jane" <jane@example.com>'),
        ("‘x’", "'x'"),
        ("نامه\u200cای", "نامه\u200cای"),  # a joiner between letters that it joins
        ("a\u200cb", "ab"),
        ("\u200cنامه", "نامه"),
        ("نامه\u200c\u200b", "نامه"),
        ("münchen", "münchen"),
    ],
)
def test_characters_that_nobody_typed_go(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_what_nobody_sees_is_named() -> None:
    assert unseen("a\u200bb\u00a0") == [("ZERO WIDTH SPACE", 2), ("NO-BREAK SPACE", 4)]
    assert unseen("a\U000e0001") == [("LANGUAGE TAG", 2)]
    assert unseen("plain") == unseen("münchen") == unseen("نامه\u200cای") == []


@given(st.text(max_size=60))
def test_any_text_is_read_or_not(text: str) -> None:
    found = read(clean(text))
    assert found is None or (found.address and not set(found.address) & set(" \t,;()<>"))
    for table in TABLES.values():
        check_typed(table, Entry(text, text))


# --- in the tables ----------------------------------------------------------------------------------------------------


def made(table: str, key: str, value: str, comment: str = "") -> Entry:
    """What one click after another makes of an entry as typed."""
    spec, entry = TABLES[table], Entry(key, value, comment)
    for _ in range(3):
        wanted = Entry(normalise_key(spec, entry.key), entry.value.strip(), entry.comment)
        found = replaced(check_entry(spec, wanted), check_typed(spec, entry))
        fix = next((problem.fix for problem in found if problem.fix), None)
        if fix is None:
            assert not [problem for problem in found if problem.grade is Grade.ERROR]
            return wanted
        [entry] = fixed(spec, entry, fix)
    raise AssertionError("There is no end of fixes.")


@pytest.mark.parametrize(
    ("table", "key", "stored", "comment"),
    [
        ("virtusertable", "Jane Doe <Jane@Example.com>", "jane@example.com", "Jane Doe"),
        ("virtusertable", '"Doe, Jane" <jane@example.com>', "jane@example.com", "Doe, Jane"),
        ("virtusertable", "“Doe, Jane” <jane@münchen.example>", "jane@xn--mnchen-3ya.example", "Doe, Jane"),
        ("virtusertable", "mailto:jane@example.com", "jane@example.com", ""),
        ("virtusertable", "jane@example.com (Jane)", "jane@example.com", "Jane"),
        ("virtusertable", "\ufeffjane\u200b@example.com\u00a0,", "jane@example.com", ""),
        ("genericstable", "<jane@example.com>", "jane@example.com", ""),
        ("access", "From: Jane <jane@example.com>", "from:jane@example.com", "Jane"),
        ("access", "To:mailto:jane@example.com", "to:jane@example.com", ""),
        ("access", "From:example.com,", "from:example.com", ""),
        ("aliases", "Jane Doe <Jane>", "jane", "Jane Doe"),
        ("aliases", "jane,", "jane", ""),
        ("mailertable", "example.com;", "example.com", ""),
        ("relay-domains", "<example.com>", "example.com", ""),
        ("local-host-names", "“example.com”", "example.com", ""),
    ],
)
def test_a_pasted_key_becomes_the_address(table: str, key: str, stored: str, comment: str) -> None:
    value = {"access": "REJECT", "mailertable": "esmtp:[mail.example.org]"}.get(table, "bob")
    entry = made(table, key, value if TABLES[table].has_value else "")
    assert (entry.key, entry.comment) == (stored, comment)


def test_a_name_does_not_replace_a_comment() -> None:
    assert made("virtusertable", "Jane <jane@example.com>", "bob", "ours").comment == "ours"


@pytest.mark.parametrize(
    ("value", "stored", "comment"),
    [
        ("Bob <bob@example.org>", "bob@example.org", "Bob"),
        ("bob@example.org,", "bob@example.org", ""),
        ("mailto:bob@example.org", "bob@example.org", ""),
        ("“Bob” <bob@münchen.example>", "bob@xn--mnchen-3ya.example", "Bob"),
        ("bob@example.org.", "bob@example.org.", ""),
        ("bob", "bob", ""),
        ("error:nouser <bob@example.org>", 'error:nouser "<bob@example.org>"', ""),
    ],
)
@pytest.mark.parametrize("table", ["virtusertable", "genericstable"])
def test_a_pasted_value_becomes_the_address(table: str, value: str, stored: str, comment: str) -> None:
    if table == "genericstable" and value.startswith("error:"):
        value = stored = "bob@example.org"
    entry = made(table, "jane@example.com", value)
    assert (entry.value, entry.comment) == (stored, comment)


def test_letters_of_a_value_are_the_warning_of_any_value() -> None:
    assert check_typed(TABLES["virtusertable"], Entry("jane@example.com", "bob＠example.org")) == []
    assert made("virtusertable", "jane@example.com", "bob＠example.org").value == "bob@example.org"


def test_an_alias_may_keep_names_in_its_targets() -> None:
    assert made("aliases", "sales", "Bob <bob@example.org>, alice").value == "Bob <bob@example.org>, alice"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("aliases", "Jane <jane@example.com>"),  # an alias has no domain
        ("virtusertable", "a@example.com, b@example.com"),
        ("virtusertable", "jane <jane@>"),
        ("virtusertable", "info@bücher.example"),  # letters are the warning of any key
        ("aliases", "jane doe"),
    ],
)
def test_what_no_click_puts_right_is_left_to_the_table(table: str, key: str) -> None:
    assert check_typed(TABLES[table], Entry(key, "bob")) == []


def test_a_key_that_a_file_has_may_stay() -> None:
    spec = TABLES["virtusertable"]
    entry = Entry("jane\u200b@example.com", "bob")
    assert [found.rule for found in check_typed(spec, entry)] == ["key.pasted"]
    assert check_typed(spec, entry, "jane\u200b@example.com") == []


def test_what_nobody_sees_in_a_pasted_key_is_named() -> None:
    [problem] = check_typed(TABLES["virtusertable"], Entry("jane\u200b@example.com", "bob"))
    assert "ZERO WIDTH SPACE at character 5 of “jane\\u200B@example.com”" in problem.message
    assert problem.grade is Grade.ERROR
