"""Which domain a key lies in and where a value leads, for who may edit only some domains: outside when in doubt."""

import pytest

from tables.sendmail.tables import TABLES, normalise_key
from tables.sendmail.territory import bounds, covers, domain_of, turned, zone

A_LABEL = "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("table", "key", "domain"),
    [
        ("virtusertable", "info@a.example", "a.example"),
        ("virtusertable", "info@shop.a.example", "shop.a.example"),
        ("virtusertable", "@a.example", "a.example"),
        ("virtusertable", "user+*@a.example", "a.example"),
        ("virtusertable", "++@a.example", "a.example"),
        ("virtusertable", "INFO@A.Example", "a.example"),
        ("virtusertable", f"info@{A_LABEL}", A_LABEL),
        ("virtusertable", "info@bücher.example", A_LABEL),
        ("virtusertable", "info@BÜCHER.example", A_LABEL),
        ("virtusertable", "info@evila.example", "evila.example"),
        ("virtusertable", "info", ""),
        ("virtusertable", "a.example", ""),
        ("virtusertable", "info@", ""),
        ("virtusertable", "info@example", ""),
        ("virtusertable", "info@a.example.", ""),
        ("virtusertable", "info@bücher.example.", ""),
        ("virtusertable", "info@.a.example", ""),
        ("virtusertable", "info@a..example", ""),
        ("virtusertable", "info@192.0.2.1", ""),
        ("virtusertable", "info@[192.0.2.1]", ""),
        ("virtusertable", "info@b.example@a.example", ""),
        ("virtusertable", '"info@b.example"@a.example', ""),
        ("virtusertable", "<info@a.example>", ""),
        ("virtusertable", "b.example,info@a.example", ""),
        ("virtusertable", "list:info@a.example", ""),
        ("virtusertable", "in\\fo@a.example", ""),
        ("virtusertable", "in\x01fo@a.example", ""),
        ("virtusertable", "in fo@a.example", ""),
        ("virtusertable", "info@a.example x", ""),
        ("virtusertable", "info@xn--a.example", ""),
        ("virtusertable", "info@bü‥cher.example", ""),
        ("genericstable", "alice@a.example", "a.example"),
        ("genericstable", "@a.example", "a.example"),
        ("genericstable", "alice", ""),
        ("mailertable", "a.example", "a.example"),
        ("mailertable", ".a.example", "a.example"),
        ("mailertable", "..a.example", ""),
        ("mailertable", ".", ""),
        ("mailertable", "example", ""),
        ("mailertable", "info@a.example", ""),
        ("relay-domains", "a.example", "a.example"),
        ("relay-domains", ".a.example", "a.example"),
        ("relay-domains", "192.0.2", ""),
        ("relay-domains", "192.0.2.1", ""),
        ("relay-domains", "ipv6:2001:db8", ""),
        ("relay-domains", "[192.0.2.1]", ""),
        ("relay-domains", "a.example,b.example", ""),
        ("local-host-names", "a.example", "a.example"),
        ("local-host-names", "localhost", ""),
        ("access", "a.example", "a.example"),
        ("access", "connect:a.example", "a.example"),
        ("access", "connect:.a.example", "a.example"),
        ("access", "from:info@a.example", "a.example"),
        ("access", "to:a.example", "a.example"),
        ("access", "tls_rcpt:info@a.example", "a.example"),
        ("access", "info@a.example", "a.example"),
        ("access", "authinfo:mail.a.example", "mail.a.example"),
        ("access", "clientrate:a.example", "a.example"),
        ("access", "from:info@", ""),
        ("access", "info@", ""),
        ("access", "from:@a.example", ""),
        ("access", "@a.example", ""),
        ("access", "connect:info@a.example", ""),
        ("access", "connect:192.0.2", ""),
        ("access", "192.0.2.1", ""),
        ("access", "connect:[a.example]", ""),
        ("access", "connect:ipv6:2001:db8", ""),
        ("access", "ipv6:2001:db8", ""),
        ("access", "clientrate:", ""),
        ("access", "mail:a.example", ""),
        ("access", "certissuer:a.example", ""),
        ("access", "certissuer:/c=us/cn=x@a.example", ""),
        ("access", "compat:x@a.example<@>y@a.example", ""),
        ("access", "to:x@b.example@a.example", ""),
        ("aliases", "sales", ""),
        ("aliases", "info@a.example", ""),
    ],
)
def test_a_key_lies_in_a_domain_or_outside_all_of_them(table: str, key: str, domain: str) -> None:
    assert TABLES[table].lies_in(key) == domain
    assert zone(TABLES[table], key) == turned(domain)


@pytest.mark.parametrize(
    ("table", "value", "domains"),
    [
        ("virtusertable", "bob@a.example", ["a.example"]),
        ("virtusertable", " Bob+x@A.Example\r", ["a.example"]),
        ("virtusertable", "%1@a.example", ["a.example"]),
        ("virtusertable", "%1%3@a.example", ["a.example"]),
        ("virtusertable", "bob@bücher.example", [A_LABEL]),
        ("virtusertable", "%1@other.example", ["other.example"]),
        ("virtusertable", "error:nouser 550 No such user", []),
        ("virtusertable", 'ERROR:5.1.1:"550 bob@b.example moved"', []),
        ("virtusertable", "bob", [""]),
        ("virtusertable", "%1", [""]),
        ("virtusertable", "%1@%2", [""]),
        ("virtusertable", "bob@%1.a.example", [""]),
        ("virtusertable", "error:bob", [""]),
        ("virtusertable", "error:bob@b.example x", [""]),
        ("virtusertable", '"error:nouser 550 x"', [""]),
        ("virtusertable", "bob@b.example,bob@a.example", [""]),
        ("virtusertable", "bob@b.example bob@a.example", [""]),
        ("virtusertable", "<bob@b.example>bob@a.example", [""]),
        ("virtusertable", "bob@a.example <bob@b.example>", [""]),
        ("virtusertable", "bob@b.example(x)@a.example", [""]),
        ("virtusertable", "@b.example:bob@a.example", [""]),
        ("virtusertable", "bob%b.example@a.example", [""]),
        ("virtusertable", "b.example!bob@a.example", [""]),
        ("virtusertable", '"bob@b.example"@a.example', [""]),
        ("virtusertable", "|/bin/sh@a.example", [""]),
        ("virtusertable", "\\bob", [""]),
        ("virtusertable", "bob@a.example.", [""]),
        ("virtusertable", "", [""]),
        ("genericstable", "alice.smith@a.example", ["a.example"]),
        ("genericstable", "alice.smith", [""]),
        ("genericstable", "error:nouser 550 x", [""]),
        ("mailertable", "esmtp:[mail.a.example]", ["mail.a.example"]),
        ("mailertable", "smtp:mx.a.example:[mx.b.example]", ["mx.a.example", "mx.b.example"]),
        ("mailertable", "error:5.1.2:550 gone", []),
        ("mailertable", "error:", [""]),
        ("mailertable", "esmtp:[192.0.2.1]", [""]),
        ("mailertable", "esmtp:", [""]),
        ("mailertable", "esmtp:[mail.a.example", [""]),
        ("mailertable", "esmtp:a.example,b.example", [""]),
        ("mailertable", "esmtp:%1.a.example", [""]),
        ("mailertable", "local:bob", [""]),
        ("mailertable", "prog:|/bin/sh", [""]),
        ("mailertable", "mail.a.example", [""]),
        ("access", "RELAY", []),
        ("relay-domains", "", []),
        ("aliases", "bob@b.example", []),
    ],
)
def test_a_value_leads_to_domains_or_outside_them(table: str, value: str, domains: list[str]) -> None:
    assert list(TABLES[table].leads_to("info@a.example", value)) == domains


@pytest.mark.parametrize("key", ["@a.example", "+*@a.example", "++@a.example", "*@a.example"])
@pytest.mark.parametrize("table", ["virtusertable", "genericstable"])
def test_a_key_for_every_user_of_a_domain_is_a_catch_all(table: str, key: str) -> None:
    assert TABLES[table].is_catch_all(key)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("virtusertable", "info@a.example"),
        ("virtusertable", "user+*@a.example"),
        ("virtusertable", "a.example"),
        ("mailertable", ".a.example"),
        ("access", "to:a.example"),
        ("aliases", "sales"),
    ],
)
def test_other_keys_are_none(table: str, key: str) -> None:
    assert not TABLES[table].is_catch_all(key)


def test_names_of_aliases_lie_in_no_domain_so_they_cannot_be_delegated() -> None:
    assert [name for name, table in TABLES.items() if not table.can_be_delegated] == ["aliases"]


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("a.example", True),
        ("shop.a.example", True),
        ("x.shop.a.example", True),
        ("evila.example", False),
        ("example", False),
        ("a.example.org", False),
        ("b.example", False),
        ("a-b.example", False),
        ("", False),
    ],
)
def test_a_domain_covers_itself_and_everything_under_it(name: str, inside: bool) -> None:
    assert covers("a.example", name) is inside
    low, high = bounds("a.example")
    assert (low <= turned(name) < high) is inside


def test_turned_names_of_one_domain_sort_together() -> None:
    assert turned("shop.a.example") == "example.a.shop."
    assert bounds("a.example") == ("example.a.", "example.a/")


@pytest.mark.parametrize("typed", ["Bücher.example", "BÜCHER.EXAMPLE", A_LABEL, A_LABEL.upper()])
def test_a_domain_is_one_however_it_is_typed(typed: str) -> None:
    assert domain_of(typed) == A_LABEL


@pytest.mark.parametrize("typed", ["Info@A.Example", " info@a.example "])
def test_a_key_as_typed_lies_where_it_will_be_stored(typed: str) -> None:
    table = TABLES["virtusertable"]
    assert table.lies_in(normalise_key(table, typed)) == "a.example"
