"""What runs a program, writes a file or opens a relay in disguise, against the real sendmail.

Values are made up by the hundred, the same on every run; whatever sendmail takes for dangerous must have the risk.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import pytest

from tables.sendmail.risk.deliveries import deliveries
from tables.sendmail.risk.tls_demand import weaker
from tables.sendmail.spec import Entry, Risk
from tables.sendmail.syntax.access_values import bare
from tables.sendmail.syntax.targets import Target
from tables.sendmail.tables import TABLES
from tables.sendmail.text import decode
from tests.core.reading import entries
from tests.core.risk_pairs import look_into
from tests.core.test_risk_pairs import DISGUISED
from tests.integration.oracle import Oracle, Probe, returned
from tests.places import place

pytestmark = pytest.mark.sendmail


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with place() as directory:
        found = Oracle(directory)
        found.prepare()
        yield found


# --- aliases ----------------------------------------------------------------------------------------------------------

#: The number in each makes its delivery known again, whatever else sendmail says of it.
TARGETS = (b"|/pN", b"/fN", b":include:/iN")
BEFORE = rb"""" < (c) Name< \ list: @mx.test.example: mx.test.example! ( "a" x+ (a(b)) ; : @ # . x \\ \" <> % ! ~ //
    ::include: $ | [ <@mx.test.example: x,""".split()
BEFORE += [b" ", b"\t", b"\x0b", b"\r", b"\x01", b"\xe9", b"\x81", b"\x85"]
AFTER = rb"""" > (c) ; @mx.test.example @localhost @[127.0.0.1] %mx.test.example . @ ) , : "@mx.test.example +x ]
    %mx.test.example@mx.test.example""".split()
AFTER += [b" ", b", x", b" a b", b"\r"]


def disguises(count: int, seed: int) -> list[bytes]:
    dice = random.Random(seed)
    return [_disguise(dice, number) for number in range(count)]


def _disguise(dice: random.Random, number: int) -> bytes:
    value = dice.choice(TARGETS).replace(b"N", b"Q%04dz" % number)
    if dice.random() < 0.25:
        where = dice.randint(0, value.index(b"Q"))
        value = value[:where] + dice.choice(BEFORE) + value[where:]
    before, after = (dice.choices(marks, k=dice.randint(0, 2)) for marks in (BEFORE, AFTER))
    value = b"".join((*before, value, *after))
    return b'"' + value + b'"' if dice.random() < 0.2 else value


def delivered(output: str) -> dict[int, set[Target]]:
    """What sendmail -bv says of each number."""
    found: dict[int, set[Target]] = {}
    kinds = {"mailer prog": Target.PROGRAM, "mailer *file*": Target.FILE, "Cannot open": Target.INCLUDE}
    for line in output.splitlines():
        numbers = re.findall(r"Q(\d{4})z", line)
        for mark, kind in kinds.items():
            if mark in line and numbers:
                found.setdefault(int(numbers[0]), set()).add(kind)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_whatever_an_alias_delivers_to_on_this_host_is_known(oracle: Oracle, seed: int) -> None:
    values = disguises(500, seed)
    text = b"".join(b"a%d: %s\n" % (number, value) for number, value in enumerate(values))
    seen = delivered(oracle.delivers(decode(text), [f"a{number}" for number in range(len(values))]))
    known = {entry.key: {kind for kind, _ in deliveries(entry.value)} for entry in entries("aliases", text)}
    missed = {values[number]: kinds for number, kinds in seen.items() if kinds - known[f"a{number}"]}
    assert not missed
    assert len(seen) > 100


# --- words in disguise ------------------------------------------------------------------------------------------------

AROUND = rb"""(x) () "" <> ( ) \( < > \ " , ; (\)) ((x)) @ . + # : % %0 %1 %9 %% $ / ' = ! [ ]""".split()
AROUND += [bytes((code,)) for code in range(1, 256) if code != 10]


def words(count: int, seed: int) -> list[bytes]:
    dice = random.Random(seed)
    found: set[bytes] = set()
    while len(found) < count:
        value = dice.choice((b"RELAY", b"relay", b"OK", b"SUBJECT"))
        for mark in dice.choices(AROUND, k=dice.randint(1, 3)):
            where = dice.choice((0, len(value), dice.randint(0, len(value))))
            value = value[:where] + mark + value[where:]
        if not value[:1].isspace():
            found.add(value)
    return sorted(found)


def ask_words(oracle: Oracle, values: Sequence[str]) -> list[tuple[str, str]]:
    """What Relay_ok and check_relay return for a client with each of the values."""
    networks = [f"10.{number}.1" for number in range(len(values))]
    oracle.become({"access": {f"connect:{network}": value for network, value in zip(networks, values, strict=True)}})
    lines = [".D{client_name}n.example", ".D{client_resolve}OK"]
    for network in networks:
        lines += [f".D{{client_addr}}{network}.1", "Relay_ok x", f"Start,check_relay n.example $| {network}.1"]
    output = oracle.test(lines)
    return list(zip(returned(output, "Relay_ok"), returned(output, "check_relay"), strict=True))


def is_let_past(answer: str) -> bool:
    """Whether access refuses nobody: accepted, or left to the checks that follow."""
    return not answer.startswith("$#") or "Not on any list" in answer


def test_no_word_relays_or_passes_in_a_disguise_that_is_not_known(oracle: Oracle) -> None:
    values = [decode(value) for value in words(800, 5)]
    wrong = []
    for value, (relay, check) in zip(values, ask_words(oracle, values), strict=True):
        passes = is_let_past(check)
        before, after = Entry("connect:10.1.1.1", "REJECT"), Entry("connect:10.1.1.1", value)
        risks = TABLES["access"].risks(before, after, look_into({}))
        if (relay == "RELAY" and Risk.RELAY not in risks) or (passes and Risk.BYPASS not in risks):
            wrong.append((value, relay, check, risks))
    assert not wrong
    assert sum(bare(value) == "relay" for value in values) > 50


def test_the_disguises_of_the_pairs_are_those_of_the_real_program(oracle: Oracle) -> None:
    cases = [case for case in DISGUISED if case.after is not None]
    answers = ask_words(oracle, [case.after or "" for case in cases])
    assert [relay == "RELAY" for relay, _ in answers] == [Risk.RELAY in case.risks for case in cases]
    assert [is_let_past(check) for _, check in answers] == [bool(case.risks) for case in cases]


# --- virtusertable ----------------------------------------------------------------------------------------------------

VALUES = ("%1", "%2", "%3", "%1@%2", "x@%1", "%1@[%2]", "x@a%3", "%2!%1", "%1%%%2", "%1@example.net", "%1+x", "list-%1")
VALUES += ("x", "x@example.net", "<%1>", "(c)%2", "%2@example.net", "root@%1.example.net", "error:nouser %1")
USERS = ("", "+*", "++", "user", "user+*")
WRITTEN = ("victim+evil.org", "evil.org", "evil.org+x", "user+evil.org", "user", "x+evil.org", "victim%evil.org")
WRITTEN += (
    '"victim@evil.org"+x',
    'x+"victim@evil.org"',
    '"evil.org!victim"+x',
    'user+"victim@evil.org"',
    '"victim@evil.org"',
)


def test_a_virtual_address_opens_a_relay_exactly_when_it_has_the_risk(oracle: Oracle) -> None:
    """Anybody writes to it, check_rcpt lets them, and the mail goes to a host that they name."""
    pairs = {f"{user}@loc{number}.example": value for number, (user, value) in enumerate(product(USERS, VALUES))}
    domains = {key.rpartition("@")[2]: "" for key in pairs}
    oracle.become({"virtusertable": pairs, "local-host-names": domains})
    opened = _opened(oracle, [f"{local}@{domain}" for domain in domains for local in WRITTEN])
    wrong = {}
    for number, (key, value) in enumerate(pairs.items()):
        answers = opened[number * len(WRITTEN) : (number + 1) * len(WRITTEN)]
        if any(answers) != (Risk.RELAY in TABLES["virtusertable"].risks(None, Entry(key, value), look_into({}))):
            wrong[key, value] = answers
    assert not wrong


def _opened(oracle: Oracle, recipients: Sequence[str]) -> list[bool]:
    """Whether a stranger may write to each, and the mail goes to a host that is named in it."""
    lines = [line for who in recipients for line in (f"check_rcpt <{who}>", f"3,0 {who}")]
    output = oracle.test([*Probe().macros(), *lines])
    accepted = returned(output, "check_rcpt")
    # check_rcpt parses the address as well; 3,0 begins with canonify at the prompt.
    blocks = re.split(r"^> (?=canonify)", output, flags=re.MULTILINE)[1:]
    hosts = [returned(block, "parse")[-1].partition("$:")[0] for block in blocks]
    assert len(accepted) == len(hosts) == len(recipients)
    leads = [("evil . org" in host or "victim" in host) and not host.startswith("$# error") for host in hosts]
    return [answer == "RELAY" and away for answer, away in zip(accepted, leads, strict=True)]


# --- programs behind an alias -----------------------------------------------------------------------------------------

VIRTUAL = ("|/pN", '"|/pN x"', "/fN", ":include:/iN", "(c) |/pN", "<|/pN>", "local:|/pN", "x", "x@a.org")
ROUTES = (
    "prog:/pN@h",
    "PROG :/pN@h",
    "(c) prog:/pN@h",
    "<prog:/pN@h>",
    "local:|/pN",
    "local:/fN",
    "local::include:/iN",
)
ROUTES += ("*file*:/fN@h", "*include*:/iN@h", "local:root", "esmtp:[h]", "relay:|/pN")


@dataclass(frozen=True)
class Behind:
    """An entry of another table to which an alias leads."""

    table: str
    key: str
    value: str

    @property
    def address(self) -> str:
        return self.key if "@" in self.key else f"x@{self.key}"

    @property
    def risks(self) -> set[str]:
        risks = TABLES[self.table].risks(None, Entry(self.key, self.value), look_into({}))
        return {str(risk) for risk in risks & {Risk.PROGRAM, Risk.FILE, Risk.INCLUDE}}


@pytest.fixture(scope="module")
def behind() -> list[Behind]:
    both = [*(("virtusertable", value) for value in VIRTUAL), *(("mailertable", value) for value in ROUTES)]
    found = []
    for number, (table, value) in enumerate(both):
        key = f"x@loc{number}.example" if table == "virtusertable" else f"rel{number}.example"
        found.append(Behind(table, key, value.replace("N", f"Q{number:04}z")))
    return found


def test_what_an_alias_leads_to_through_another_table_is_known(oracle: Oracle, behind: list[Behind]) -> None:
    seen = delivered(_become_and_deliver(oracle, behind, [f"a{number}" for number in range(len(behind))]))
    shown = {entry.address: {str(kind) for kind in seen.get(number, set())} for number, entry in enumerate(behind)}
    assert shown == {entry.address: entry.risks for entry in behind}


def test_without_an_alias_it_is_refused(oracle: Oracle, behind: list[Behind]) -> None:
    output = _become_and_deliver(oracle, behind, [entry.address for entry in behind])
    assert output.count("Cannot mail directly to") == sum(bool(entry.risks) for entry in behind)
    assert "mailer prog" not in output


def _become_and_deliver(oracle: Oracle, behind: Sequence[Behind], names: Sequence[str]) -> str:
    world: dict[str, dict[str, str]] = {"local-host-names": {}}
    for entry in behind:
        world.setdefault(entry.table, {})[entry.key] = entry.value
        if "@" in entry.key:
            world["local-host-names"][entry.key.rpartition("@")[2]] = ""
    oracle.become(world)
    return oracle.delivers("".join(f"a{number}: {entry.address}\n" for number, entry in enumerate(behind)), names)


# --- demands on TLS ---------------------------------------------------------------------------------------------------

DEMANDS = ("OK", "VERIFY", "VERIFY:128", "VERIFY:256", "ENCR:112", "PERM+ENCR:256", "TEMP+VERIFY", "VERFY", "ENCR")
DEMANDS += ("VERIFY+CN:a", "VERIFY:128+CN:a++CS:s", "ENCR:112+CI:i", "verify (x)", "VERIFY :128", "ENCR:0")
CONNECTIONS = list(product(("OK", "NO", "FAIL", "NONE"), ("0", "112", "128", "256"), "ab", "st", "ij"))


def test_a_demand_is_weaker_exactly_when_more_connections_pass(oracle: Oracle) -> None:
    clients = {f"10.{number}.1.1": demand for number, demand in enumerate(DEMANDS)}
    oracle.become({"access": {f"tls_clt:{client}": demand for client, demand in clients.items()}})
    passing = [_passing(oracle, client) for client in clients]
    assert len(set(map(frozenset, passing))) > 5
    for (was, before), (now, after) in product(zip(DEMANDS, passing, strict=True), repeat=2):
        assert weaker("tls_clt", now, was) == bool(after - before), (was, now)


def _passing(oracle: Oracle, client: str) -> set[int]:
    names = ("{verify}", "{cipher_bits}", "{cn_subject}", "{cert_subject}", "{cert_issuer}")
    lines = [f".D{{client_addr}}{client}", ".D{client_name}n.example"]
    for connection in CONNECTIONS:
        lines += [f".D{name}{value}" for name, value in zip(names, connection, strict=True)]
        lines += [f"Start,tls_client {connection[0]} $| MAIL"]
    answers = returned(oracle.test(lines), "tls_client")
    assert len(answers) == len(CONNECTIONS)
    return {number for number, answer in enumerate(answers) if not answer.startswith("$# error")}
