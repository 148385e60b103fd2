"""Where a person, an address or a domain stands, and where it only looks so."""

import pytest

from tables.sendmail import mentions
from tables.sendmail.mentions import NothingSoughtError, Sought, What, read
from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import TABLES

JDOE, ADDRESS, OLD = read("jdoe"), read("JDoe@old.example"), read("old.example")
ANNA, NEW = read("anna"), read("new.example")


def table(name: str) -> TableSpec:
    return TABLES[name]


@pytest.mark.parametrize(
    ("text", "what", "is_"),
    [
        ("jdoe", "", What.PERSON),
        ("jdoe@old.example", "", What.ADDRESS),
        ("Old.Example", "", What.DOMAIN),
        ("j.smith", "person", What.PERSON),
        ("müller.example", "", What.DOMAIN),
    ],
)
def test_what_is_sought_shows_by_itself_unless_it_is_said(text: str, what: str, is_: What) -> None:
    assert read(text, what).what is is_


def test_an_international_domain_is_sought_as_tables_hold_it() -> None:
    assert read("müller.example") == Sought(What.DOMAIN, "xn--mller-kva.example")


@pytest.mark.parametrize(
    ("text", "what", "said"),
    [
        (" ", "", "Nothing to look for"),
        ("old", "domain", "is no domain"),
        ("jdoe", "address", "is no address"),
        ("a b@x.example", "", "is no address"),
        ("a,b", "", "is no user's name"),
    ],
)
def test_what_is_nothing_of_the_kind_is_said(text: str, what: str, said: str) -> None:
    with pytest.raises(NothingSoughtError, match=said):
        read(text, what)


@pytest.mark.parametrize(
    ("sought", "name", "key", "stands"),
    [
        (JDOE, "aliases", "jdoe", True),
        (JDOE, "aliases", "jdoe+lists", True),
        (JDOE, "aliases", "owner-jdoe", False),
        (JDOE, "aliases", "jdoe2", False),
        (JDOE, "aliases", "ajdoe", False),
        (JDOE, "virtusertable", "jdoe@new.example", True),
        (JDOE, "virtusertable", "jdoe+*@new.example", True),
        (JDOE, "virtusertable", "anna@jdoe.example", False),
        (JDOE, "access", "from:jdoe@", True),
        (JDOE, "access", "jdoe", False),
        (JDOE, "access", "certissuer:/cn=jdoe", False),
        (JDOE, "relay-domains", "jdoe", False),
        (JDOE, "genericstable", "jdoe", True),
        (ADDRESS, "virtusertable", "jdoe@old.example", True),
        (ADDRESS, "virtusertable", "jdoe+x@old.example", True),
        (ADDRESS, "virtusertable", "ajdoe@old.example", False),
        (ADDRESS, "virtusertable", "jdoe@old.example.com", False),
        (ADDRESS, "access", "to:jdoe@old.example", True),
        (OLD, "virtusertable", "@old.example", True),
        (OLD, "virtusertable", "x@mail.old.example", True),
        (OLD, "virtusertable", "x@evilold.example", False),
        (OLD, "virtusertable", "x@very-old.example", False),
        (OLD, "mailertable", ".old.example", True),
        (OLD, "mailertable", "old.example.com", False),
        (OLD, "access", "connect:old.example", True),
        (OLD, "local-host-names", "old.example", True),
    ],
)
def test_a_key_is_of_it_or_is_not(sought: Sought, name: str, key: str, stands: bool) -> None:
    assert mentions.in_key(table(name), key, sought) is stands


@pytest.mark.parametrize(
    ("sought", "name", "value", "stands"),
    [
        (JDOE, "aliases", "anna, jdoe", True),
        (JDOE, "aliases", r"\jdoe", True),
        (JDOE, "aliases", "Jane <jdoe@x.example>", True),
        (JDOE, "aliases", "anna, jdoe2", False),
        (JDOE, "aliases", '"|/home/jdoe/bin/filter jdoe"', False),
        (JDOE, "aliases", "/var/mail/jdoe", False),
        (JDOE, "virtusertable", "jdoe", True),
        (JDOE, "virtusertable", "error:nouser 550 jdoe left", False),
        (JDOE, "mailertable", "esmtp:[jdoe]", False),
        (JDOE, "mailertable", "nonsense", False),
        (JDOE, "access", "REJECT", False),
        (ADDRESS, "aliases", "anna, jdoe@old.example", True),
        (OLD, "mailertable", "esmtp:[mx.old.example]:[mx2.other.example]", True),
        (OLD, "mailertable", "esmtp:[ipv6:2001:db8::1]", False),
        (OLD, "mailertable", "error:5.1.2:550 old.example moved", False),
        (OLD, "virtusertable", "%1@old.example", True),
        (OLD, "relay-domains", "", False),
    ],
)
def test_a_value_leads_to_it_or_does_not(sought: Sought, name: str, value: str, stands: bool) -> None:
    assert mentions.in_value(table(name), value, sought) is stands


@pytest.mark.parametrize(
    ("name", "value", "sought", "other", "left"),
    [
        ("aliases", "jdoe, bert", JDOE, ANNA, "anna, bert"),
        ("aliases", "jdoe+x, bert", JDOE, ANNA, "anna+x, bert"),
        ("aliases", "bert, jdoe, anna", JDOE, ANNA, "bert, anna"),
        ("aliases", "jdoe, anna", JDOE, ANNA, "anna"),
        ("aliases", "bert, bert, jdoe", JDOE, ANNA, "bert, bert, anna"),
        ("aliases", "jdoe@old.example, /jdoe", read("jdoe@old.example"), read("anna@new.example"),
         "anna@new.example, /jdoe"),
        ("virtusertable", "jdoe+a@old.example", ADDRESS, ANNA, "anna+a"),
        ("virtusertable", "jdoe+a@old.example", ADDRESS, read("anna@new.example"), "anna+a@new.example"),
        ("mailertable", "esmtp:[mx.old.example]", OLD, NEW, "esmtp:[mx.new.example]"),
    ],
)  # fmt: skip
def test_another_takes_its_place(name: str, value: str, sought: Sought, other: Sought, left: str) -> None:
    assert mentions.other_value(table(name), value, sought, other) == left


def test_a_value_without_targets_stays_what_it_is() -> None:
    assert mentions.other_value(table("virtusertable"), "error:nouser 550 x", JDOE, ANNA) == ""


def test_a_key_keeps_its_tag_and_what_is_under_the_domain() -> None:
    assert mentions.other_key(table("access"), "connect:mail.old.example", OLD, NEW) == "connect:mail.new.example"
    assert mentions.other_key(table("virtusertable"), "jdoe+*@x.example", JDOE, ANNA) == "anna+*@x.example"


@pytest.mark.parametrize(
    ("name", "value", "sought", "left"),
    [
        ("aliases", "jdoe, bert", JDOE, "bert"),
        ("aliases", "bert,jdoe , carl", JDOE, "bert, carl"),
        ("aliases", "jdoe", JDOE, ""),
        ("virtusertable", "jdoe", JDOE, ""),
        ("mailertable", "esmtp:[mx.old.example]:[mx.new.example]", OLD, "esmtp:[mx.new.example]"),
        ("mailertable", "esmtp:[mx.old.example]", OLD, ""),
    ],
)
def test_it_is_taken_out_and_the_rest_stays(name: str, value: str, sought: Sought, left: str) -> None:
    assert mentions.without(table(name), value, sought) == left


def test_every_text_in_which_it_stands_has_the_needle() -> None:
    assert (JDOE.needle, ADDRESS.needle, OLD.needle) == ("jdoe", "@old.example", "old.example")
