"""Addresses and names of clients as access and relay-domains write them: whole octets, IPv6 in full, no CIDR."""

from __future__ import annotations

import ipaddress
import re

from tables.sendmail.spec import Problem
from tables.sendmail.syntax.common import error, is_domain, is_label, is_number, shown, warning

_IPV4_PREFIX = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}\Z")
_IPV6_GROUPS = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,7}\Z")
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d+\Z")

#: Networks of one octet that nobody reaches from outside; Debian's own access has them.
_OWN_OCTETS = ("10", "127")


def check_client(item: str, table: str = "access") -> list[Problem]:
    """What is wrong with a client's address, network or name (in lower case, without brackets or tag)."""
    if item.endswith("."):
        return [_never(table, "trailing-dot", f"“{shown(item)}” ends with a dot and never matches.", item.rstrip("."))]
    if "*" in item:
        return [
            _never(table, "wildcard", f"“{shown(item)}” has a wildcard, which sendmail does not know.", _stem(item))
        ]
    if "/" in item:
        return [cidr(table, item)]
    if _PORT.match(item):
        return [_never(table, "port", f"“{shown(item)}” has a port and never matches.", item.partition(":")[0])]
    if is_number(item):
        return _check_ipv4(item, table)
    if item == "ipv6" or item.startswith("ipv6:"):
        return _check_ipv6(item[5:], table)
    if ":" in item:
        return [_never(table, "ipv6-prefix", f"“{shown(item)}” lacks the word IPv6.", f"IPv6:{item}")]
    return check_name(item, table)


def check_name(item: str, table: str) -> list[Problem]:
    """What is wrong with the name of a host or domain. One label stands for everything under it."""
    if is_domain(item) or item == "localhost":
        return []
    if is_label(item):
        return [
            warning(
                f"{table}.top-level",
                f"“{shown(item)}” stands for every domain that ends in .{shown(item)}.",
                f"Write the full domain, unless all of .{shown(item)} is meant; a user is written “{shown(item)}@”.",
                "key",
            )
        ]
    if item.isascii():
        return [
            error(
                f"{table}.name",
                f"“{shown(item)}” is no name of a host or domain.",
                "Write a domain such as example.com.",
                "key",
            )
        ]
    return []


def cidr(table: str, item: str) -> Problem:
    return error(
        f"{table}.cidr",
        f"“{shown(item)}” is a CIDR range, which sendmail does not know; it never matches.",
        f"Write whole octets, for example {_octets(item)}.",
        "key",
    )


def _octets(item: str) -> str:
    """The prefixes of whole octets that cover a CIDR range, or the words for how to find them."""
    try:
        network = ipaddress.ip_network(item.removeprefix("ipv6:"), strict=False)
    except ValueError:
        return "192.0.2 for 192.0.2.0/24"
    if isinstance(network, ipaddress.IPv6Network):
        groups = network.network_address.exploded.split(":")[: max(1, network.prefixlen // 16)]
        return "IPv6:" + ":".join(f"{int(group, 16):x}" for group in groups)
    whole = -(-network.prefixlen // 8)
    first = ".".join(str(network.network_address).split(".")[: max(1, whole)])
    count = 2 ** (whole * 8 - network.prefixlen)
    return first if count == 1 else f"{first} and the {count - 1} that follow it"


def _never(table: str, rule: str, message: str, remedy: str) -> Problem:
    return error(f"{table}.{rule}", message, f"Write {shown(remedy)}." if remedy else "Write the domain.", "key")


def _stem(item: str) -> str:
    return item.replace("*", "").strip(".")


def _check_ipv4(item: str, table: str) -> list[Problem]:
    octets = item.split(".")
    if not _IPV4_PREFIX.match(item) or any(int(octet) > 255 for octet in octets):
        return [
            error(
                f"{table}.ipv4",
                f"“{shown(item)}” is no IPv4 address or part of one.",
                "Write one to four octets, such as 192.0.2.",
                "key",
            )
        ]
    plain = ".".join(str(int(octet)) for octet in octets)
    if plain != item:
        return [_never(table, "leading-zero", f"“{shown(item)}” has leading zeros and never matches.", plain)]
    if len(octets) == 4 and octets[3] == "0":
        return [
            warning(
                f"{table}.network-address",
                f"“{item}” is the single address that ends in 0, not its network.",
                f"Write {'.'.join(octets[:3])} for the network.",
                "key",
            )
        ]
    if len(octets) == 1 and not (table == "access" and item in _OWN_OCTETS):
        return [
            warning(
                f"{table}.wide-network",
                f"“{item}” stands for all 16,777,216 addresses that start with {item}.",
                "Write more octets, unless all of them are meant.",
                "key",
            )
        ]
    return []


def _check_ipv6(groups: str, table: str) -> list[Problem]:
    if not groups:
        return [
            warning(
                f"{table}.all-ipv6",
                "“IPv6” stands for every IPv6 address.",
                "Write a prefix such as IPv6:2001:db8.",
                "key",
            )
        ]
    if "::" in groups or groups.startswith(":") or groups.endswith(":"):
        return [_short_ipv6(groups, table)]
    if not _IPV6_GROUPS.match(groups):
        return [
            error(
                f"{table}.ipv6",
                f"“{shown(groups)}” is no IPv6 address or part of one.",
                "Write up to eight groups, such as IPv6:2001:db8.",
                "key",
            )
        ]
    plain = ":".join(f"{int(group, 16):x}" for group in groups.split(":"))
    if plain != groups:
        return [
            _never(
                table, "leading-zero", f"“IPv6:{shown(groups)}” has leading zeros and never matches.", f"IPv6:{plain}"
            )
        ]
    return []


def _short_ipv6(groups: str, table: str) -> Problem:
    """A compressed address: cf/README and Debian's own sample have them, but 8.15 and later never match them."""
    return warning(
        f"{table}.compressed-ipv6",
        f"“IPv6:{shown(groups)}” is a shortened address, which sendmail 8.15 and later never matches.",
        f"Write {_full_ipv6(groups)}.",
        "key",
    )


def _full_ipv6(groups: str) -> str:
    try:
        address = ipaddress.IPv6Address(groups.partition("%")[0])  # with a zone it cannot be written in full
    except ValueError:
        return "IPv6:" + groups.strip(":")
    return "IPv6:" + ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))
