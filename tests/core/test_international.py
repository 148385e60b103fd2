"""Domains in the letters of any language: to A-labels and back, shown only where they cannot deceive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables.sendmail.fixing import fixed
from tables.sendmail.international import bad_label, hosts_to_ascii, in_letters, to_ascii, word_to_ascii
from tables.sendmail.spec import Entry, Grade, Problem
from tables.sendmail.syntax import letters
from tables.sendmail.tables import TABLES, check_entry

MUNICH = "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("domain", "ascii_form"),
    [
        ("münchen.example", MUNICH),
        ("MÜNCHEN.Example", MUNICH),
        ("mu\u0308nchen.example", MUNICH),  # u and a diaeresis of its own
        ("ｍünchen。example", MUNICH),
        ("münchen.example.", MUNICH),
        ("straße.example", "xn--strae-oqa.example"),  # not strasse: IDNA 2008 keeps ß
        ("_x.münchen.example", f"_x.{MUNICH}"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("נתניה.example", "xn--8dbjua3c.example"),
        ("example.com", "example.com"),
    ],
)
def test_a_domain_has_one_form_in_ascii(domain: str, ascii_form: str) -> None:
    assert to_ascii(domain) == ascii_form


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "",
            ".",
            "a..ü",
            "-ü.example",
            "ü b.example",
            "ü/x",
            "ü:x",
            "ü>",
            "x@ü.example",
            "*.ü.example",
            "ü\0.example",
        ),
        *("אa.ü", "❤.example", "xn--zzzz.ü", f"{'ü' * 64}.example", ".".join(["ü" * 20] * 12), "ü" * 10_000),
        "\u202eü.example",
    ],
)
def test_what_is_no_domain_has_none(domain: str) -> None:
    assert to_ascii(domain) is None


@given(st.text(max_size=80))
def test_any_text_has_an_ascii_form_or_none(text: str) -> None:
    made = to_ascii(text)
    assert made is None or (made.isascii() and len(made) <= 253 and to_ascii(made) == made)
    hosts_to_ascii(text)
    bad_label(text)
    in_letters(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"user@{MUNICH}", ["münchen.example"]),
        (f"Connect:{MUNICH.upper()}", ["münchen.example"]),
        (f"esmtp:[mail.{MUNICH}]:{MUNICH}", ["mail.münchen.example", "münchen.example"]),
        (f"a@{MUNICH}, b@{MUNICH}", ["münchen.example"]),
        ("xn--r8jz45g.xn--zckzah", ["例え.テスト"]),
        ("xn--4dkp5a8a.example", ["ラーメン.example"]),
        ("xn--e1afmkfd.xn--p1ai", ["пример.рф"]),
        ("xn--8dbjua3c.example", ["נתניה.example"]),
        ("example.com", []),
        ("notxn--mnchen-3ya.example", []),
    ],
)
def test_a_labels_are_shown_in_their_letters(text: str, shown: list[str]) -> None:
    assert in_letters(text) == shown


@pytest.mark.parametrize(
    "letters_",
    [
        "аррӏе",  # Cyrillic throughout, and every letter looks Latin
        "pаypal",  # one Cyrillic letter among Latin ones
        "gοοgle",  # Greek omicron
        "ωου",
        "例aа",
        "ע٣",
    ],
)
def test_what_could_pass_for_another_domain_is_shown_in_ascii_only(letters_: str) -> None:
    import idna

    label = idna.alabel(letters_).decode()
    assert in_letters(f"user@{label}.com") == []
    assert bad_label(label) == ""


@pytest.mark.parametrize("letters_", ["한국abc", "東京タワー", "人々", "l·l", "देवनागरी", "ñ1-2"])
def test_scripts_that_belong_together_are_shown(letters_: str) -> None:
    import idna

    assert in_letters(f"{idna.alabel(letters_).decode()}.example") == [f"{letters_}.example"]


@pytest.mark.parametrize("label", ["xn--zzzz", "xn--", "xn--a", "xn--mnchen-3ya-", "xn--MNCHEN"])
def test_a_label_that_stands_for_nothing_is_found(label: str) -> None:
    assert bad_label(f"user@{label}.example") == label.lower()
    assert in_letters(f"{label}.example") == []


# --- in the tables ----------------------------------------------------------------------------------------------------


def problems(table: str, key: str, value: str) -> list[Problem]:
    return check_entry(TABLES[table], Entry(key, value))


def test_an_ascii_domain_needs_no_other_form() -> None:
    assert letters.key_in_ascii(TABLES["virtusertable"], "a@example.com") == "a@example.com"
    assert letters.value_in_ascii(TABLES["virtusertable"], "b@example.com") == "b@example.com"


@pytest.mark.parametrize(
    ("table", "key", "value", "made"),
    [
        ("virtusertable", "user@münchen.example", "alice", f"user@{MUNICH}"),
        ("virtusertable", "@münchen.example", "alice", f"@{MUNICH}"),
        ("virtusertable", "user＠münchen.example", "alice", f"user@{MUNICH}"),
        ("virtusertable", "user\u200b@example.com", "alice", "user@example.com"),
        ("access", "to:münchen.example", "REJECT", f"to:{MUNICH}"),
        ("access", "from:user@münchen.example", "REJECT", f"from:user@{MUNICH}"),
        ("access", "connect:münchen.example", "REJECT", f"connect:{MUNICH}"),
        ("mailertable", ".münchen.example", "esmtp:[mail.example.com]", f".{MUNICH}"),
        ("genericstable", "@münchen.example", "%1@example.com", f"@{MUNICH}"),
        ("relay-domains", "münchen.example", "", MUNICH),
        ("local-host-names", "münchen.example", "", MUNICH),
    ],
)
def test_a_key_in_other_letters_is_a_warning_with_a_fix(table: str, key: str, value: str, made: str) -> None:
    problem = next(found for found in problems(table, key, value) if found.rule == "key.8-bit")
    assert problem.grade is Grade.WARNING
    assert problem.fix is not None
    assert [entry.key for entry in fixed(TABLES[table], Entry(key, value), problem.fix)] == [made]
    assert not [found for found in problems(table, made, value) if found.rule == "key.8-bit"]


@pytest.mark.parametrize(
    ("table", "key", "remedy"),
    [
        ("aliases", "jürgen", "Write it in ASCII."),
        ("genericstable", "jürgen", "Write it in ASCII."),
        ("virtusertable", "jürgen@example.com", "Write the part before the domain in ASCII."),
        ("virtusertable", "jürgen@münchen.example", "Write the part before the domain in ASCII."),
        ("virtusertable", "a b@münchen.example", "Write it in ASCII."),
        ("relay-domains", "❤.example", "Write it in ASCII."),
        ("access", "certissuer:/c=de/o=münchen", "Write it in ASCII."),
        ("access", "compat:a@münchen.example<@>b@münchen.example", "Write it in ASCII."),
    ],
)
def test_what_has_no_ascii_form_is_said_and_left(table: str, key: str, remedy: str) -> None:
    problem = next(found for found in problems(table, key, "root") if found.rule == "key.8-bit")
    assert (problem.remedy, problem.fix) == (remedy, None)


def test_a_character_that_nobody_sees_is_named_with_its_place() -> None:
    [problem] = problems("virtusertable", "user\u202e@example\u00ad.com", "alice")
    assert problem.message == (
        "The key contains a character that nobody sees: RIGHT-TO-LEFT OVERRIDE at character 5 and 1 more like it."
    )


@pytest.mark.parametrize(
    ("table", "value", "rule", "made"),
    [
        ("virtusertable", "jane@münchen.example", "value.8-bit", f"jane@{MUNICH}"),
        ("virtusertable", "jane＠example.com", "value.8-bit", "jane@example.com"),
        ("virtusertable", "jane@example\u200b.com", "value.invisible", "jane@example.com"),
        ("genericstable", "jane@münchen.example", "value.8-bit", f"jane@{MUNICH}"),
        ("mailertable", "esmtp:[mail.münchen.example]", "value.8-bit", f"esmtp:[mail.{MUNICH}]"),
        ("mailertable", "esmtp:münchen.example:b.example", "value.8-bit", f"esmtp:{MUNICH}:b.example"),
        ("aliases", "bob, Jürgen <j@münchen.example>", "value.8-bit", f"bob, Jürgen <j@{MUNICH}>"),
        ("aliases", "“|/bin/x y”", "value.8-bit", '"|/bin/x y"'),
        ("access", "ERROR:5.7.1:“550 no”", "value.8-bit", 'ERROR:5.7.1:"550 no"'),
    ],
)
def test_a_value_in_other_letters_is_a_warning_with_a_fix(table: str, value: str, rule: str, made: str) -> None:
    key = {"access": "from:a@example.com", "mailertable": "example.org", "aliases": "a"}.get(table, "a@example.org")
    problem = problems(table, key, value)[0]
    assert (problem.rule, problem.grade) == (rule, Grade.WARNING)
    assert problem.fix is not None
    assert problem.fix.value == made
    assert not {"value.8-bit", "value.invisible"} & {found.rule for found in problems(table, key, made)}


def test_a_local_part_in_a_value_is_said_and_left() -> None:
    [problem] = problems("virtusertable", "a@example.com", "jürgen")
    assert (problem.rule, problem.fix) == ("value.8-bit", None)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("virtusertable", "a@example.com", "error:nouser Größe unbekannt"),
        ("access", "from:a@example.com", 'ERROR:5.7.1:"550 für jürgen@münchen.example"'),
        ("aliases", "a", "b, Jürgen <b@example.com>"),
    ],
)
def test_a_text_may_be_in_any_letters(table: str, key: str, value: str) -> None:
    assert [found.rule for found in problems(table, key, value) if found.rule.startswith("value.")] == []


@pytest.mark.parametrize(
    ("table", "key", "value", "rule"),
    [
        ("relay-domains", "xn--zzzz.example", "", "key.a-label"),
        ("virtusertable", "a@xn--zzzz.example", "alice", "key.a-label"),
        ("virtusertable", "a@example.com", "b@xn--zzzz.example", "value.a-label"),
        ("mailertable", "example.com", "esmtp:[xn--zzzz.example]", "value.a-label"),
    ],
)
def test_a_bad_a_label_is_warned_of(table: str, key: str, value: str, rule: str) -> None:
    [problem] = problems(table, key, value)
    assert (problem.rule, problem.grade, problem.fix) == (rule, Grade.WARNING, None)


def test_a_good_a_label_is_not() -> None:
    assert problems("virtusertable", f"a@{MUNICH}", f"b@{MUNICH}") == []


def test_one_click_removes_a_byte_order_mark() -> None:
    [problem] = problems("virtusertable", "\ufeffa@example.com", "alice")
    assert problem.rule == "key.bom"
    assert problem.fix is not None
    assert problem.fix.keys == ("a@example.com",)
    [alone] = problems("virtusertable", "\ufeff", "alice")
    assert alone.fix is None


@pytest.mark.parametrize(
    ("word", "ascii_form"),
    [
        ("münchen", "xn--mnchen-3ya"),
        (".münchen", ".xn--mnchen-3ya"),
        ("a@münchen.example", f"a@{MUNICH}"),
        ("jürgen@example.com", "jürgen@example.com"),
        ("❤", "❤"),
        ("plain", "plain"),
    ],
)
def test_a_word_that_is_looked_for_has_its_ascii_form(word: str, ascii_form: str) -> None:
    assert word_to_ascii(word) == ascii_form
