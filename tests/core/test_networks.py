"""Networks as people write them become the prefixes of whole octets or groups that say exactly the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tables.sendmail import networks
from tables.sendmail.fixing import fixed
from tables.sendmail.spec import Entry, Grade, Problem
from tables.sendmail.tables import TABLES, check_entry

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)

#: The span of addresses, first and last as numbers.
Span = tuple[int, int]


def span(prefix: str) -> Span:
    """The addresses that sendmail finds by a prefix: those that begin with its octets or groups."""
    if prefix.startswith("ipv6:"):
        groups = prefix[5:].split(":")
        assert all(group == f"{int(group, 16):x}" for group in groups)
        first = int(IPv6Address(":".join(groups + ["0"] * (8 - len(groups)))))
        return first, first + 2 ** (128 - 16 * len(groups)) - 1
    octets = prefix.split(".")
    first = int(IPv4Address(".".join(octets + ["0"] * (4 - len(octets)))))
    return first, first + 2 ** (32 - 8 * len(octets)) - 1


def joined(prefixes: Iterable[str]) -> list[Span]:
    """The spans of all prefixes, with what touches made one. Overlapping ones fail."""
    spans: list[Span] = []
    for first, last in sorted(map(span, prefixes)):
        assert not spans or spans[-1][1] < first, "overlap"
        if spans and spans[-1][1] + 1 == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def broader(prefix: str) -> Iterator[str]:
    """The prefixes with fewer octets or groups that hold this one."""
    mark = ":" if prefix.startswith("ipv6:") else "."
    pieces = prefix.removeprefix("ipv6:").split(mark)
    for count in range(1, len(pieces)):
        yield ("ipv6:" if mark == ":" else "") + mark.join(pieces[:count])


def expect_exact(written: str, first: int, last: int) -> None:
    found = networks.read(written)
    assert found is not None
    assume(found.count <= networks.MOST and not found.is_everything)
    prefixes = found.prefixes()
    assert len(prefixes) == len(set(prefixes)) == found.count
    assert joined(prefixes) == [(first, last)]
    for prefix in prefixes:
        for more in broader(prefix):
            start, end = span(more)
            assert not (first <= start and end <= last), "not the fewest"


@given(V4, st.integers(1, 32))
def test_a_cidr_range_is_its_prefixes(address: IPv4Address, length: int) -> None:
    network = ip_network(f"{address}/{length}", strict=False)
    expect_exact(f"{address}/{length}", int(network[0]), int(network[-1]))


@given(V4, st.integers(1, 32))
def test_a_netmask_says_what_its_length_says(address: IPv4Address, length: int) -> None:
    mask = ip_network(f"0.0.0.0/{length}").netmask
    assert networks.read(f"{address}/{mask}") == networks.read(f"{address}/{length}")


@given(V6, st.integers(8, 128), st.booleans())
def test_an_ipv6_range_is_its_prefixes(address: IPv6Address, length: int, word: bool) -> None:
    length = max(length, -(-length // 16) * 16 - 8)
    network = ip_network(f"{address}/{length}", strict=False)
    expect_exact(f"{'ipv6:' if word else ''}{address}/{length}", int(network[0]), int(network[-1]))


@given(V4, st.integers(0, 2**16))
def test_a_range_between_two_addresses_is_exact(first: IPv4Address, size: int) -> None:
    last = min(int(first) + size, 2**32 - 1)
    expect_exact(f"{first} - {ip_address(last)}", int(first), last)


@given(V6, st.integers(0, 100))
def test_a_range_between_two_ipv6_addresses_is_exact(first: IPv6Address, size: int) -> None:
    last = IPv6Address(min(int(first) + size, 2**128 - 1))
    expect_exact(f"{first}-{last}", int(first), int(last))


@given(st.lists(st.integers(0, 255), min_size=1, max_size=3), st.integers(1, 3))
def test_stars_for_the_last_octets_are_the_octets_before_them(octets: list[int], stars: int) -> None:
    prefix = ".".join(map(str, octets))
    found = networks.read(prefix + ".*" * stars)
    if len(octets) + stars > 4:
        assert found is None
    else:
        assert found is not None
        assert found.prefixes() == [prefix]


@pytest.mark.parametrize(
    ("written", "prefixes"),
    [
        ("10/8", ["10"]),
        ("192.168/16", ["192.168"]),
        ("10.0.0.0/22", ["10.0.0", "10.0.1", "10.0.2", "10.0.3"]),
        ("10.1.2.3/32", ["10.1.2.3"]),
        ("2001:db8::/47", ["ipv6:2001:db8:0", "ipv6:2001:db8:1"]),
        ("ipv6:2001:db8:0:0::/32", ["ipv6:2001:db8"]),
        ("2001:db8:*", ["ipv6:2001:db8"]),
        ("ipv6:2001:db8:*:*", ["ipv6:2001:db8"]),
        ("ipv6:::1/128", ["ipv6:0:0:0:0:0:0:0:1"]),
        ("2001:db8::-ipv6:2001:db8:0:ffff:ffff:ffff:ffff:ffff", ["ipv6:2001:db8:0"]),
    ],
)
def test_what_is_understood(written: str, prefixes: list[str]) -> None:
    found = networks.read(written)
    assert found is not None
    assert found.prefixes() == prefixes


@pytest.mark.parametrize(
    "written",
    [
        *("999.1.1.1/8", "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "/8", "/", "10.0.0.0/8/9", "10.0.0.0/-1"),
        *("10.0.0.0/8; drop", "10.0.0.0/8 ", "10.0.0.0/8\0", "10.0.0.0/\u0661", "\u0661\u0660.0.0.0/8"),
        *("10.0.0.0/255.0.255.0", "10.0.0.0/0.0.0.255", "2001:db8::/255.0.0.0", "010.0.0.0/8", "fe80::1%eth0/64"),
        *("10.0.0.9-10.0.0.1", "10.0.0.1-2001:db8::1", "10.0.0.1-999.0.0.1", "10.0.0.1", "2001:db8::1"),
        *(
            "*",
            "*.*.*.*",
            "300.*",
            "01.*",
            "10.*.2",
            "*.example.com",
            "2001:db8::*",
            "10.0.0.0/8\u202e",
            "1" * 9000 + "/8",
        ),
    ],
)
def test_what_is_no_network_is_not_guessed(written: str) -> None:
    assert networks.read(written) is None


# --- in the tables ----------------------------------------------------------------------------------------------------


def first_problem(table: str, key: str) -> Problem:
    value = "REJECT" if TABLES[table].has_value else ""
    return check_entry(TABLES[table], Entry(key, value))[0]


def made(table: str, key: str) -> list[str] | None:
    """The keys that one click on the first problem makes."""
    problem = first_problem(table, key)
    if problem.fix is None:
        return None
    return [entry.key for entry in fixed(TABLES[table], Entry(key, "REJECT"), problem.fix)]


@pytest.mark.parametrize(
    ("table", "key", "keys"),
    [
        ("access", "connect:192.0.2.0/24", ["connect:192.0.2"]),
        ("access", "192.0.2.0/24", ["192.0.2"]),
        ("access", "clientrate:10.0.0.0-10.0.1.255", ["clientrate:10.0.0", "clientrate:10.0.1"]),
        ("access", "10.0.0.0-10.0.0.255", ["10.0.0"]),
        ("access", "greetpause:10.1.*", ["greetpause:10.1"]),
        ("access", "tls_srv:2001:db8::/32", ["tls_srv:ipv6:2001:db8"]),
        ("access", "2001:db8::/32", ["ipv6:2001:db8"]),
        ("access", "connect:[192.0.2.0/24]", ["connect:[192.0.2]"]),
        ("access", "connect:[ipv6:2001:db8::1]", ["connect:[ipv6:2001:db8:0:0:0:0:0:1]"]),
        ("access", "from:[192.0.2.0/24]", ["from:[192.0.2]"]),
        ("access", "to:jane@[192.0.2.0/24]", ["to:jane@[192.0.2]"]),
        ("access", "from:[ipv6:2001:db8::/32]", ["from:[ipv6:2001:db8]"]),
        ("access", "connect:192.0.2.", ["connect:192.0.2"]),
        ("access", "connect:example.com..", ["connect:example.com"]),
        ("access", "connect:192.0.2.1:25", ["connect:192.0.2.1"]),
        ("access", "connect:192.0.02", ["connect:192.0.2"]),
        ("access", "connect:192.0.2.0", ["connect:192.0.2"]),
        ("access", "connect:2001:db8", ["connect:ipv6:2001:db8"]),
        ("access", "connect:2001:db8::1", ["connect:ipv6:2001:db8:0:0:0:0:0:1"]),
        ("access", "connect:ipv6:2001:0db8", ["connect:ipv6:2001:db8"]),
        ("access", "connect:ipv6:::1", ["connect:ipv6:0:0:0:0:0:0:0:1"]),
        ("access", "connect:ipv6:::ffff:192.0.2.1", ["connect:192.0.2.1"]),
        ("relay-domains", "192.0.2.0/23", ["192.0.2", "192.0.3"]),
        ("relay-domains", "192.0.2.0-192.0.3.255", ["192.0.2", "192.0.3"]),
        ("relay-domains", "192.0.2.*", ["192.0.2"]),
        ("relay-domains", "*.example.com", [".example.com"]),
        ("relay-domains", "2001:db8::/32", ["ipv6:2001:db8"]),
        ("relay-domains", "example.com.", ["example.com"]),
    ],
)
def test_one_click_writes_what_was_meant(table: str, key: str, keys: list[str]) -> None:
    assert made(table, key) == keys
    assert all(
        p.field != "key" or p.grade is not Grade.ERROR
        for key in keys
        for p in check_entry(TABLES[table], Entry(key, "REJECT" if TABLES[table].has_value else ""))
    )


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("access", "from:192.0.2.0/24"),  # the client, or an address in brackets?
        ("access", "from:jane@192.0.2.0/24"),
        ("access", "from:192.0.2.0-192.0.2.255"),
        ("access", "connect:*.example.com"),  # example.com is wider
        ("relay-domains", "*example.com"),
        ("relay-domains", "*.com"),
        ("access", "connect:*"),
        ("access", "connect:ipv6:2001:db8::"),  # the network or the address?
        ("access", "connect:2001:db8::"),
        ("access", "connect:ipv6:1:::2"),
        ("access", "connect:ipv6:2001:dbx"),
        ("access", "connect:999.1.1.1/8"),
        ("access", "connect:10.0.0.0/8; drop"),
        ("access", "connect:999.1.1.1:25"),
        ("access", "connect:."),
    ],
)
def test_what_is_in_doubt_is_left_to_the_person(table: str, key: str) -> None:
    assert first_problem(table, key).grade in (Grade.ERROR, Grade.WARNING)
    assert made(table, key) is None


@pytest.mark.parametrize("key", ["connect:0.0.0.0/0", "connect:10.1.2.3/0", "::/0", "connect:0.0.0.0-255.255.255.255"])
def test_every_address_there_is_becomes_no_entry(key: str) -> None:
    problem = first_problem("access", key)
    assert (problem.grade, problem.fix) == (Grade.ERROR, None)
    assert "every address" in problem.message


def test_too_many_entries_are_refused_with_their_number_and_another_way() -> None:
    problem = first_problem("access", "connect:2001:db8::/33")
    assert problem.fix is None
    assert "“2001:db8::/33” would be 32768 entries; 256 are the most" in problem.message
    assert problem.remedy == "Use /32 or /48."


def test_there_is_no_wider_length_than_one_group() -> None:
    assert first_problem("access", "connect:2000::/3").remedy == "Use /16."


def test_a_range_of_too_many_entries_is_told_apart_from_a_length() -> None:
    problem = first_problem("relay-domains", "10.0.0.1-10.255.255.254")
    assert problem.rule == "relay-domains.range"
    assert "1274 entries" in problem.message
    assert "begins and ends with whole octets" in problem.remedy


def test_as_many_entries_as_are_allowed_are_made() -> None:
    keys = made("access", "connect:fe00::/8")
    assert keys is not None
    assert (len(keys), keys[0], keys[-1]) == (256, "connect:ipv6:fe00", "connect:ipv6:feff")


def test_bits_beyond_the_prefix_are_pointed_out() -> None:
    assert "not the first of the network 192.0.0.0/22" in first_problem("access", "connect:192.0.2.0/22").message
    assert "network" not in first_problem("access", "connect:192.0.0.0/22").message


def test_the_name_of_a_range_of_addresses_is_no_domain() -> None:
    assert first_problem("local-host-names", "10.0.0.0-10.0.3.255").grade is Grade.ERROR


def test_a_network_address_in_full_groups_names_both_readings() -> None:
    assert first_problem("access", "connect:ipv6:2001:db8::").remedy == (
        "Write IPv6:2001:db8 for the network, or IPv6:2001:db8:0:0:0:0:0:0 for the one address."
    )
