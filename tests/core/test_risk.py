"""A change is judged by its effect: what loosens has a risk, what tightens has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from tables.sendmail.spec import Entry, Lookup, Risk
from tables.sendmail.tables import TABLES

RELAY, BYPASS, ROUTING, SECRET = Risk.RELAY, Risk.BYPASS, Risk.ROUTING, Risk.SECRET
CATCH_ALL, PROGRAM, FILE, INCLUDE = Risk.CATCH_ALL, Risk.PROGRAM, Risk.FILE, Risk.INCLUDE

Around = Mapping[str, Mapping[str, str]]
NOTHING: Around = {}

#: (table, key, before, after, what else is there, the risks)
PAIRS: list[tuple[str, str, str | None, str | None, Around, set[Risk]]] = [
    # A relay opens.
    ("access", "connect:192.0.2", None, "RELAY", NOTHING, {RELAY}),
    ("access", "connect:192.0.2", None, "relay \r", NOTHING, {RELAY}),
    ("access", "to:example.com", None, "RELAY", NOTHING, {RELAY}),
    ("access", "example.com", None, "Relay", NOTHING, {RELAY}),
    ("access", "connect:192.0.2", "OK", "RELAY", NOTHING, {RELAY}),
    ("access", "connect:192.0.2", "REJECT", "RELAY", NOTHING, {RELAY, BYPASS}),
    ("access", "certissuer:/c=us/cn=ca", None, "RELAY", NOTHING, {RELAY}),
    ("access", "certissuer:/c=us/cn=ca", None, "SUBJECT", NOTHING, {RELAY}),
    ("access", "certsubject:/c=us/cn=a", None, "RELAY", NOTHING, {RELAY}),
    ("relay-domains", "example.com", None, "", NOTHING, {RELAY}),
    # Each of these was seen to relay with the real sendmail.
    *[
        ("access", "connect:192.0.2", None, value, NOTHING, {RELAY})
        for value in (
            "RELAY (office)",
            "(x) RELAY",
            "RELAY()",
            "RELAY\\",
            "relay\t(x)",
            "RELAY (a (b)) ",
            "RELAY )",
            "RELAY>",
        )
    ],
    ("access", "connect:192.0.2", None, "REL\uf781AY", NOTHING, {RELAY}),
    ("access", "connect:192.0.2", None, '"RELAY"', NOTHING, set()),
    ("access", "connect:192.0.2", None, "RELAY # x", NOTHING, set()),
    ("access", "connect:192.0.2", None, "OK (x)", NOTHING, {BYPASS}),
    # A relay closes, or stays as it was.
    ("access", "connect:192.0.2", "RELAY", None, NOTHING, set()),
    ("access", "connect:192.0.2", "RELAY", "REJECT", NOTHING, set()),
    ("access", "connect:192.0.2", "RELAY", "relay", NOTHING, set()),
    ("access", "connect:192.0.2", "RELAY", "RELAY\r", NOTHING, set()),
    ("access", "connect:192.0.2", "RELAY", "OK", NOTHING, set()),
    ("access", "connect:192.0.2", None, "REJECT", NOTHING, set()),
    ("relay-domains", "example.com", "", None, NOTHING, set()),
    # A block goes away, and something wider opens under it.
    ("access", "connect:192.0.2", "REJECT", None, NOTHING, {BYPASS}),
    ("access", "connect:192.0.2", "REJECT", None, {"access": {"connect:192.0": "RELAY"}}, {BYPASS, RELAY}),
    ("access", "connect:192.0.2", "REJECT", None, {"access": {"192": "relay"}}, {BYPASS, RELAY}),
    ("access", "connect:192.0.2", "REJECT", None, {"access": {"connect:192.0": "OK"}}, {BYPASS}),
    ("access", "connect:192.0.2", "REJECT", None, {"access": {"192.0.2": "RELAY"}}, {BYPASS, RELAY}),
    ("access", "connect:192.0.2", "REJECT", None, {"relay-domains": {"192.0": ""}}, {BYPASS, RELAY}),
    ("access", "connect:bad.example.com", "DISCARD", None, {"access": {"connect:com": "RELAY"}}, {BYPASS, RELAY}),
    ("access", "connect:bad.example.com", "REJECT", None, {"relay-domains": {"example.com": ""}}, {BYPASS, RELAY}),
    (
        "access",
        "connect:ipv6:2001:db8:1",
        "REJECT",
        None,
        {"access": {"connect:ipv6:2001:db8": "RELAY"}},
        {BYPASS, RELAY},
    ),
    ("access", "to:user@example.com", "REJECT", None, {"access": {"to:example.com": "RELAY"}}, {BYPASS, RELAY}),
    ("access", "to:bad.example.com", "550 no", None, {"relay-domains": {".example.com": ""}}, {BYPASS, RELAY}),
    ("access", "bad.example.com", "REJECT", None, {"access": {"connect:example.com": "RELAY"}}, {BYPASS, RELAY}),
    ("access", "connect:192.0.2", "REJECT", "SKIP", {"relay-domains": {"192.0": ""}}, {BYPASS, RELAY}),
    # A block becomes weaker; every unknown word blocks.
    ("access", "from:example.com", "REJECT", "OK", NOTHING, {BYPASS}),
    ("access", "from:example.com", "ERROR:5.7.1:550 no", "QUARANTINE:look", NOTHING, {BYPASS}),
    ("access", "from:example.com", "REJET", None, NOTHING, {BYPASS}),
    ("access", "from:example.com", "450 later", None, NOTHING, {BYPASS}),
    ("access", "from:example.com", "REJECT", "DISCARD", NOTHING, set()),
    ("access", "from:example.com", "REJECT", 'ERROR:5.7.1:"550 no"', NOTHING, set()),
    # A check is passed.
    ("access", "from:example.com", None, "OK", NOTHING, {BYPASS}),
    ("access", "from:example.com", None, "SKIP", {"access": {"from:com": "REJECT"}}, {BYPASS}),
    ("access", "spam:user@example.com", None, "FRIEND", NOTHING, {BYPASS}),
    ("access", "spam:user@example.com", None, "HATER", NOTHING, set()),
    ("access", "from:example.com", "QUARANTINE:look", "OK", NOTHING, {BYPASS}),
    ("access", "from:example.com", "OK", "QUARANTINE:look", NOTHING, set()),
    ("access", "from:example.com", "OK", None, NOTHING, set()),
    ("access", "from:example.com", "OK", "SKIP", NOTHING, set()),
    ("access", "from:example.com", "SKIP", "OK", NOTHING, {BYPASS}),
    ("access", "from:example.com", "QUARANTINE:look", None, NOTHING, {BYPASS}),
    ("access", "from:example.com", None, "QUARANTINE", NOTHING, set()),
    ("access", "connect:192.0.2", "OK", None, {"access": {"connect:192.0": "RELAY"}}, {RELAY}),
    ("access", "connect:192.0.2", "OK", None, {"relay-domains": {"192.0": ""}}, set()),
    ("access", "connect:192.0.2", "RELAY", None, {"access": {"connect:192.0": "RELAY"}}, set()),
    ("access", "compat:a@b.example<@>c@d.example", "DISCARD", None, NOTHING, {BYPASS}),
    ("access", "from:example.com", None, "QUARANTINE:look", NOTHING, set()),
    # Limits and demands.
    ("access", "clientrate:192.0.2", None, "5", NOTHING, set()),
    ("access", "greetpause:192.0.2", "5000", "0", NOTHING, set()),
    ("access", "tls_srv:example.com", "VERIFY", None, NOTHING, {BYPASS}),
    ("access", "tls_srv:example.com", None, "VERIFY", NOTHING, set()),
    ("access", "tls_srv:example.com", None, "PERM+VERIFY:112", NOTHING, set()),
    ("access", "tls_srv:example.com", "VERIFY:256", "ENCR:40", NOTHING, {BYPASS}),
    ("access", "tls_srv:example.com", "VERIFY", "VERFY", NOTHING, {BYPASS}),
    ("access", "try_tls:example.com", None, "NO", NOTHING, {BYPASS}),
    ("access", "try_tls:example.com", "NO", None, NOTHING, set()),
    # Passwords.
    ("access", "authinfo:mail.example.com", None, '"U:a" "P:secret"', NOTHING, {SECRET}),
    ("access", "authinfo:mail.example.com", '"U:a" "P=c2VjcmV0"', None, NOTHING, {SECRET}),
    ("access", "authinfo:mail.example.com", None, '"U:a"', NOTHING, set()),
    # Programs, files and lists of aliases.
    ("aliases", "a", None, '"|/bin/x a, b"', NOTHING, {PROGRAM}),
    ("aliases", "a", None, '|"/bin/x a"', NOTHING, {PROGRAM}),
    ("aliases", "a", None, "bob, |/bin/x", NOTHING, {PROGRAM}),
    ("aliases", "a", None, '"bob, |/bin/x"', NOTHING, {PROGRAM}),
    ("aliases", "a", None, "/var/mail/a", NOTHING, {FILE}),
    ("aliases", "a", None, '"/var/mail/a b"', NOTHING, {FILE}),
    ("aliases", "a", None, ":include:/etc/mail/list", NOTHING, {INCLUDE}),
    ("aliases", "a", None, '":include:/etc/mail/list"', NOTHING, {INCLUDE}),
    ("aliases", "a", None, ":INCLUDE: /etc/mail/list, |/bin/x, /f", NOTHING, {INCLUDE, PROGRAM, FILE}),
    # Each of these was seen to be delivered to a program, a file or a list by the real sendmail.
    *[
        ("aliases", "a", None, value, NOTHING, {PROGRAM})
        for value in (
            '"|/bin/x"@mx.test.example',
            "<|/bin/x>",
            'Name <"|/bin/x">',
            "(c) |/bin/x",
            "|/bin/x@mx.test.example",
            '"|/bin/x"@[127.0.0.1]',
            '@mx.test.example:"|/bin/x"',
            "list:|/bin/x;",
            'mx.test.example!"|/bin/x"',
            '"|/bin/x"%mx.test.example@mx.test.example',
            '"|/bin/x".@mx.test.example',
        )
    ],
    *[
        ("aliases", "a", None, value, NOTHING, {FILE})
        for value in (
            "/f@mx.test.example",
            '"/f"@mx.test.example',
            "(c) /f",
            "list:/f;",
            "mx.test.example!/f",
            "N </f>",
        )
    ],
    *[
        ("aliases", "a", None, value, NOTHING, {INCLUDE})
        for value in (
            "Name <:include:/i>",
            '":include:/i"@mx.test.example',
            "(c) :include:/i",
            ": include :/i",
        )
    ],
    ("aliases", "a", None, "\\:include:/i", NOTHING, {INCLUDE, FILE}),
    ("aliases", "a", None, "(a (b)) /f", NOTHING, {FILE}),
    ("aliases", "a", None, '"(c) /f"', NOTHING, {FILE}),
    ("aliases", "a", None, "|x: /f", NOTHING, {PROGRAM, FILE}),
    ("aliases", "a", None, '"|/bin/x -f /y a:/z"', NOTHING, {PROGRAM}),
    ("aliases", "a", "|/bin/x", "|/bin/x, bob", NOTHING, set()),
    ("aliases", "a", "|/bin/x", '"|/bin/x"', NOTHING, set()),
    ("aliases", "a", "|/bin/x", "|/bin/y", NOTHING, {PROGRAM}),
    ("aliases", "a", '"|/bin/x"', "bob", NOTHING, set()),
    ("aliases", "a", None, "bob, carol@example.net", NOTHING, set()),
    ("aliases", "a", None, "\\bob, Carol <carol@example.net>, bob+a/b, b@[192.0.2.1] (why/not)", NOTHING, set()),
    ("aliases", "owner-a", None, "bob", NOTHING, set()),
    ("aliases", "a", "bob", None, NOTHING, set()),
    # Everybody in a domain.
    ("virtusertable", "@example.com", None, "bob", NOTHING, {CATCH_ALL}),
    ("virtusertable", "+*@example.com", None, "bob", NOTHING, {CATCH_ALL}),
    ("virtusertable", "++@example.com", None, "bob", NOTHING, {CATCH_ALL}),
    ("virtusertable", "@example.com", "bob", "carol", NOTHING, {CATCH_ALL}),
    ("virtusertable", "@example.com", "bob", "bob", NOTHING, set()),
    ("virtusertable", "@example.com", "error:nouser No", "bob", NOTHING, {CATCH_ALL, BYPASS}),
    ("virtusertable", "@example.com", None, "error:nouser No", NOTHING, set()),
    ("virtusertable", "@example.com", "bob", None, NOTHING, set()),
    ("virtusertable", "info@example.com", None, "bob", NOTHING, set()),
    ("virtusertable", "info@example.com", "error:nouser No", None, NOTHING, {BYPASS}),
    ("virtusertable", "info@example.com", "ERROR:nouser No", "bob", NOTHING, {BYPASS}),
    ("genericstable", "@example.com", None, "%1@example.net", NOTHING, {CATCH_ALL}),
    ("genericstable", "bob", None, "bob@example.net", NOTHING, set()),
    # Where mail goes.
    ("mailertable", ".", None, "esmtp:[hub]", NOTHING, {ROUTING}),
    ("mailertable", ".", "esmtp:[hub]", None, NOTHING, set()),
    ("mailertable", "example.com", None, "esmtp:[hub]", NOTHING, set()),
    ("mailertable", "example.com", None, "esmtp:[hub]", {"relay-domains": {"example.com": ""}}, {ROUTING}),
    ("mailertable", ".example.com", None, "esmtp:[hub]", {"relay-domains": {"com": ""}}, {ROUTING}),
    ("mailertable", "a.example.com", None, "esmtp:[hub]", {"access": {"to:example.com": "RELAY"}}, {ROUTING}),
    ("mailertable", "a.example.com", None, "esmtp:[hub]", {"access": {"example.com": "RELAY"}}, {ROUTING}),
    ("mailertable", "a.example.com", None, "esmtp:[hub]", {"access": {"to:example.com": "REJECT"}}, set()),
    ("mailertable", "example.com", "esmtp:[a]", "esmtp:[b]", {"relay-domains": {"example.com": ""}}, {ROUTING}),
    ("mailertable", "example.com", None, "error:5.1.2:550 no", {"relay-domains": {"example.com": ""}}, set()),
    ("mailertable", "example.com", "error:5.1.2:550 no", None, NOTHING, {BYPASS}),
    ("local-host-names", "example.com", None, "", NOTHING, {ROUTING, RELAY}),
    ("local-host-names", "example.com", "", None, NOTHING, set()),
]


def look_into(around: Around) -> Lookup:
    def look(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        there = around.get(table, {})
        return {key: there[key] for key in keys if key in there}

    return look


def entry(key: str, value: str | None, *, enabled: bool = True) -> Entry | None:
    return None if value is None else Entry(key, value, enabled=enabled)


@pytest.mark.parametrize(("table", "key", "before", "after", "around", "expected"), PAIRS)
def test_a_change_has_the_risks_of_its_effect(
    table: str, key: str, before: str | None, after: str | None, around: Around, expected: set[Risk]
) -> None:
    assert TABLES[table].risks(entry(key, before), entry(key, after), look_into(around)) == expected


@pytest.mark.parametrize(("table", "key", "before", "after", "around", "expected"), PAIRS)
def test_what_is_disabled_counts_as_not_there(
    table: str, key: str, before: str | None, after: str | None, around: Around, expected: set[Risk]
) -> None:
    old = entry(key, before) or entry(key, "anything", enabled=False)
    new = entry(key, after) or entry(key, before, enabled=False)
    assert TABLES[table].risks(old, new, look_into(around)) == expected


@pytest.mark.parametrize(("table", "key", "before", "after", "around", "expected"), PAIRS)
def test_the_comment_of_an_entry_is_no_risk(
    table: str, key: str, before: str | None, after: str | None, around: Around, expected: set[Risk]
) -> None:
    for value in (before, after):
        if value is not None:
            old, new = Entry(key, value, "old"), Entry(key, value, "new")
            assert TABLES[table].risks(old, new, look_into(around)) == set()


@pytest.mark.parametrize("table", TABLES)
def test_nothing_before_and_nothing_after_is_no_risk(table: str) -> None:
    spec = TABLES[table]
    off = Entry(*spec.example, enabled=False)
    assert spec.risks(None, off, look_into(NOTHING)) == set()
    assert spec.risks(off, None, look_into(NOTHING)) == set()
