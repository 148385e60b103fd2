"""One example of each rule, for the pages of the tables: what is written, and what is said of it.

An example is a table's file, with the files beside it where the rule looks at more than one, or an entry as it is
typed.
The pages of the seven tables show the rules that bear their name; the rest is common to all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from tables.sendmail import foreign
from tables.sendmail.spec import Entry, Problem
from tables.sendmail.syntax.typed import check_typed
from tables.sendmail.tables import TABLES
from tests.docs.found import in_file, typed


@dataclass(frozen=True)
class Example:
    """``shown`` stands on the page where the text itself would not: too long, or not to be seen."""

    table: str
    text: str
    beside: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""
    entry: Entry | None = None  # typed, not read
    required: bool = False  # the file is the host's only aliases file

    def problems(self) -> Iterator[Problem]:
        if self.entry is not None:
            yield from typed(self.table, self.entry.key, self.entry.value, self.entry.comment)
            yield from check_typed(TABLES[self.table], self.entry)
            return
        data = self.text.encode("utf-8", "surrogateescape")
        if found := foreign.look(TABLES[self.table], BytesIO(data)):
            yield found
        yield from in_file(self.table, data, self.beside, required=self.required)


def _typed(table: str, key: str, value: str = "", comment: str = "", *, shown: str) -> Example:
    return Example(table, "", entry=Entry(key, value, comment), shown=shown)


#: A table's rules without its name, each with a file that breaks it, and the files beside it.
_OF_TABLES: dict[str, dict[str, str | tuple[str, dict[str, str]]]] = {
    "aliases": {
        "8-bit": "sales: müller",
        "address": "sales: @example.net",
        "backslash": "sales: alice \\",
        "blank": "sales: alice bob",
        "brackets": "sales: <alice@example.net",
        "comma-in-name": "sales,support: alice",
        "dev-null": "noreply: /dev/null",
        "duplicate": "sales: alice\nSales: bob",
        "ends-nowhere": "sales: team\nteam: nobody-here",
        "file": "archive: /var/mail/archive",
        "include": "news: :include:/etc/mail/lists/news",
        "itself": "sales: sales",
        "keyword": "sales: REJECT",
        "leading-blank": "\n sales: alice",
        "loop": "sales: team\nteam: sales",
        "loop-at-user": "alice: team\nteam: alice",
        "mailer": "sales: esmtp:[mail.example.net]",
        "no-colon": "sales alice",
        "no-name": ": alice",
        "no-owner": "team: alice, bob",
        "no-program": 'tickets: "|"',
        "no-target": "sales: ,",
        "no-value": "sales:",
        "not-local": "sales@example.net: alice",
        "parentheses": "sales: alice (until June",
        "program": 'tickets: "|/usr/local/bin/ticket new"',
        "quotes": 'tickets: "|/usr/local/bin/ticket new',
        "redirect": "carol: carol@example.net.REDIRECT",
        "relative-file": "archive: ~/archive",
        "relative-include": "news: :include:lists/news",
        "rewritten-name": "Sales Team <sales>: alice",
        "routed": "sales: alice%example.net@mx.example.org",
        "separator": "sales: alice; bob",
        "swallowed": "# old list\n  alice, bob",
        "trailing-comment": "sales: alice@example.net # until June",
        "twice": "sales: alice, bob, alice",
        "unbalanced": '"sales: alice',
        "unknown-target": "sales: nobody-here, alice",
        "unquoted-program": "tickets: |/usr/local/bin/ticket new",
        "useless-name": "*: alice",
    },
    "access": {
        "address": "Connect:spammer@example.net REJECT",
        "address-form": "From:<spammer@example.net> REJECT",
        "address-literal": "From:192.0.2.7 REJECT",
        "all-ipv6": "Connect:IPv6 REJECT",
        "auth": "AuthInfo:mx.example.net U:us P:secret",
        "blank-after-tag": "Connect: 192.0.2 REJECT",
        "bracketed-client": "Connect:[192.0.2.7] REJECT",
        "certificate": "CertIssuer:/CN=Example OK",
        "cidr": "Connect:192.0.2.0/23 REJECT",
        "compat": "Compat:a@example.net DISCARD",
        "compat-value": "Compat:a@example.net<@>b@example.com OK",
        "compressed-ipv6": "Connect:IPv6:2001:db8::1 REJECT",
        "contradicts-relay-domains": ("To:example.com REJECT", {"relay-domains": "example.com"}),
        "disguised-keyword": "Connect:192.0.2 RELAY (office)",
        "empty-item": "Connect: REJECT",
        "exception-to-relay-domains": ("Connect:192.0.2.7 REJECT", {"relay-domains": "192.0.2"}),
        "features": "Srv_Features:192.0.2 none",
        "ipv4": "Connect:192.0.2.256 REJECT",
        "ipv6": "Connect:IPv6:2001:db8:0:0:0:0:0:0:1 REJECT",
        "ipv6-prefix": "Connect:2001:db8 REJECT",
        "leading-at": "From:@example.net REJECT",
        "leading-dot": "Connect:.example.net REJECT",
        "leading-zero": "Connect:192.000.002 REJECT",
        "mangled-text": 'To:left@example.com ERROR:550 no "left" here',
        "masked-password": 'AuthInfo:mx.example.net "U:us" "P:••••"',
        "milliseconds": "GreetPause:192.0.2 5s",
        "name": "Connect:dial_up!example REJECT",
        "network-address": "Connect:192.0.2.0 REJECT",
        "no-code": "From:example.net ERROR:5.7.1:Go away",
        "no-effect": "Connect:192.0.2 REJECT\nConnect:192.0.2.7 REJECT",
        "no-text": "From:example.net ERROR:5.7.1:",
        "number": "ClientRate:192.0.2 many",
        "ok": "Connect:192.0.2.7 OK",
        "open-relay": "To:com RELAY",
        "port": "Connect:192.0.2.7:25 REJECT",
        "quarantine": "From:example.net QUARANTINE",
        "quoted-error": 'From:example.net "ERROR:5.7.1:550 Go away"',
        "quotes": 'From:example.net ERROR:5.7.1:"550 Go away',
        "range": "Connect:192.0.2.0-192.0.3.255 REJECT",
        "rate-by-name": "ClientRate:example.net 10",
        "relay": "Connect:192.0.2 RELAY",
        "relay-by-sender": "From:example.com RELAY",
        "relay-to-address": "To:alice@example.com RELAY",
        "relayed-twice": ("To:example.com RELAY", {"relay-domains": "example.com"}),
        "reply-code": 'From:example.net ERROR:"250 Fine"',
        "shadowed": "192.0.2 REJECT\nConnect:192.0.2 OK\nFrom:192.0.2 OK\nTo:192.0.2 OK",
        "skip": "Connect:192.0.2.7 SKIP",
        "spam": "Spam:abuse@ OK",
        "spam-only": "Connect:192.0.2.7 FRIEND",
        "status": 'From:example.net ERROR:5.7.1:"450 Later"',
        "status-colon": "From:example.net ERROR:5.7.1 550 Go away",
        "subject": "CertIssuer:/CN=Example SUBJECT",
        "tls": "TLS_Srv:mx.example.net VERFY",
        "top-level": "From:example REJECT",
        "trailing-comment": "Connect:192.0.2 REJECT # spam",
        "trailing-dot": "Connect:192.0.2. REJECT",
        "try-tls": "Try_TLS:mx.example.net YES",
        "unknown-tag": "Conect:192.0.2 REJECT",
        "unknown-value": "Connect:192.0.2 REJET",
        "unquoted": "From:example.net ERROR:5.7.1:550 Go away",
        "untagged": "example.net REJECT",
        "wide-network": "Connect:192 REJECT",
        "wildcard": "Connect:*.example.net REJECT",
    },
    "virtusertable": {
        "address": 'info@example.com "a b',
        "address-domain": "info@example.com alice@mail",
        "domain": "info@mail alice",
        "domain-not-local": ("info@nowhere.example alice", {"local-host-names": "example.com"}),
        "ends-nowhere": ("info@virtual.example sales", {"aliases": "sales: nobody-here"}),
        "error-form": "info@example.com error:550 Gone",
        "hides-local-users": ("@example.com bob", {"local-host-names": "example.com", "aliases": "sales: alice"}),
        "idle-catch-all": ("@example.com %1", {"local-host-names": "example.com"}),
        "key-form": '"info"@example.com alice',
        "keyword": "info@example.com REJECT",
        "loop": "info@virtual.example sales@virtual.example\nsales@virtual.example info@virtual.example",
        "macro": "info@example.com alice-%9",
        "mailer": "info@example.com esmtp:[mail.example.net]",
        "mangled-text": 'info@example.com error:5.1.1:550 no "info" here',
        "no-catch-all": "info@virtual.example alice",
        "no-code": "info@example.com error:5.1.1:Gone",
        "no-domain": "example.com alice",
        "no-effect": "info@example.com info@example.net\n@example.com %1@example.net",
        "no-postmaster": "@virtual.example error:nouser 550 No\ninfo@virtual.example alice",
        "no-text": "info@example.com error:nouser",
        "no-user": "info@example.com @example.net",
        "not-here": "info@example.com |/usr/local/bin/ticket",
        "open-relay": "@example.com %1",
        "only-refusal": "@virtual.example error:nouser 550 No",
        "postmaster-in-catch-all": "@virtual.example alice",
        "quoted-error": 'info@example.com "error:nouser 550 Gone"',
        "quotes": 'info@example.com error:5.1.1:"550 Gone',
        "reply-code": "info@example.com error:5.1.1:250 Fine",
        "several-addresses": "info@example.com alice, bob",
        "shadowed": "++@example.com root\n+*@example.com alice\n@example.com bob",
        "status": "info@example.com error:5.1.1:450 Later",
        "trailing-comment": "info@example.com alice # sales",
        "trailing-dot": "info@example.com. alice",
        "unknown-target": "info@example.com nobody-here",
        "unquoted": "info@example.com error:5.1.1:550 Gone away",
        "wildcard": "*@example.com alice",
    },
    "genericstable": {
        "address": "alice alice smith@example.com",
        "address-domain": "alice alice@mail",
        "domain": "alice@mail alice@example.com",
        "domain-as-user": "old.example alice@example.com",
        "domain-not-generic": "alice@elsewhere.example alice@example.com",
        "key-form": "<alice> alice@example.com",
        "keyword": "alice REJECT",
        "macro": "alice %2@example.com",
        "no-at": "old.com alice@example.com",
        "no-domain": "alice alice@",
        "no-effect": "alice@example.com a.smith@example.com\nalice a.smith@example.com",
        "no-user": "alice @example.com",
        "not-here": "alice |/usr/local/bin/ticket",
        "several-addresses": "alice alice@example.com, bob@example.com",
        "trailing-comment": "alice alice@example.com # sales",
        "trailing-dot": "alice@example.com. alice@example.com",
        "wildcard": "*@example.com alice@example.com",
    },
    "mailertable": {
        "address": "alice@example.com esmtp:[mail.example.com]",
        "bare-address": "example.com esmtp:192.0.2.1",
        "comma": "example.com esmtp:[mx1.example.com],[mx2.example.com]",
        "domain": "example..com esmtp:[mail.example.com]",
        "error-form": "example.com error:nohost No such host",
        "host": "example.com esmtp:mail/example",
        "literal": "[192.0.2.1] esmtp:[mail.example.com]",
        "local-domain": ("example.com esmtp:[mail.example.com]", {"local-host-names": "example.com"}),
        "macro": "example.com esmtp:%1.example.net",
        "mangled-text": 'example.com error:5.1.2:550 no "mail" here',
        "no-code": "example.com error:5.1.2:No mail",
        "no-effect": "example.com esmtp:[mail.example.com]\n. esmtp:[mail.example.com]",
        "no-host": "example.com esmtp:",
        "no-mailer": "example.com mail.example.com",
        "no-text": "example.com error:nohost:",
        "port": "example.com esmtp:mail.example.com:2525",
        "program": "example.com prog:/bin/true",
        "quotes": 'example.com error:5.1.2:"550 No mail',
        "reply-code": "example.com error:250 Fine",
        "single-label": "intranet esmtp:[mail.example.com]",
        "status": "example.com error:5.1.2:450 Later",
        "to-itself": "example.com esmtp:[mx.example.org]",
        "trailing-comment": "example.com esmtp:[mail.example.com] # new",
        "trailing-dot": "example.com. esmtp:[mail.example.com]",
        "unknown-mailer": "example.com procmail:/etc/procmailrc",
        "unquoted": "example.com error:5.1.2:550 No mail here",
        "wildcard": "*.example.com esmtp:[mail.example.com]",
    },
    "relay-domains": {
        "address": "alice@example.com",
        "all-ipv6": "IPv6",
        "bracketed-client": "[192.0.2.7]",
        "cidr": "192.0.2.0/23",
        "compressed-ipv6": "IPv6:2001:db8::1",
        "ipv4": "192.0.2.256",
        "ipv6": "IPv6:2001:db8:0:0:0:0:0:0:1",
        "ipv6-prefix": "2001:db8",
        "keyword": "RELAY",
        "leading-zero": "192.000.002",
        "local": ("example.com", {"local-host-names": "example.com"}),
        "name": "<example.com>",
        "network-address": "192.0.2.0",
        "no-effect": "example.com\nmail.example.com",
        "open-relay": ".com",
        "port": "192.0.2.7:25",
        "range": "192.0.2.0-192.0.3.255",
        "separator": "example.com,example.net",
        "tag": "To:example.com",
        "top-level": "com",
        "trailing-dot": "example.com.",
        "wide-network": "192",
        "wildcard": "*.example.com",
    },
    "local-host-names": {
        "address": "192.0.2.1",
        "keyword": "OK",
        "name": "<example.com>",
        "separator": "example.com,example.net",
        "tag": "To:example.com",
        "trailing-dot": "example.com.",
        "wildcard": ".example.com",
    },
}

_COMMON: dict[str, Example] = {
    "class.class-name": Example("relay-domains", "\udc93w", shown="a word that starts with the byte 0x93"),
    "class.comment-without-blank": Example("relay-domains", "example.com#ours"),
    "class.duplicate": Example("relay-domains", "example.com\nexample.com"),
    "class.indented-comment": Example("relay-domains", " # ours"),
    "class.several-words": Example("relay-domains", "example.com example.net"),
    "class.value": _typed("relay-domains", "example.com", "RELAY", shown="a value beside a name"),
    "comment.control-character": _typed("aliases", "sales", "alice", "a\0b", shown="a NUL in a comment"),
    "comment.expired": Example("aliases", "# until 2025-12-31\nsales: alice"),
    "comment.too-long": _typed("aliases", "sales", "alice", "x" * 10_001, shown="10,001 characters of comment"),
    "key.8-bit": Example("virtusertable", "info@münchen.example alice"),
    "key.a-label": Example("relay-domains", "xn--zzzz.example"),
    "key.bom": Example("access", "\ufeffConnect:192.0.2 REJECT", shown="a file saved as “UTF-8 with BOM”"),
    "key.comment": _typed("access", "#connect:192.0.2", "REJECT", shown="a key that begins with #"),
    "key.missing": _typed("aliases", "", "alice", shown="no key"),
    "key.pasted": _typed("virtusertable", "Jane <jane@example.com>", "alice", shown="Jane <jane@example.com>"),
    "key.too-long": Example("virtusertable", f"{'x' * 260}@example.com alice", shown="a key of 272 bytes"),
    "map.duplicate": Example("access", "Connect:192.0.2 REJECT\nConnect:192.0.2 OK"),
    "map.leading-blank": Example("access", " Connect:192.0.2 REJECT"),
    "map.no-value": Example("access", "Connect:192.0.2"),
    "aliases.8-bit-name": Example("aliases", "kārlis: alice"),
    "aliases.colon": _typed("aliases", "a:b", "alice", shown="a:b as the name"),
    "aliases.name": _typed("aliases", "Sales Team <sales>", "alice", shown="Sales Team <sales> as the name"),
    "aliases.name-too-long": Example("aliases", f"{'x' * 260}: alice", shown="a name of 260 bytes"),
    "text.control-character": _typed("aliases", "sa\x07les", "alice", shown="a bell character in a key"),
    "text.crlf": Example("access", "Connect:192.0.2 REJECT\r\n", shown="a file from Windows"),
    "text.foreign": Example("access", "{% for net in networks %}\nConnect:{{ net }} REJECT\n{% endfor %}"),
    "text.line-break": _typed("aliases", "sales", "alice\nroot: bob", shown="a line break in a value"),
    "text.line-too-long": Example("access", f"Connect:192.0.2 ERROR:{'x' * 1010}", shown="a line of 1,032 bytes"),
    "text.misread": _typed("access", "connect:192.0.2", " REJECT", shown="a value that begins with a blank"),
    "text.nul": Example("access", "Connect:192.0.2 RE\0JECT", shown="a NUL in a line"),
    "value.8-bit": Example("virtusertable", "info@example.com jane@münchen.example"),
    "value.a-label": Example("virtusertable", "info@example.com jane@xn--zzzz.example"),
    "value.invisible": Example("virtusertable", "info@example.com jane\u200b@example.net", shown="a zero-width space"),
    "value.missing": _typed("aliases", "sales", "", shown="no value"),
    "value.pasted": _typed(
        "virtusertable", "info@example.com", "Jane <jane@example.net>", shown="Jane <jane@example.net>"
    ),
}

_MISSING = {
    f"aliases.no-{name}": Example("aliases", "sales: alice", required=True)
    for name in ("abuse", "mailer-daemon", "postmaster")
}


def _example(table: str, given: str | tuple[str, dict[str, str]]) -> Example:
    return Example(table, given) if isinstance(given, str) else Example(table, *given)


EXAMPLES: dict[str, Example] = {
    **{
        f"{table}.{name}": _example(table, given)
        for table, rules in _OF_TABLES.items()
        for name, given in rules.items()
    },
    **_COMMON,
    **_MISSING,
}
