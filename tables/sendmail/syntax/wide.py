"""Items that stand for so much of the world that a relay for them is an open one."""

from __future__ import annotations

from tables.sendmail.syntax.common import is_number, shown

#: First octets of addresses that no client from outside has: private, loopback, multicast and reserved ones.
INNER_OCTETS = frozenset(("0", "10", "127", *map(str, range(224, 256))))


def is_wide(item: str) -> bool:
    """Whether an item of access or relay-domains stands for everybody, a top-level domain or as large a network."""
    plain = item.strip(".*")
    if plain[:5] == "ipv6:":
        group = plain[5:]
        return ":" not in group and group != "fe80" and group[:2] not in ("fc", "fd")
    if is_number(plain):
        return "." not in plain and plain not in INNER_OCTETS
    return plain != "localhost" and not any(mark in plain for mark in ".:@[]/")


def who(item: str) -> str:
    """The same in words, at the beginning of a sentence."""
    plain = item.strip(".*")
    if not plain:
        return "Everybody"
    if plain[:4] == "ipv6":
        return "Every host with an IPv6 address" if len(plain) < 6 else f"Every host of IPv6:{shown(plain[5:])}"
    if is_number(plain):
        return f"Every host whose address begins with {shown(plain)}"
    return f"Every host under .{shown(plain)}, and everybody to every domain there,"
