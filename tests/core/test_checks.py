"""Each rule of the checks, with what it lets pass beside it."""

from __future__ import annotations

import pytest

from tables.sendmail.spec import Entry, Grade, Kind
from tables.sendmail.tables import TABLES, UnknownTable, check_entry, get, normalise_key

ERROR, WARNING, NOTE = Grade.ERROR, Grade.WARNING, Grade.NOTE

#: (table, key, value, the rule that speaks first, its grade)
WRONG = [
    ("access", "connect:10.0.0.0/8", "RELAY", "access.cidr", ERROR),
    ("access", "from:10.0.0.0/8", "REJECT", "access.cidr", ERROR),
    ("access", "ipv6:2001:db8::/32", "REJECT", "access.cidr", ERROR),
    ("access", "connect:192.0.2.", "REJECT", "access.trailing-dot", ERROR),
    ("access", "connect:example.com.", "REJECT", "access.trailing-dot", ERROR),
    ("access", "connect:192.0.2.*", "REJECT", "access.wildcard", ERROR),
    ("access", "connect:*.example.com", "REJECT", "access.wildcard", ERROR),
    ("access", "connect:192.0.2.1:25", "REJECT", "access.port", ERROR),
    ("access", "connect:192.0.2.256", "REJECT", "access.ipv4", ERROR),
    ("access", "connect:192.0.02", "REJECT", "access.leading-zero", ERROR),
    ("access", "connect:192.0.2.0", "REJECT", "access.network-address", WARNING),
    ("access", "connect:192", "RELAY", "access.wide-network", WARNING),
    ("access", "connect:ipv6:2001:db8::1", "REJECT", "access.compressed-ipv6", WARNING),
    ("access", "connect:ipv6:2001:0db8", "REJECT", "access.leading-zero", ERROR),
    ("access", "connect:2001:db8", "REJECT", "access.ipv6-prefix", ERROR),
    ("access", "connect:ipv6", "REJECT", "access.all-ipv6", WARNING),
    ("access", "connect:[192.0.2.1]", "OK", "access.bracketed-client", WARNING),
    ("access", "connect:user@example.com", "OK", "access.address", ERROR),
    ("access", "connect:", "REJECT", "access.empty-item", WARNING),
    ("access", "hello:example.com", "REJECT", "access.unknown-tag", ERROR),
    ("access", "to:com", "RELAY", "access.top-level", WARNING),
    ("access", "from:@example.com", "REJECT", "access.leading-at", ERROR),
    ("access", "from:<a@example.com>", "REJECT", "access.address-form", ERROR),
    ("access", "from:192.0.2.1", "REJECT", "access.address-literal", WARNING),
    ("access", "from:.example.com", "REJECT", "access.leading-dot", WARNING),
    ("access", "clientrate:example.com", "5", "access.rate-by-name", ERROR),
    ("access", "clientrate:192.0.2", "five", "access.number", ERROR),
    ("access", "compat:a@example.com", "DISCARD", "access.compat", ERROR),
    ("access", "tls_srv:example.com", "VERFY", "access.tls", ERROR),
    ("access", "connect:192.0.2", "OK # lan", "access.trailing-comment", WARNING),
    ("access", "connect:192.0.2", "ERROR:250 fine", "access.reply-code", ERROR),
    ("access", "connect:192.0.2", "ERROR:4.7.1:550 no", "access.status", WARNING),
    ("access", "from:example.com", "RELAY", "access.relay-by-sender", WARNING),
    ("access", "connect:192.0.2", "RELAY (office)", "access.disguised-keyword", WARNING),
    ("access", "authinfo:example.com", "U:a P:b", "access.auth", WARNING),
    ("access", "#connect:10.1", "REJECT", "key.comment", ERROR),
    ("access", "from:*.example.com", "REJECT", "access.wildcard", ERROR),
    ("access", "from:a@10.1", "REJECT", "access.address-literal", WARNING),
    ("access", "srv_features:example.com", "A-V", "access.features", WARNING),
    ("access", "certissuer:/c=de", "MAYBE", "access.certificate", WARNING),
    ("access", "certissuer:/c=de", "SUBJECT", "access.subject", NOTE),
    ("access", "to:a@example.com", "RELAY", "access.relay-to-address", WARNING),
    ("virtusertable", "info", "alice", "virtusertable.no-domain", ERROR),
    ("virtusertable", "info@example", "alice", "virtusertable.domain", ERROR),
    ("virtusertable", "*@example.com", "alice", "virtusertable.wildcard", ERROR),
    ("virtusertable", "info@example.com.", "alice", "virtusertable.trailing-dot", ERROR),
    ("virtusertable", "info@example.com", "alice@", "virtusertable.no-domain", WARNING),
    ("virtusertable", "info@example.com", "a@b.example, c@d.example", "virtusertable.several-addresses", WARNING),
    ("virtusertable", "info@example.com", "|/bin/x", "virtusertable.not-here", WARNING),
    ("virtusertable", "info@example.com", "REJECT", "virtusertable.keyword", WARNING),
    ("virtusertable", "info@example.com", "error:550 No", "virtusertable.error-form", WARNING),
    ("virtusertable", "info@example.com", "%0@example.net", "virtusertable.macro", WARNING),
    ("virtusertable", "info@example.com", "alice@hub", "virtusertable.address-domain", WARNING),
    ("virtusertable", "a b@example.com", "alice", "virtusertable.key-form", ERROR),
    ("virtusertable", "info@example.com", "esmtp:[hub]", "virtusertable.mailer", WARNING),
    ("virtusertable", "@example.com", "%1@example.com", "virtusertable.loop", WARNING),
    ("genericstable", "example.com", "example.net", "genericstable.no-at", ERROR),
    ("genericstable", "*@example.com", "a@example.net", "genericstable.wildcard", ERROR),
    ("genericstable", "alice", "@example.net", "genericstable.no-user", WARNING),
    ("genericstable", "a<b@example.com", "a@example.net", "genericstable.key-form", ERROR),
    ("mailertable", "*.example.com", "esmtp:[hub]", "mailertable.wildcard", ERROR),
    ("mailertable", "user@example.com", "esmtp:[hub]", "mailertable.address", ERROR),
    ("mailertable", "example.com", "hub.example.net", "mailertable.no-mailer", WARNING),
    ("mailertable", "example.com", "esmtp:[hub]:2525", "mailertable.port", WARNING),
    ("mailertable", "example.com", "esmtp:", "mailertable.no-host", WARNING),
    ("mailertable", "example.com", "esmtp:[hub", "mailertable.host", WARNING),
    ("mailertable", "example.com", "error:nohost no", "mailertable.error-form", WARNING),
    ("aliases", "*", "root", "aliases.useless-name", WARNING),
    ("aliases", "a@example.com", "root", "aliases.not-local", ERROR),
    ("aliases", "a,b", "root", "aliases.comma-in-name", ERROR),
    ("aliases", "a:b", "root", "aliases.colon", ERROR),
    ("aliases", "a", "root # why", "aliases.trailing-comment", WARNING),
    ("aliases", "a", "root daemon", "aliases.blank", WARNING),
    ("aliases", "a", ",", "aliases.no-target", ERROR),
    ("aliases", "a", "root\\", "aliases.backslash", ERROR),
    ("aliases", "a", "|/bin/x foo", "aliases.program", WARNING),
    ("aliases", "a", "/var/mail/x", "aliases.file", WARNING),
    ("aliases", "a", ":include:/list", "aliases.include", WARNING),
    ("aliases", "a", "/dev/null", "aliases.dev-null", NOTE),
    ("aliases", "a", "a", "aliases.itself", WARNING),
    ("access", "connect:10.1", "FRIEND", "access.spam-only", WARNING),
    ("aliases", "a", 'b, "c', "aliases.quotes", WARNING),
    ("aliases", "a", "|", "aliases.no-program", ERROR),
    ("aliases", "a", "~alice/mail", "aliases.relative-file", WARNING),
    ("aliases", "a", '"|/bin/x # y"', "aliases.program", WARNING),
    ("aliases", "a", "~alice", "aliases.relative-file", WARNING),
    ("aliases", "a", "b@", "aliases.address", WARNING),
    ("aliases", "a", "b%c.example@d.example", "aliases.routed", WARNING),
    ("aliases", "a", ":include:list", "aliases.include", WARNING),
    ("aliases", "a", "REJECT", "aliases.keyword", WARNING),
    ("relay-domains", "192.0.2.0/24", "", "relay-domains.cidr", ERROR),
    ("relay-domains", "user@example.com", "", "relay-domains.address", ERROR),
    ("relay-domains", "example.com.", "", "relay-domains.trailing-dot", ERROR),
    ("relay-domains", "com", "", "relay-domains.top-level", WARNING),
    ("relay-domains", "10", "", "relay-domains.wide-network", WARNING),
    ("local-host-names", "*.example.com", "", "local-host-names.wildcard", ERROR),
    ("local-host-names", "a.example,b.example", "", "local-host-names.separator", ERROR),
]

RIGHT = [
    *[
        ("access", f"connect:{item}", "REJECT")
        for item in ("192.0.2", "10", "127", "example.com", "ipv6:2001:db8", "localhost")
    ],
    *[
        ("access", f"from:{item}", "REJECT")
        for item in ("a@example.com", "a+*@example.com", "a@", "[192.0.2]", "example.com")
    ],
    *[
        ("access", "from:example.com", text)
        for text in ("discard", "QUARANTINE:why", 'ERROR:"550 no"', 'ERROR:5.7.1:"550 no (x)"')
    ],
    ("access", "clientrate:", "5"),
    ("access", "compat:a@b.example<@>c@d.example", "DISCARD"),
    ("access", "tls_rcpt:", "PERM+VERIFY:112+CN:a.example"),
    ("access", "authinfo:", '"U:a" "P=cGFzcw=="'),
    *[
        ("virtusertable", key, "alice")
        for key in ("a@b.example", "@b.example", "a++@b.example", "+*@b.example", "++@b.example")
    ],
    *[("virtusertable", "a+*@b.example", value) for value in ("b+%2@c.example", "%1%3@c.example", "100%%@c.example")],
    ("virtusertable", "a@b.example", "error:5.7.0:550 no"),
    *[
        ("genericstable", key, "a@example.com")
        for key in ("a", "a+*", "a@b.example", "@b.example", "first.last", "www-data")
    ],
    *[("mailertable", key, "esmtp:[hub]") for key in ("a.example", ".a.example", ".", ".com")],
    *[
        ("mailertable", ".a.example", value)
        for value in ("esmtp:%1.b.example", "local:", "local:root", "error:nohost:no", "relay:a:b")
    ],
    *[("aliases", key, "root") for key in ("a", "a.b", "a+b", "a+*", "mailer-daemon", '"a b"')],
    *[
        ("aliases", "a", value)
        for value in ("b, c@d.example", "\\a", "B <b@c.example>", "b (why)", "b@[192.0.2.1]", '"b c"@d.example')
    ],
    *[
        ("relay-domains", key, "")
        for key in ("example.com", ".example.com", "192.0.2", "192.0.2.", "ipv6:2001:db8", "[unix:localhost]")
    ],
    *[("local-host-names", key, "") for key in ("localhost", "example.com", "[192.0.2.1]", "hub")],
]


@pytest.mark.parametrize(("table", "key", "value", "rule", "grade"), WRONG)
def test_what_is_wrong_is_named_with_a_remedy(table: str, key: str, value: str, rule: str, grade: Grade) -> None:
    found = check_entry(TABLES[table], Entry(key, value))
    assert found
    assert (found[0].rule, found[0].grade) == (rule, grade)
    for problem in found:
        assert problem.message.endswith(".")
        assert problem.remedy.endswith(".")
        assert problem.field in ("key", "value")


@pytest.mark.parametrize(("table", "key", "value"), RIGHT)
def test_what_is_right_has_a_note_at_most(table: str, key: str, value: str) -> None:
    assert [problem for problem in check_entry(TABLES[table], Entry(key, value)) if problem.grade is not NOTE] == []


@pytest.mark.parametrize("table", TABLES)
def test_the_example_of_a_table_is_right(table: str) -> None:
    spec = TABLES[table]
    key, value = spec.example
    assert check_entry(spec, Entry(normalise_key(spec, key), value)) == []


@pytest.mark.parametrize(
    "bad", ["\n", "\r", "\v", "\f", "\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\uf700", "\ud800"]
)
@pytest.mark.parametrize("table", TABLES)
def test_a_control_character_is_an_error_in_every_field(table: str, bad: str) -> None:
    spec = TABLES[table]
    key, value = normalise_key(spec, spec.example[0]), spec.example[1]
    in_key = check_entry(spec, Entry(f"{key[:2]}{bad}{key[2:]}", value))
    assert [(problem.grade, problem.field) for problem in in_key] == [(ERROR, "key")]
    if spec.has_value:
        in_value = check_entry(spec, Entry(key, f"{value[:2]}{bad}{value[2:]}"))
        assert [(problem.grade, problem.field) for problem in in_value] == [(ERROR, "value")]
    if bad != "\n":
        in_comment = check_entry(spec, Entry(key, value, f"why{bad}not"))
        assert [(problem.grade, problem.field) for problem in in_comment] == [(ERROR, "comment")]


@pytest.mark.parametrize("table", TABLES)
def test_what_is_too_long_or_missing_is_an_error(table: str) -> None:
    spec = TABLES[table]
    key, value = normalise_key(spec, spec.example[0]), spec.example[1]
    assert ERROR in {problem.grade for problem in check_entry(spec, Entry("a" * 300 + key, value))}
    assert ERROR in {problem.grade for problem in check_entry(spec, Entry("", value))}
    assert ERROR in {problem.grade for problem in check_entry(spec, Entry(key, value, "x" * 20_000))}
    if spec.has_value:
        assert ERROR in {problem.grade for problem in check_entry(spec, Entry(key, ""))}
        assert ERROR in {problem.grade for problem in check_entry(spec, Entry(key, "x" * 9000))}
    else:
        assert [problem.rule for problem in check_entry(spec, Entry(key, "RELAY"))] == ["class.value"]


def test_a_domain_that_is_not_ascii_gets_its_form_for_mail() -> None:
    (problem, *_) = check_entry(TABLES["virtusertable"], Entry("info@bücher.example", "alice"))
    assert problem.rule == "key.8-bit"
    assert "info@xn--bcher-kva.example" in problem.remedy


@pytest.mark.parametrize(
    ("range_", "advice"),
    [
        ("192.0.2.0/24", "192.0.2."),
        ("10.0.0.0/8", "10."),
        ("192.0.2.0/23", "2 entries, 192.0.2 to 192.0.3."),
        ("192.0.2.0/30", "4 entries, 192.0.2.0 to 192.0.2.3."),
    ],
)
def test_the_remedy_for_a_range_is_its_octets(range_: str, advice: str) -> None:
    (problem, *_) = check_entry(TABLES["access"], Entry(f"connect:{range_}", "REJECT"))
    assert advice in problem.remedy


@pytest.mark.parametrize(
    ("table", "typed", "key"),
    [
        ("access", " Connect:Example.COM ", "connect:example.com"),
        ("aliases", "MAILER-DAEMON", "mailer-daemon"),
        ("aliases", '"a.b"', "a.b"),
        ("aliases", "Full Name <A>", "a"),
        ("aliases", "a@example.com", "a@example.com"),
        ("relay-domains", "Example.com", "example.com"),
    ],
)
def test_a_typed_key_is_stored_as_it_is_looked_up(table: str, typed: str, key: str) -> None:
    assert normalise_key(TABLES[table], typed) == key


@pytest.mark.parametrize(
    ("table", "key", "domain"),
    [
        ("access", "connect:192.0.2.7", "connect:192.0"),
        ("access", "connect:ipv6:2001:db8:1", "connect:ipv6:2001:db8"),
        ("access", "from:user@mail.example.com", "from:example.com"),
        ("access", "user@", "user@"),
        ("access", "clientrate:", "clientrate:"),
        ("virtusertable", "info@shop.example.com", "shop.example.com"),
        ("genericstable", "alice", ""),
        ("mailertable", ".a.example.com", "example.com"),
        ("relay-domains", "192.0.2", "192.0"),
        ("relay-domains", "a.example.com", "example.com"),
        ("local-host-names", "www.example.org", "example.org"),
        ("aliases", "alice", ""),
    ],
)
def test_a_new_entry_stands_with_those_of_its_domain(table: str, key: str, domain: str) -> None:
    assert TABLES[table].domain(key) == domain


def test_a_class_has_names_only() -> None:
    assert TABLES["relay-domains"].check_value("example.com", "") == []


def test_the_seven_tables_in_their_order() -> None:
    assert list(TABLES) == [
        "aliases",
        "access",
        "virtusertable",
        "genericstable",
        "mailertable",
        "relay-domains",
        "local-host-names",
    ]
    assert [spec.name for spec in TABLES.values() if spec.needs_signal] == ["relay-domains", "local-host-names"]
    assert [spec.name for spec in TABLES.values() if spec.kind is Kind.ALIASES] == ["aliases"]


def test_an_unknown_table_is_answered_with_the_seven() -> None:
    assert get("access") is TABLES["access"]
    with pytest.raises(UnknownTable, match=r"no table “domaintable”.*aliases, access, .*local-host-names"):
        get("domaintable")


def test_a_zone_of_an_ipv6_address_is_no_reason_to_fail() -> None:
    (problem,) = TABLES["relay-domains"].check_key("ipv6:2001:db8::1%eth0")
    assert problem.remedy == "Write IPv6:2001:db8:0:0:0:0:0:1."
