"""Who may relay or pass: pairs of before and after with the risks that the change has, each for a reason.

They are tried with the real sendmail too (tests/integration): what it decides about clients, senders and recipients
around the key must change exactly as the risks say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tables.sendmail.spec import Entry, Lookup, Risk, Under
from tables.sendmail.tables import TABLES

RELAY, BYPASS, ROUTING, PROGRAM = Risk.RELAY, Risk.BYPASS, Risk.ROUTING, Risk.PROGRAM
FILE, INCLUDE, CATCH_ALL = Risk.FILE, Risk.INCLUDE, Risk.CATCH_ALL
NONE: frozenset[Risk] = frozenset()

Tables = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Pair:
    """A change of one entry among others, and what follows. ``None``: there is no entry."""

    table: str
    key: str
    before: str | None
    after: str | None
    risks: frozenset[Risk]
    why: str
    around: Tables = field(default_factory=dict, hash=False)
    #: The risk hangs on what the tables do not say, so the real program as the tests set it up need not show it.
    unsure: bool = False

    def __str__(self) -> str:
        return f"{self.table} {self.key} {self.before}→{self.after} {self.why}"

    def entry(self, value: str | None) -> Entry | None:
        return None if value is None else Entry(self.key, value)

    def world(self, value: str | None) -> Tables:
        """All tables, with this value in the place of the changed one."""
        tables = {name: dict(there) for name, there in self.around.items()}
        if value is not None:
            tables.setdefault(self.table, {})[self.key] = value
        return tables


def others(*lines: str) -> Tables:
    """Entries that stand around, one a line: ``key value`` of access, or a table's name before it."""
    tables: Tables = {}
    for line in lines:
        table, _, rest = line.partition(" ") if line.split(" ")[0] in TABLES else ("access", "", line)
        key, _, value = rest.partition(" ")
        tables.setdefault(table, {})[key] = value
    return tables


def access(key: str, before: str | None, after: str | None, risks: Iterable[Risk], why: str, *around: str) -> Pair:
    return Pair("access", key, before, after, frozenset(risks), why, others(*around))


def line(table: str, key: str, risks: Iterable[Risk], why: str, *around: str) -> Pair:
    """A new line of a class."""
    return Pair(table, key, None, "", frozenset(risks), why, others(*around))


def unsure(table: str, key: str, risks: Iterable[Risk], why: str, *around: str) -> Pair:
    """A new line of a class that may open nothing: what it opens hangs on more than a look-up of keys can tell."""
    return Pair(table, key, None, "", frozenset(risks), why, others(*around), unsure=True)


def gone(table: str, key: str, why: str, *around: str) -> Pair:
    """A line of a class that is taken away."""
    return Pair(table, key, "", None, NONE, why, others(*around))


def change(
    table: str, key: str, before: str | None, after: str | None, risks: Iterable[Risk], why: str, *around: str
) -> Pair:
    return Pair(table, key, before, after, frozenset(risks), why, others(*around))


def look_into(tables: Tables) -> Lookup:
    def look(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        there, asked = tables.get(table, {}), list(keys)
        under = [key for key in asked if isinstance(key, Under) and any(key.covers(name) for name in there)]
        return {key: there[key] for key in asked if key in there} | dict.fromkeys(under, "")

    return look


R, W = "relay-domains", "local-host-names"

CLIENTS = [
    access("connect:10.1", None, "RELAY", {RELAY}, "a network may relay"),
    access("connect:10.1.2.3", None, "RELAY", {RELAY}, "one address may relay"),
    access("connect:ipv6:2001:db8", None, "RELAY", {RELAY}, "an IPv6 network may relay"),
    access("connect:example.com", None, "RELAY", {RELAY}, "hosts of a domain may relay"),
    access("connect:com", None, "RELAY", {RELAY}, "hosts of all of .com may relay"),
    access("connect:10.1.2", None, "RELAY", NONE, "the wider network may relay already", "connect:10.1 RELAY"),
    access("connect:10.1.2", None, "RELAY", {RELAY, BYPASS}, "the wider network is refused", "connect:10.1 REJECT"),
    access("connect:10.1.2", None, "RELAY", {RELAY}, "a network beside it does not matter", "connect:10.1.3 RELAY"),
    access("connect:10.1.2", None, "RELAY", {BYPASS}, "the class lets relay already, but not past checks", f"{R} 10.1"),
    access("connect:10.1", "OK", "RELAY", {RELAY}, "OK alone did not relay"),
    access("connect:10.1", "REJECT", "RELAY", {RELAY, BYPASS}, "refused until now"),
    access("connect:10.1", "QUARANTINE:look", "RELAY", {RELAY, BYPASS}, "held until now"),
    access("connect:10.1", "RELAY", None, NONE, "closing never waits"),
    access("connect:10.1", "RELAY", "OK", NONE, "closing never waits"),
    access("connect:10.1", "RELAY", "REJECT", NONE, "closing never waits"),
    access("connect:10.1.2", "RELAY", "REJECT", NONE, "closing never waits, also under a relay", "connect:10.1 RELAY"),
    access("connect:10.1.2", "RELAY", None, NONE, "the wider rule gives the same", "connect:10.1 RELAY"),
    access("connect:10.1.2", "REJECT", None, {BYPASS}, "a refusal goes"),
    access("connect:10.1.2", "REJECT", None, NONE, "the wider network is refused as well", "connect:10.1 REJECT"),
    access("connect:10.1.2", "REJECT", None, NONE, "the same without a tag", "10.1.2 REJECT"),
    access("connect:10.1.2", "REJECT", None, {BYPASS, RELAY}, "a wider relay appears under it", "connect:10.1 RELAY"),
    access("connect:10.1.2", "REJECT", None, {BYPASS, RELAY}, "the widest of three", "connect:10 RELAY"),
    access("connect:10.1.2", "REJECT", None, {BYPASS}, "the next wider one decides", "connect:10.1 OK", "10 RELAY"),
    access("connect:10.1.2", "REJECT", None, {BYPASS, RELAY}, "without a tag it relays", "10.1.2 RELAY"),
    access("10.1.2", "REJECT", None, {BYPASS, RELAY}, "an untagged refusal over a tagged relay", "connect:10.1 RELAY"),
    access("10.1.2", "REJECT", None, NONE, "the tagged one decided anyway", "connect:10.1.2 OK"),
    access("connect:10.1.2", "REJECT", None, {BYPASS, RELAY}, "the class relays under it", f"{R} 10.1"),
    access("connect:10.1.2", "REJECT", None, {BYPASS, RELAY}, "the class with a dot at its end", f"{R} 10.1."),
    access("connect:10.1.2", "REJECT", None, {BYPASS, RELAY}, "a class of one octet", f"{R} 10"),
    access("connect:10.1.2", "REJECT", None, {BYPASS}, "a class of another network", f"{R} 10.3"),
    access("connect:10.1.2", "REJECT", "OK", {BYPASS, RELAY}, "OK lets the class decide", f"{R} 10.1"),
    access("connect:10.1.2", "REJECT", "OK", {BYPASS}, "OK covers the wider relay", "connect:10.1 RELAY"),
    access("connect:10.1.2", "OK", None, {RELAY}, "OK kept a wider relay shut", "connect:10.1 RELAY"),
    access("connect:10.1.2", "OK", None, NONE, "the class relays with OK and without", f"{R} 10.1"),
    access("connect:10.1.2", "OK", "REJECT", NONE, "stricter", f"{R} 10.1"),
    access("connect:10.1.2", "REJECT", "DISCARD", NONE, "as strict", "connect:10.1 RELAY"),
    access("connect:10.1.2", "REJECT", 'ERROR:5.7.1:"550 no"', NONE, "as strict", "connect:10.1 RELAY"),
    access("connect:10.1.2", "DISCARD", "REJET", NONE, "a word that sendmail does not know refuses"),
    access("connect:10.1.2", "REJECT", "QUARANTINE:look", {BYPASS}, "held instead of refused"),
    access("connect:10.1.2", "REJECT", "QUARANTINE : look", {BYPASS}, "held, with a blank before the colon"),
    access("connect:10.1.2", "REJECT", "QUARANTINE", NONE, "without a reason it refuses"),
    access("connect:10.1.2", "QUARANTINE:look", None, {BYPASS}, "held no more"),
    access("connect:10.1.2", None, "QUARANTINE:look", NONE, "stricter"),
    access("connect:10.1.2", None, "QUARANTINE:look", {BYPASS}, "held where it was refused", "connect:10.1 REJECT"),
    access("connect:10.1.2", "REJECT", "SKIP", {BYPASS}, "SKIP ends the search before the relay", "connect:10.1 RELAY"),
    access("connect:10.1.2", None, "SKIP", {BYPASS}, "SKIP hides the wider refusal, where it is known", "10.1 REJECT"),
    access("connect:10.1.2", None, "SKIP", NONE, "SKIP alone passes nothing that passed no check"),
    access("connect:10.1.2", "SKIP", None, {BYPASS}, "where SKIP is not known, it refused"),
    access("connect:10.1.2", "SKIP", None, {BYPASS, RELAY}, "SKIP kept the wider relay shut", "connect:10.1 RELAY"),
    access("connect:10.1", None, "OK", {BYPASS}, "checks are passed"),
    access("connect:10.1.2", None, "OK", NONE, "they were before", "connect:10.1 OK"),
    access("connect:10.1.2", None, "OK", NONE, "a relay passes them too, and stops here", "connect:10.1 RELAY"),
    access("connect:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "a name under a relay", "connect:com RELAY"),
    access("connect:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "a name under the class", f"{R} example.com"),
    access("connect:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "the class with a dot", f"{R} .example.com"),
    access(
        "connect:example.com", "REJECT", None, {BYPASS, RELAY}, "hosts under it are in the class", f"{R} .example.com"
    ),
    access("connect:example.com", "REJECT", None, {BYPASS, RELAY}, "a local name may relay", f"{W} example.com"),
    access("connect:sub.example.com", "REJECT", None, {BYPASS}, "only the name itself is local", f"{W} example.com"),
    access("connect:sub.example.com", None, "RELAY", NONE, "under a relay", "connect:example.com RELAY"),
    access(
        "connect:example.com",
        None,
        "RELAY",
        {RELAY},
        "the local name relayed, what is under it not",
        f"{W} example.com",
    ),
    access("connect:.example.com", None, "RELAY", {RELAY}, "with lookupdotdomain it is all under it"),
    access("connect:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "so it uncovers", "connect:.example.com RELAY"),
    access("connect:[10.1.2.3]", None, "RELAY", {BYPASS}, "a nameless client never relays by its brackets"),
    access("connect:[10.1.2.3]", "REJECT", None, {BYPASS, RELAY}, "its address may relay", "connect:10.1 RELAY"),
    access("connect:[10.1.2.3]", "REJECT", None, {BYPASS, RELAY}, "its literal is local", f"{W} [10.1.2.3]"),
    access("connect:[10.1.2.3]", "REJECT", None, NONE, "its address is refused too", "connect:10.1 REJECT"),
    access("connect:ipv6:2001:db8:1", "REJECT", None, {BYPASS, RELAY}, "IPv6 under a relay", "connect:ipv6:2001 RELAY"),
    access("connect:ipv6:2001:db8:1", "REJECT", None, {BYPASS, RELAY}, "IPv6 under the class", f"{R} ipv6:2001:db8"),
    access("connect:10.1", "REJECT", None, {BYPASS, RELAY}, "a network in it is in the class", f"{R} 10.1.2"),
    access("connect:10.1", "REJECT", None, {BYPASS, RELAY}, "an address in it is local", f"{W} [10.1.2.3]"),
    access("connect:com", "REJECT", None, {BYPASS, RELAY}, "a domain under it is in the class", f"{R} example.com"),
    access("connect:com", "REJECT", None, {BYPASS, RELAY}, "a domain under it is local", f"{W} example.com"),
    access("to:com", "REJECT", None, {BYPASS, RELAY}, "a domain under it is in the class", f"{R} .a.example.com"),
    access("to:com", "REJECT", None, {BYPASS}, "a domain under it is local", f"{W} example.com"),
    access("connect:10.1", "REJECT", None, {BYPASS}, "another network", f"{R} 10.11"),
    access("connect:ipv6:2001:db8:1", "REJECT", None, {BYPASS}, "a group is whole", f"{R} ipv6:2001:db"),
]

RECIPIENTS = [
    access("to:example.com", None, "RELAY", {RELAY}, "mail for a domain is relayed"),
    access("to:com", None, "RELAY", {RELAY}, "mail for all of .com"),
    access("to:sub.example.com", None, "RELAY", NONE, "it is relayed already", "to:example.com RELAY"),
    access("to:sub.example.com", None, "RELAY", NONE, "it is in the class already", f"{R} example.com"),
    access("to:example.com", None, "RELAY", {RELAY}, "only what is under it was in the class", f"{R} .example.com"),
    access("to:user@example.com", None, "RELAY", {RELAY}, "with relaytofulladdress one address relays"),
    access("to:user@", None, "RELAY", {RELAY}, "with relaytofulladdress a user of any domain"),
    access("to:example.com", None, "OK", NONE, "OK of a recipient passes nothing"),
    access("to:sub.example.com", None, "OK", {BYPASS}, "but it hides the refusal above", "to:example.com REJECT"),
    access("to:sub.example.com", None, "OK", NONE, "and the relay above", "to:example.com RELAY"),
    access("to:sub.example.com", "OK", None, {RELAY}, "until it goes", "to:example.com RELAY"),
    access("to:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "a wider relay", "to:example.com RELAY"),
    access("to:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "an untagged relay", "example.com RELAY"),
    access(
        "to:sub.example.com",
        "REJECT",
        None,
        {BYPASS},
        "a relay of clients is another matter",
        "connect:example.com RELAY",
    ),
    access("to:sub.example.com", "REJECT", None, {BYPASS, RELAY}, "the class", f"{R} example.com"),
    access("to:sub.example.com", "REJECT", "OK", {BYPASS, RELAY}, "the class, with OK", f"{R} example.com"),
    access("to:sub.example.com", "REJECT", "QUARANTINE:x", {BYPASS}, "held, not relayed", f"{R} example.com"),
    access("to:sub.example.com", "QUARANTINE:x", None, {BYPASS, RELAY}, "held no more", f"{R} example.com"),
    access("to:example.com", None, "QUARANTINE:x", {BYPASS}, "accepted and held where it was refused"),
    access("to:example.com", None, "QUARANTINE:x", NONE, "stricter", f"{R} example.com"),
    access("to:user@example.com", None, "QUARANTINE:x", NONE, "stricter", f"{W} example.com"),
    access("to:example.com", None, "QUARANTINE:x", {BYPASS}, "names under it were refused", f"{W} example.com"),
    access("to:user@", None, "QUARANTINE:x", NONE, "only users of local domains"),
    access("to:example.com", None, "DISCARD", NONE, "accepted and thrown away, which opens nothing"),
    access("to:user@example.com", "REJECT", None, {BYPASS, RELAY}, "one address under a relay", "to:example.com RELAY"),
    access("to:user@example.com", "REJECT", None, {BYPASS, RELAY}, "one address under the class", f"{R} example.com"),
    access("to:user@example.com", "REJECT", None, {BYPASS}, "one address of a local domain", f"{W} example.com"),
    access(
        "to:user@example.com", "REJECT", None, NONE, "the user is refused too", "to:user@ REJECT", f"{W} example.com"
    ),
    access("to:user+*@example.com", "REJECT", None, NONE, "the same without detail", "to:user@example.com REJECT"),
    access("to:user+x@example.com", "REJECT", None, NONE, "any detail is refused", "to:user+*@example.com REJECT"),
    access("to:user@", "REJECT", None, {BYPASS}, "a user of every local domain", f"{W} example.com"),
    access("to:example.com", "REJECT", "RELAY", {BYPASS, RELAY}, "refused until now"),
    access("to:example.com", "RELAY", None, NONE, "closing never waits"),
    access("to:example.com", "RELAY", "REJECT", NONE, "closing never waits", f"{R} example.com"),
    access("to:[10.1.2.3]", None, "RELAY", {RELAY}, "mail to a literal"),
    access("[10.1.2.3]", None, "RELAY", {RELAY}, "mail to a literal, untagged"),
    access("to:sub.example.com", "550 no", None, {BYPASS, RELAY}, "an old error text refuses", f"{R} .example.com"),
]

SENDERS = [
    access("from:example.com", None, "RELAY", {RELAY}, "with relay_mail_from who claims to be there relays"),
    access("from:user@example.com", None, "RELAY", {RELAY}, "the same for one address"),
    access("from:example.com", None, "OK", {BYPASS}, "checks are passed"),
    access("from:sub.example.com", None, "OK", NONE, "they were before", "from:example.com OK"),
    access(
        "from:sub.example.com", None, "OK", NONE, "the sender had a RELAY, which goes here", "from:example.com RELAY"
    ),
    access("from:example.com", "REJECT", None, {BYPASS}, "a refusal goes"),
    access("from:user@example.com", "REJECT", None, {BYPASS}, "a refusal goes"),
    access("from:user@example.com", "REJECT", None, NONE, "the domain is refused too", "from:example.com REJECT"),
    access("from:user@example.com", "REJECT", None, NONE, "the user is refused too", "from:user@ REJECT"),
    access("from:user@example.com", "REJECT", None, {BYPASS, RELAY}, "the domain relays", "from:example.com RELAY"),
    access("from:user@", "REJECT", None, {BYPASS}, "a user of every domain"),
    access("from:example.com", "REJECT", "SKIP", {BYPASS}, "SKIP refuses no more where it is known"),
    access("from:example.com", "OK", None, NONE, "stricter"),
    access("from:user@example.com", "REJECT", "SKIP", NONE, "SKIP of an address refuses, known or not"),
    access("from:example.com", None, "REJECT", NONE, "stricter"),
    access("from:[10.1.2.3]", "REJECT", None, {BYPASS}, "a literal as the sender's domain"),
]

UNTAGGED = [
    access("example.com", None, "RELAY", {RELAY}, "clients and recipients at once"),
    access(
        "example.com", None, "RELAY", {RELAY}, "clients relayed already, recipients not", "connect:example.com RELAY"
    ),
    access("sub.example.com", None, "RELAY", NONE, "both relayed already", "example.com RELAY"),
    access("example.com", None, "OK", {BYPASS}, "clients and senders pass checks"),
    access("example.com", "REJECT", None, {BYPASS}, "refused three times until now"),
    access(
        "example.com",
        "REJECT",
        None,
        NONE,
        "each tag refuses on",
        "connect:com REJECT",
        "to:com REJECT",
        "from:com REJECT",
    ),
    access("example.com", "REJECT", None, {BYPASS, RELAY}, "recipients under it relay", "to:com RELAY"),
    access("user@example.com", "REJECT", None, {BYPASS}, "as sender and as recipient"),
    access("user@", None, "RELAY", {RELAY}, "with relaytofulladdress"),
    access("10.1", None, "RELAY", {RELAY}, "a network"),
    access("ipv6:2001:db8", None, "RELAY", {RELAY}, "an IPv6 network"),
]

CERTIFICATES = [
    access("certissuer:/c=us/cn=ca", None, "RELAY", {RELAY}, "every certificate of an issuer"),
    access("certissuer:/c=us/cn=ca", None, "SUBJECT", {RELAY}, "with a subject", "certsubject:/c=us/cn=a RELAY"),
    access(
        "certissuer:/c=us/cn=ca",
        "SUBJECT",
        "RELAY",
        {RELAY},
        "not only listed subjects",
        "certsubject:/c=us/cn=a RELAY",
    ),
    access("certissuer:/c=us/cn=ca", "RELAY", "SUBJECT", NONE, "only listed subjects", "certsubject:/c=us/cn=a RELAY"),
    access("certissuer:/c=us/cn=ca", "RELAY", None, NONE, "closing never waits"),
    access("certissuer:/c=us/cn=ca", None, "OK", NONE, "OK means nothing there"),
    access("certsubject:/c=us/cn=a", None, "RELAY", {RELAY}, "a subject", "certissuer:/c=us/cn=ca SUBJECT"),
    access("certsubject:/c=us/cn=a", None, "SUBJECT", NONE, "means nothing there", "certissuer:/c=us/cn=ca SUBJECT"),
    access("certsubject:/c=us/cn=a", "RELAY", None, NONE, "closing never waits", "certissuer:/c=us/cn=ca SUBJECT"),
]

CLASSES = [
    line(R, "example.com", {RELAY}, "a domain"),
    line(R, "com", {RELAY}, "all of .com"),
    line(R, ".example.com", {RELAY}, "what is under a domain"),
    line(R, "10.1", {RELAY}, "a network"),
    line(R, "10.1.", {RELAY}, "a network with a dot at its end"),
    line(R, "10.1.2.3", {RELAY}, "an address"),
    line(R, "ipv6:2001:db8", {RELAY}, "an IPv6 network"),
    line(R, "[10.1.2.3]", {RELAY}, "mail to a literal"),
    line(R, "sub.example.com", NONE, "the wider line is there already", f"{R} example.com"),
    line(R, "sub.example.com", NONE, "the wider line with a dot", f"{R} .example.com"),
    line(R, "example.com", {RELAY}, "the name itself was not under the dot", f"{R} .example.com"),
    line(R, ".example.com", NONE, "nothing that the name does not cover", f"{R} example.com"),
    line(R, "10.1.2", NONE, "the wider network is there already", f"{R} 10.1"),
    line(R, "10.1.2.", NONE, "the same network without the dot", f"{R} 10.1.2"),
    line(R, "10.1.2", NONE, "the same network with the dot", f"{R} 10.1.2."),
    unsure(R, "10.1.2", {RELAY}, "access may keep a part of it from relaying", "connect:10.1 RELAY"),
    line(R, "ipv6:2001:db8:1", NONE, "the wider IPv6 network", f"{R} ipv6:2001:db8"),
    line(R, "example.com", {RELAY}, "access lets only its hosts relay", "connect:example.com RELAY"),
    line(R, "example.com", {RELAY}, "access relays only mail for it", "to:example.com RELAY"),
    unsure(R, "example.com", {RELAY}, "access may keep a part of it from relaying", "example.com RELAY"),
    unsure(R, "10.1", {RELAY}, "a name may pass what refuses the address", "connect:10.1 REJECT"),
    line(R, "10.1.2", {RELAY}, "access keeps a part of it from relaying", "connect:10.1 RELAY", "connect:10.1.2 OK"),
    gone(R, "example.com", "closing never waits"),
    gone(R, "sub.example.com", "the wider line stays", f"{R} example.com"),
    line(W, "example.com", {ROUTING, RELAY}, "delivered here; a host of this name may relay"),
    line(W, "example.com", {ROUTING}, "such a host may relay already", f"{R} example.com"),
    line(W, "example.com", {ROUTING}, "such a host may relay already", "connect:com RELAY"),
    line(W, "example.com", {ROUTING, RELAY}, "only hosts under it may relay already", f"{R} .example.com"),
    line(W, "[10.1.2.3]", {ROUTING, RELAY}, "the client of this address may relay"),
    line(W, "[10.1.2.3]", {ROUTING}, "it may already", f"{R} 10.1"),
    gone(W, "example.com", "mail for it is refused then"),
    Pair(W, "example.com", "", None, frozenset({RELAY}), "mail for it is relayed then", others(f"{R} com")),
    Pair(W, "example.com", "", None, frozenset({RELAY}), "mail for it is relayed then", others("to:com RELAY")),
]

#: Worlds of clients, senders, recipients and certificates, which the real program is asked about.
DECIDED = [*CLIENTS, *RECIPIENTS, *SENDERS, *UNTAGGED, *CERTIFICATES, *CLASSES]
