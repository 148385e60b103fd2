"""The correction that one click makes, where it is beyond doubt, and none where it is not."""

from __future__ import annotations

import pytest

from tables.sendmail.fixing import fixed
from tables.sendmail.spec import Entry, Grade, Problem
from tables.sendmail.tables import TABLES, check_entry

#: (table, key, value, rule, key after it, value after it, remark)
MENDED = [
    ("aliases", "a", "root # why, where", "aliases.trailing-comment", "a", "root", "why, where"),
    ("aliases", "a", "root daemon", "aliases.blank", "a", "root, daemon", ""),
    ("aliases", "a", "bin, root\t daemon", "aliases.blank", "a", "bin, root, daemon", ""),
    ("aliases", "a", "root;daemon", "aliases.separator", "a", "root, daemon", ""),
    ("aliases", "a", "root ; bob@example.com;", "aliases.separator", "a", "root, bob@example.com", ""),
    ("aliases", "a", "|/bin/x foo", "aliases.unquoted-program", "a", '"|/bin/x foo"', ""),
    ("aliases", "a", "bob, |/bin/x foo", "aliases.unquoted-program", "a", 'bob, "|/bin/x foo"', ""),
    ("aliases", "a", "<root", "aliases.brackets", "a", "root", ""),
    ("aliases", "a", "bob, carl, Bob", "aliases.twice", "a", "bob, carl", ""),
    ("aliases", "Full Name <a>", "root", "aliases.name", "a", "root", ""),
    ("access", "connect:", "10.1 RELAY", "access.blank-after-tag", "connect:10.1", "RELAY", ""),
    ("access", "connect", ":10.1 RELAY", "access.blank-after-tag", "connect:10.1", "RELAY", ""),
    ("access", "from:", "a@b.example REJECT", "access.blank-after-tag", "from:a@b.example", "REJECT", ""),
    ("access", "clientrate:", "192.0.2 5", "access.blank-after-tag", "clientrate:192.0.2", "5", ""),
    ("access", "connect:", "localhost RELAY", "access.blank-after-tag", "connect:localhost", "RELAY", ""),
    ("access", "connect:10.1", "REJET", "access.unknown-value", "connect:10.1", "REJECT", ""),
    ("access", "connect:10.1", "realy", "access.unknown-value", "connect:10.1", "RELAY", ""),
    ("access", "connect:10.1", "REJECT spammer", "access.unknown-value", "connect:10.1", "REJECT", "spammer"),
    ("access", "connect:10.1", "REJECT // spam", "access.unknown-value", "connect:10.1", "REJECT", "spam"),
    ("access", "connect:10.1", '"REJECT"', "access.unknown-value", "connect:10.1", "REJECT", ""),
    ("access", "connect:10.1", "5.7.1 550 no", "access.unknown-value", "connect:10.1", 'ERROR:5.7.1:"550 no"', ""),
    ("access", "connect:10.1", "OK # lan", "access.trailing-comment", "connect:10.1", "OK", "lan"),
    ("access", "connect:10.1", "RELAY (office)", "access.disguised-keyword", "connect:10.1", "RELAY", "office"),
    ("access", "connect:10.1", "RELAY>", "access.disguised-keyword", "connect:10.1", "RELAY", ""),
    ("access", "connect:10.1", "QUARANTINE bad", "access.quarantine", "connect:10.1", "QUARANTINE:bad", ""),
    ("access", "connect:10.1", "550 go away", "access.unquoted", "connect:10.1", 'ERROR:"550 go away"', ""),
    ("access", "connect:10.1", "ERROR:550 no", "access.unquoted", "connect:10.1", 'ERROR:"550 no"', ""),
    ("access", "connect:10.1", "ERROR:5.7.1:550 no", "access.unquoted", "connect:10.1", 'ERROR:5.7.1:"550 no"', ""),
    ("access", "connect:10.1", "ERROR:550 a, b", "access.mangled-text", "connect:10.1", 'ERROR:"550 a, b"', ""),
    ("access", "connect:10.1", '"ERROR:5.7.1:550 a"', "access.quoted-error", "connect:10.1", 'ERROR:5.7.1:"550 a"', ""),
    ("access", "connect:10.1", '"ERROR:550 a"', "access.quoted-error", "connect:10.1", 'ERROR:"550 a"', ""),
    ("access", "connect:10.1", "ERROR:5.7.1 550 a", "access.status-colon", "connect:10.1", 'ERROR:5.7.1:"550 a"', ""),
    ("access", "connect:10.1", 'ERROR:5.7.1 "550 a"', "access.status-colon", "connect:10.1", 'ERROR:5.7.1:"550 a"', ""),
    ("access", "connect:10.1", "ERROR:550 a # b", "access.trailing-comment", "connect:10.1", "ERROR:550 a", "b"),
    ("access", "tls_srv:b.example", "VERFY:112", "access.tls", "tls_srv:b.example", "VERIFY:112", ""),
    ("access", "tls_srv:b.example", "PERM+ENRC:112", "access.tls", "tls_srv:b.example", "PERM+ENCR:112", ""),
    ("access", "tls_srv:b.example", "ENCR:112 # x", "access.tls", "tls_srv:b.example", "ENCR:112", "x"),
    ("access", "clientrate:10.1", "5 # x", "access.number", "clientrate:10.1", "5", "x"),
    ("access", "spam:b.example", "FREIND", "access.spam", "spam:b.example", "FRIEND", ""),
    ("access", "authinfo:b.example", "U:a P:b", "access.auth", "authinfo:b.example", '"U:a" "P:b"', ""),
    ("access", "conect:10.1", "REJECT", "access.unknown-tag", "connect:10.1", "REJECT", ""),
    ("access", "form:b.example", "REJECT", "access.unknown-tag", "from:b.example", "REJECT", ""),
    ("access", "from:@b.example", "REJECT", "access.leading-at", "from:b.example", "REJECT", ""),
    ("access", "@b.example", "REJECT", "access.leading-at", "b.example", "REJECT", ""),
    ("access", "from:*@b.example", "REJECT", "access.wildcard", "from:b.example", "REJECT", ""),
    ("access", "from:<a@b.example>", "REJECT", "access.address-form", "from:a@b.example", "REJECT", ""),
    ("access", "from:a@b.example.", "REJECT", "access.trailing-dot", "from:a@b.example", "REJECT", ""),
    ("access", "connect:.b.example", "REJECT", "access.leading-dot", "connect:b.example", "REJECT", ""),
    ("access", "from:.b.example", "REJECT", "access.leading-dot", "from:b.example", "REJECT", ""),
    ("access", "connect:[10.1.2.3]", "REJECT", "access.bracketed-client", "connect:10.1.2.3", "REJECT", ""),
    ("virtusertable", "b.example", "root", "virtusertable.no-domain", "@b.example", "root", ""),
    ("virtusertable", "*@b.example", "root", "virtusertable.wildcard", "@b.example", "root", ""),
    ("virtusertable", "a@b.example.", "root", "virtusertable.trailing-dot", "a@b.example", "root", ""),
    ("virtusertable", "a@b.example:", "root", "virtusertable.trailing-dot", "a@b.example", "root", ""),
    ("virtusertable", "<a@b.example>", "root", "virtusertable.key-form", "a@b.example", "root", ""),
    ("virtusertable", '"a"@b.example', "root", "virtusertable.key-form", "a@b.example", "root", ""),
    ("virtusertable", "a@b.example", "root # x", "virtusertable.trailing-comment", "a@b.example", "root", "x"),
    *[
        ("virtusertable", "a@b.example", value, rule, "a@b.example", wanted, "")
        for value, rule, wanted in [
            ("error:550 No", "virtusertable.error-form", 'error:5.1.1:"550 No"'),
            ("error:450 No", "virtusertable.error-form", 'error:4.0.0:"450 No"'),
            ('error:"550 No"', "virtusertable.error-form", 'error:5.1.1:"550 No"'),
            ("error:5.1.1 550 No", "virtusertable.error-form", 'error:5.1.1:"550 No"'),
            ("error:nouesr 550 No", "virtusertable.error-form", "error:nouser 550 No"),
            ("error:nouser: No", "virtusertable.error-form", "error:nouser No"),
            ("error:nouser No, (really)", "virtusertable.mangled-text", 'error:nouser "No, (really)"'),
            ("error:5.7.0:550 No", "virtusertable.unquoted", 'error:5.7.0:"550 No"'),
            ('"error:nouser 550 gone"', "virtusertable.quoted-error", "error:nouser 550 gone"),
        ]
    ],
    ("genericstable", "b.org", "a@c.example", "genericstable.no-at", "@b.org", "a@c.example", ""),
    ("genericstable", "*@b.example", "a@c.example", "genericstable.wildcard", "@b.example", "a@c.example", ""),
    ("genericstable", "a@b.example.", "a@c.example", "genericstable.trailing-dot", "a@b.example", "a@c.example", ""),
    ("genericstable", "a", "a@c.example # x", "genericstable.trailing-comment", "a", "a@c.example", "x"),
    ("mailertable", "*.b.example", "esmtp:[h]", "mailertable.wildcard", ".b.example", "esmtp:[h]", ""),
    ("mailertable", "*", "esmtp:[h]", "mailertable.wildcard", ".", "esmtp:[h]", ""),
    ("mailertable", "@b.example", "esmtp:[h]", "mailertable.address", "b.example", "esmtp:[h]", ""),
    ("mailertable", "b.example.", "esmtp:[h]", "mailertable.trailing-dot", "b.example", "esmtp:[h]", ""),
    *[
        ("mailertable", "b.example", value, rule, "b.example", wanted, remark)
        for value, rule, wanted, remark in [
            ("hub.example", "mailertable.no-mailer", "esmtp:[hub.example]", ""),
            ("[192.0.2.1]", "mailertable.no-mailer", "esmtp:[192.0.2.1]", ""),
            ("local", "mailertable.no-mailer", "local:", ""),
            ("emstp:[h]", "mailertable.unknown-mailer", "esmtp:[h]", ""),
            ("esmtp:[h],[i]", "mailertable.comma", "esmtp:[h]:[i]", ""),
            ("esmtp:[h] [i]", "mailertable.comma", "esmtp:[h]:[i]", ""),
            ("esmtp:[h] # x", "mailertable.trailing-comment", "esmtp:[h]", "x"),
            ("esmtp:192.0.2.1", "mailertable.bare-address", "esmtp:[192.0.2.1]", ""),
            ("error:nohost no", "mailertable.error-form", "error:nohost:no", ""),
            ("error:5.1.2 550 no", "mailertable.error-form", 'error:5.1.2:"550 no"', ""),
            ("error:550 no", "mailertable.unquoted", 'error:"550 no"', ""),
        ]
    ],
    ("relay-domains", "a@b.example", "", "relay-domains.address", "b.example", "", ""),
    ("relay-domains", "from:b.example", "", "relay-domains.tag", "b.example", "", ""),
    ("local-host-names", "192.0.2.1", "", "local-host-names.address", "[192.0.2.1]", "", ""),
    ("local-host-names", "*.b.example", "", "local-host-names.wildcard", "b.example", "", ""),
    ("local-host-names", "b.example.", "", "local-host-names.trailing-dot", "b.example", "", ""),
]

#: What is said, but what is meant cannot be known.
UNMENDED = [
    ("aliases", "a", "John bob@example.com", "aliases.blank"),
    ("aliases", "a", "|/bin/x foo, bar", "aliases.unquoted-program"),
    ("aliases", "a", "bob carl, bob carl", "aliases.blank"),
    ("aliases", "a", "root (why", "aliases.parentheses"),
    ("aliases", "a", "esmtp:[h]", "aliases.mailer"),
    ("aliases", "a", "x@b.example.REDIRECT, root", "aliases.redirect"),
    ("aliases", "a", "# why", "aliases.trailing-comment"),
    ("aliases", "a", "<a b", "aliases.brackets"),
    ("access", "connect:10.1", "ALLOW", "access.unknown-value"),
    ("access", "connect:10.1", "go away, all of you", "access.unknown-value"),
    ("access", "connect:10.1", "QUARANTINE", "access.quarantine"),
    ("access", "connect:10.1", "QUARANTINED", "access.quarantine"),
    ("access", "connect:10.1", 'ERROR:550 "a" (b)', "access.mangled-text"),
    ("access", "connect:10.1", '"ERROR:go away"', "access.quoted-error"),
    ("access", "connect:10.1", 'ERROR:5.7.1 550 "a" b', "access.status-colon"),
    ("access", "from:a*@b.example", "REJECT", "access.wildcard"),
    ("access", "from:*@", "REJECT", "access.wildcard"),
    ("access", 'from:"a b"@b.example', "REJECT", "access.address-form"),
    ("access", "hello:b.example", "REJECT", "access.unknown-tag"),
    ("access", "tls_srv:b.example", "strong", "access.tls"),
    ("access", "spam:b.example", "OK", "access.spam"),
    ("access", "authinfo:b.example", "U:a password", "access.auth"),
    ("access", "to:a@b.example", "RELAY", "access.relay-to-address"),
    ("access", "connect:.x", "REJECT", "access.leading-dot"),
    ("access", "connect:[host]", "REJECT", "access.bracketed-client"),
    ("virtusertable", ".b.example", "root", "virtusertable.no-domain"),
    ("virtusertable", "info", "root", "virtusertable.no-domain"),
    ("virtusertable", "i*o@b.example", "root", "virtusertable.wildcard"),
    ("virtusertable", '"a b"@b.example', "root", "virtusertable.key-form"),
    ("virtusertable", "a@b.example", "error:why", "virtusertable.error-form"),
    ("virtusertable", "a@b.example", "error:because it is so", "virtusertable.error-form"),
    ("virtusertable", "a@b.example", '"error:nouser "gone""', "virtusertable.quoted-error"),
    ("genericstable", "a*b@b.example", "a@c.example", "genericstable.wildcard"),
    ("genericstable", "a", "REJECT", "genericstable.keyword"),
    ("genericstable", "a", "error:nouser no", "genericstable.keyword"),
    ("mailertable", "a@b.example", "esmtp:[h]", "mailertable.address"),
    ("mailertable", "a*.b.example", "esmtp:[h]", "mailertable.wildcard"),
    ("mailertable", "b.example", "esmtp", "mailertable.no-mailer"),
    ("mailertable", "b.example", "hylafax:h", "mailertable.unknown-mailer"),
    ("mailertable", "b.example", "esmtp:[h],(i)", "mailertable.comma"),
    ("mailertable", "b.example", "prog:x", "mailertable.program"),
    ("relay-domains", "a b@c,d", "", "relay-domains.address"),
    ("relay-domains", "b.example,x", "", "relay-domains.separator"),
]


def the(rule: str, table: str, entry: Entry) -> Problem:
    (found,) = {problem.rule: problem for problem in check_entry(TABLES[table], entry) if problem.rule == rule}.values()
    return found


@pytest.mark.parametrize(("table", "key", "value", "rule", "new_key", "new_value", "remark"), MENDED)
def test_one_click_writes_what_is_meant(
    table: str, key: str, value: str, rule: str, new_key: str, new_value: str, remark: str
) -> None:
    entry = Entry(key, value)
    problem = the(rule, table, entry)
    assert problem.fix
    assert problem.fix.label
    (mended,) = fixed(TABLES[table], entry, problem.fix)
    assert (mended.key, mended.value, mended.comment) == (new_key, new_value, remark)
    rest = check_entry(TABLES[table], mended)
    assert rule not in {problem.rule for problem in rest}
    assert [problem for problem in rest if problem.grade is Grade.ERROR] == []


@pytest.mark.parametrize(("table", "key", "value", "rule"), UNMENDED)
def test_what_is_meant_is_left_to_the_person_where_it_cannot_be_known(
    table: str, key: str, value: str, rule: str
) -> None:
    assert the(rule, table, Entry(key, value)).fix is None


def test_two_names_on_one_line_become_two_entries() -> None:
    problem = the("relay-domains.separator", "relay-domains", Entry("b.example,c.example"))
    assert problem.fix
    assert [entry.key for entry in fixed(TABLES["relay-domains"], Entry("b.example,c.example"), problem.fix)] == [
        "b.example",
        "c.example",
    ]


def test_a_value_of_access_among_relay_domains_goes() -> None:
    problem = the("relay-domains.keyword", "relay-domains", Entry("relay"))
    assert problem.fix
    assert fixed(TABLES["relay-domains"], Entry("relay"), problem.fix) == []


def test_the_button_for_a_password_does_not_show_it() -> None:
    problem = the("access.auth", "access", Entry("authinfo:b.example", "U:a P:secret"))
    assert problem.fix
    assert "secret" not in problem.fix.label
    assert "secret" not in problem.message


OPEN = [
    *[("access", key, "RELAY") for key in ("to:com", "com", "connect:192", "connect:ipv6", "connect:ipv6:2001")],
    *[("access", key, "RELAY") for key in ("connect:", "to:", "certissuer:", "connect:net", "ipv6:2")],
    *[("relay-domains", key, "") for key in ("com", ".com", "192", "192.", "ipv6", "ipv6:2001")],
]
CLOSED = [
    *[("access", key, "RELAY") for key in ("to:b.example", "connect:10", "connect:127", "connect:192.0", "localhost")],
    *[("access", key, "RELAY") for key in ("connect:ipv6:fe80", "connect:ipv6:fd00", "ipv6:2001:db8", "from:com")],
    *[("access", key, "REJECT") for key in ("to:com", "com", "connect:192", "connect:ipv6")],
    ("access", "certissuer:/c=de", "RELAY"),
    *[("relay-domains", key, "") for key in ("b.example", ".b.example", "10", "127.", "192.0", "ipv6:fe80", "[192.0]")],
]


@pytest.mark.parametrize(("table", "key", "value"), OPEN)
def test_a_relay_for_much_of_the_world_is_warned_of(table: str, key: str, value: str) -> None:
    found = the(f"{table}.open-relay", table, Entry(key, value))
    assert found.grade is Grade.WARNING


@pytest.mark.parametrize(("table", "key", "value"), CLOSED)
def test_a_relay_for_one_network_or_domain_is_no_open_one(table: str, key: str, value: str) -> None:
    assert f"{table}.open-relay" not in {problem.rule for problem in check_entry(TABLES[table], Entry(key, value))}


#: Near misses: what looks like a mistake and is none.
RIGHT = [
    ("access", "clientrate:", "5"),
    ("access", "srv_features:", "A V"),
    ("access", "authinfo:", '"U:a" "P:b # c"'),
    ("access", "from:b.example", 'ERROR:5.7.1:"550 no # is a hash"'),
    ("access", "from:a+*@b.example", "REJECT"),
    ("aliases", "a", "list: b, c;"),
    ("aliases", "a", "root;"),
    ("aliases", "a", "mailto:b@c.example"),
    ("aliases", "a", "b (one; two), c"),
    ("aliases", "a", '"b;c"@d.example'),
    ("aliases", "a", "@host.example:b@c.example"),
    ("virtusertable", "a@b.example", "c@localhost"),
    ("virtusertable", "a@b.example", "error:nouser No such user here"),
    ("virtusertable", "a@b.example", 'error:5.1.1:"550 no, (really)"'),
    ("mailertable", "b.example", "error:nohost:no such host"),
    ("mailertable", "b.example", "esmtp:[192.0.2.1]:[IPv6:2001:db8::1]"),
    ("mailertable", "b.example", "local:root"),
]


@pytest.mark.parametrize(("table", "key", "value"), RIGHT)
def test_what_only_looks_like_a_mistake_is_left_alone(table: str, key: str, value: str) -> None:
    assert check_entry(TABLES[table], Entry(key, value)) == []
