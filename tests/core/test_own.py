"""Which entries let only a site's own networks relay."""

from ipaddress import ip_network

import pytest

from tables.sendmail.own import NotOwnError, network_of, parse
from tables.sendmail.tables import TABLES

OWN = parse(["192.0.2.0/24", "10", "2001:db8::/32", "Example.com", "198.51.100.7"])


@pytest.mark.parametrize(
    ("table", "key", "own"),
    [
        ("access", "connect:127.0.0.1", True),
        ("access", "connect:ipv6:0:0:0:0:0:0:0:1", True),
        ("access", "connect:localhost", True),
        ("access", "connect:192.0.2", True),
        ("access", "connect:192.0.2.9", True),
        ("access", "connect:192.0", False),
        ("access", "connect:10.1", True),
        ("access", "connect:11", False),
        ("access", "connect:198.51.100.7", True),
        ("access", "connect:198.51.100", False),
        ("access", "ipv6:2001:db8:1", True),
        ("access", "ipv6:2001:db9", False),
        ("access", "to:mail.example.com", True),
        ("access", "to:sales@example.com", True),
        ("access", "to:example.org", False),
        ("access", "connect:notexample.com", False),
        ("relay-domains", "example.com", True),
        ("relay-domains", "customer.example", False),
        ("relay-domains", "203.0.113", False),
    ],
)
def test_an_entry_is_own_when_all_of_it_is(table: str, key: str, own: bool) -> None:
    assert OWN.holds(TABLES[table], key) is own


@pytest.mark.parametrize(
    ("item", "network"),
    [
        ("192.0.2.", "192.0.2.0/24"),
        ("[192.0.2.7]", "192.0.2.7/32"),
        ("ipv6:2001:db8", "2001:db8::/32"),
        ("300", None),
        ("ipv6:zzzz", None),
        ("example.com", None),
        ("1.2.3.4.5", None),
    ],
)
def test_an_item_stands_for_a_network_or_for_none(item: str, network: str | None) -> None:
    assert network_of(item) == (ip_network(network) if network else None)


def test_what_names_nothing_is_refused() -> None:
    with pytest.raises(NotOwnError, match="“here” is no network and no domain"):
        parse(["here"])
