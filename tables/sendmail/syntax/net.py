"""Addresses and names of clients as access and relay-domains write them: whole octets, IPv6 in full, no CIDR."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace

from tables.sendmail import networks
from tables.sendmail.networks import Networks
from tables.sendmail.spec import Fix, Grade, Problem
from tables.sendmail.syntax.common import error, is_domain, is_label, is_number, shown, warning
from tables.sendmail.syntax.wide import INNER_OCTETS

#: Octets with a letter or word for the rest of them, which no name of a host looks like.
_NEARLY_IPV4 = re.compile(r"(?:\d{1,3}\.){2,3}[a-z][a-z-]*\Z")
_IPV4_PREFIX = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}\Z")
_IPV6_GROUPS = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,7}\Z")
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d+\Z")


def check_client(item: str, table: str = "access") -> list[Problem]:
    """What is wrong with a client's address, network or name (in lower case, without brackets or tag).

    The keys of a fix are items too: :func:`inside` puts the tag and brackets around them.
    """
    if item.endswith("."):
        return [_never(table, "trailing-dot", f"“{shown(item)}” ends with a dot and never matches.", item.rstrip("."))]
    if "/" in item or networks.is_range(item):
        return [_network(table, item)]
    if "*" in item:
        return [_wildcard(table, item)]
    if _PORT.match(item):
        return [_never(table, "port", f"“{shown(item)}” has a port and never matches.", item.partition(":")[0])]
    if is_number(item):
        return _check_ipv4(item, table)
    if item == "ipv6" or item.startswith("ipv6:"):
        return _check_ipv6(item[5:], table)
    if ":" in item:
        return [_without_word(table, item)]
    return check_name(item, table)


def check_bracketed(item: str, table: str = "access") -> list[Problem]:
    """The same for ``[item]``, which stands for a client without a name, or for an address in mail."""
    return inside([found for found in check_client(item[1:-1], table) if _hinders(found)], "[", "]")


def _hinders(problem: Problem) -> bool:
    return problem.grade is Grade.ERROR or problem.rule.endswith(".compressed-ipv6")


def inside(problems: Iterable[Problem], before: str, after: str = "") -> list[Problem]:
    """Problems of an item as those of a key, in which ``before`` and ``after`` stand around it.

    A fix whose keys begin with ``before`` gives whole keys already.
    """
    return [
        problem
        if problem.fix is None or not problem.fix.keys
        else replace(problem, fix=replace(problem.fix, keys=tuple(_around(before, k, after) for k in problem.fix.keys)))
        for problem in problems
    ]


def _around(before: str, key: str, after: str) -> str:
    return key if before and key.startswith(before) else f"{before}{key}{after}"


def check_name(item: str, table: str) -> list[Problem]:
    """What is wrong with the name of a host or domain. One label stands for everything under it."""
    if _NEARLY_IPV4.match(item):
        return [_no_ipv4(item, table)]
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
    return [
        error(
            f"{table}.name",
            f"“{shown(item)}” is no name of a host or domain.",
            "Write a domain such as example.com.",
            "key",
        )
    ]


def cidr(table: str, item: str) -> Problem:
    """A network where only names and addresses in brackets stand: what it is meant for cannot be told."""
    return replace(_network(table, item), fix=None)


def _network(table: str, item: str) -> Problem:
    """A CIDR range, netmask or range of addresses, and the prefixes that say the same."""
    rule = f"{table}.range" if networks.is_range(item) else f"{table}.cidr"
    found = networks.read(item)
    if found is None:
        return error(
            rule,
            f"“{shown(item)}” is no network.",
            "Write whole octets such as 192.0.2, or whole groups such as IPv6:2001:db8.",
            "key",
        )
    return _spelt_out(rule, item, found, "is a range, which sendmail does not know; it never matches.")


def _wildcard(table: str, item: str) -> Problem:
    if found := networks.read(item):
        return _spelt_out(f"{table}.wildcard", item, found, "has a wildcard, which sendmail does not know.")
    # A class knows .example.com; access would need an argument of its FEATURE for it.
    stem = item.replace("*", "").strip(".")
    under = f".{stem}"
    exact = item == f"*{under}" and table == "relay-domains" and is_domain(stem)
    return error(
        f"{table}.wildcard",
        f"“{shown(item)}” has a wildcard, which sendmail does not know.",
        f"Write {shown(under if exact else stem)}." if stem else "Write the domain.",
        "key",
        _write(under) if exact else None,
    )


def _spelt_out(rule: str, item: str, found: Networks, what: str) -> Problem:
    """``what`` is wrong with ``item``, and the entries that it would take. Too many, or all there are, are refused."""
    if found.is_everything:
        return error(rule, f"“{shown(item)}” is every address there is.", "Name the networks that are meant.", "key")
    if found.count > networks.MOST:
        return error(rule, _too_many(item, found), _fewer(found), "key")
    prefixes = found.prefixes()
    if found.meant:
        what = f"{what.removesuffix('.')}. Its address is not the first of the network {found.meant}."
    words = _in_words(prefixes)
    return error(rule, f"“{shown(item)}” {what}", f"Write {words}.", "key", Fix(f"Write {words}", keys=tuple(prefixes)))


def _in_words(prefixes: list[str]) -> str:
    first, last = as_written(prefixes[0]), as_written(prefixes[-1])
    return first if len(prefixes) == 1 else f"{len(prefixes)} entries, {first} to {last}"


def as_written(item: str) -> str:
    """An item as cf/README spells it."""
    return f"IPv6:{item[5:]}" if item.startswith("ipv6:") else item


def _too_many(item: str, found: Networks) -> str:
    return f"“{shown(item)}” would be {found.count} entries; {networks.MOST} are the most that are made of one."


def _fewer(found: Networks) -> str:
    if len(found.parts) > 1:
        return "Write a range that begins and ends with whole octets or groups, or its networks one by one."
    return f"Use {' or '.join(f'/{length}' for length in found.other_lengths())}."


def _write(item: str) -> Fix:
    return Fix(f"Write {shown(as_written(item))}", keys=(item,))


def _never(table: str, rule: str, message: str, item: str) -> Problem:
    """A form that never matches, and ``item`` in its place, by one click where that is well-formed."""
    whole = bool(item) and not any(map(_hinders, check_client(item, table)))
    remedy = f"Write {shown(as_written(item))}." if item else "Write the domain."
    return error(f"{table}.{rule}", message, remedy, "key", _write(item) if whole else None)


def _without_word(table: str, item: str) -> Problem:
    full = None if item.endswith("::") else _full_ipv6(item)
    return _never(table, "ipv6-prefix", f"“{shown(item)}” lacks the word IPv6.", full or f"ipv6:{item}")


def _check_ipv4(item: str, table: str) -> list[Problem]:
    octets = item.split(".")
    if not _IPV4_PREFIX.match(item) or any(int(octet) > 255 for octet in octets):
        return [_no_ipv4(item, table)]
    plain = ".".join(str(int(octet)) for octet in octets)
    if plain != item:
        return [_never(table, "leading-zero", f"“{shown(item)}” has leading zeros and never matches.", plain)]
    if len(octets) == 4 and octets[3] == "0":
        network = ".".join(octets[:3])
        return [
            warning(
                f"{table}.network-address",
                f"“{item}” is the single address that ends in 0, not its network.",
                f"Write {network} for the network.",
                "key",
                _write(network),
            )
        ]
    if len(octets) == 1 and not (table == "access" and item in INNER_OCTETS):
        return [
            warning(
                f"{table}.wide-network",
                f"“{item}” stands for all 16,777,216 addresses that start with {item}.",
                "Write more octets, unless all of them are meant.",
                "key",
            )
        ]
    return []


def _no_ipv4(item: str, table: str) -> Problem:
    return error(
        f"{table}.ipv4",
        f"“{shown(item)}” is no IPv4 address or part of one.",
        "Write one to four octets, such as 192.0.2.",
        "key",
    )


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
                table, "leading-zero", f"“IPv6:{shown(groups)}” has leading zeros and never matches.", f"ipv6:{plain}"
            )
        ]
    return []


def _short_ipv6(groups: str, table: str) -> Problem:
    """A compressed address: cf/README and Debian's own sample have them, but 8.15 and later never match them."""
    full = _full_ipv6(groups)
    return warning(
        f"{table}.compressed-ipv6",
        f"“IPv6:{shown(groups)}” is a shortened address, which sendmail 8.15 and later never matches.",
        _unshortened(groups, full),
        "key",
        _write(full) if full and not groups.endswith("::") else None,
    )


def _unshortened(groups: str, full: str | None) -> str:
    if full is None:
        return "Write every group, such as IPv6:2001:db8:0:0:0:0:0:1."
    if groups.endswith("::") and len(groups) > 2:
        return f"Write IPv6:{groups[:-2]} for the network, or {as_written(full)} for the one address."
    return f"Write {as_written(full)}."


def _full_ipv6(groups: str) -> str | None:
    """The one address as sendmail looks it up; of an IPv4 client that came by IPv6 it takes the IPv4 address."""
    try:
        address = ipaddress.IPv6Address(groups.partition("%")[0])  # with a zone it cannot be written in full
    except ValueError:
        return None
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return networks.prefix_of(ipaddress.IPv6Network(address.exploded))
