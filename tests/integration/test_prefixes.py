"""The prefixes made of a network, asked of the real sendmail: it finds all of its addresses, and no other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from tables.sendmail.commands import find_program
from tables.sendmail.fixing import fixed
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES, check_entry
from tests.integration.daemon import MailHost
from tests.places import place

pytestmark = pytest.mark.sendmail

#: A key as typed and the first and last address that it means.
NETWORKS = [
    ("connect:192.0.2.0/22", "192.0.0.0", "192.0.3.255"),
    ("connect:10.20.0.0/15", "10.20.0.0", "10.21.255.255"),
    ("connect:198.51.100.8/30", "198.51.100.8", "198.51.100.11"),
    ("connect:203.0.113.250-203.0.114.5", "203.0.113.250", "203.0.114.5"),
    ("connect:172.16.5.*", "172.16.5.0", "172.16.5.255"),
    ("connect:2001:db8:4::/46", "2001:db8:4::", "2001:db8:7:ffff:ffff:ffff:ffff:ffff"),
    ("from:[192.0.2.0/23]", "192.0.2.0", "192.0.3.255"),
    ("connect:[2001:db8::/32]", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
]


def made(key: str) -> list[str]:
    """The keys that one click makes of one."""
    entry = Entry(key, "REJECT")
    fix = next(problem.fix for problem in check_entry(TABLES["access"], entry) if problem.fix)
    return [one.key for one in fixed(TABLES["access"], entry, fix)]


def written(address: IPv4Address | IPv6Address) -> str:
    """An address as sendmail looks it up."""
    if isinstance(address, IPv4Address):
        return str(address)
    return "IPv6:" + ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))


def question(key: str, address: IPv4Address | IPv6Address) -> str:
    """How the rules look for an address: by A, or by D where it stands in brackets (proto.m4, 2481)."""
    tag = key.partition(":")[0].title()
    return f"D <[{written(address)}]> <?> <+{tag}> <x>" if "[" in key else f"A <{written(address)}> <?> <+{tag}> <x>"


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with place() as directory:
        host = MailHost(directory)
        host.prepare()
        yield host


@pytest.mark.parametrize(("key", "first", "last"), NETWORKS)
def test_sendmail_finds_the_network_and_nothing_beside_it(host: MailHost, key: str, first: str, last: str) -> None:
    lines = "".join(f"{one}\tREJECT\n" for one in made(key))
    subprocess.run([find_program("makemap"), "hash", str(host.mail / "access")], input=lines.encode(), check=True)
    start, end = ip_address(first), ip_address(last)
    asked = [start - 1, start, start + (int(end) - int(start)) // 2, end, end + 1]
    command = [find_program("sendmail"), "-bt", "-C", str(host.cf)]
    questions = "".join(f"{question(key, address)}\n" for address in asked)
    told = subprocess.run(command, input=questions, capture_output=True, text=True, check=True, timeout=60).stdout
    found = ["REJECT" in answer for answer in answers_of(told, len(asked))]
    assert found == [False, True, True, True, False], told


def answers_of(told: str, number: int) -> list[str]:
    """The last answer to each question: a ruleset that calls itself returns several times."""
    parts = told.split("\n> ")
    found = [[line for line in part.split("\n") if "returns:" in line] for part in parts]
    last = [lines[-1] for lines in found if lines]
    assert len(last) == number, told
    return last
