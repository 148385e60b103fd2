"""Networks as people write them, and the prefixes of whole octets or groups that say the same to sendmail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)

#: More entries than this are not made of one network: whoever wants them means another one.
MOST = 256

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_STARS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})(?:\.\*){1,3}\Z", re.ASCII)
_STARS6 = re.compile(r"([0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})(?::\*){1,7}\Z")
_SHORT = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,2}\Z", re.ASCII)
_RANGE = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3} *- *\d{1,3}(?:\.\d{1,3}){3}\Z|"
    r"(?:ipv6:)?[0-9a-f]*:[0-9a-f:.]* *- *(?:ipv6:)?[0-9a-f]*:[0-9a-f:.]*\Z",
    re.ASCII,
)
_LENGTH = re.compile(r"\d{1,3}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Networks:
    """Exactly the addresses that somebody named: networks in ascending order that do not overlap.

    ``meant`` is the network when the address that was written is not its first one, otherwise empty.
    """

    parts: tuple[Network, ...]
    meant: str = ""

    @property
    def is_everything(self) -> bool:
        return self.parts[0].prefixlen == 0

    @property
    def count(self) -> int:
        """How many prefixes they take, found without making them: an IPv6 network may take 32,768."""
        return sum(2 ** (_whole(part) - part.prefixlen) for part in self.parts)

    def prefixes(self) -> list[str]:
        """The fewest prefixes that cover these addresses and no other, folded as a map folds them."""
        return [prefix_of(piece) for part in self.parts for piece in part.subnets(new_prefix=_whole(part))]

    def other_lengths(self) -> list[int]:
        """The lengths around that of a single network that take one entry."""
        unit = _unit(self.parts[0])
        below = self.parts[0].prefixlen // unit * unit
        return [length for length in (below, below + unit) if length]


def _unit(network: Network) -> int:
    return 8 if network.version == 4 else 16


def _whole(network: Network) -> int:
    """The length of the prefixes that the network is made of: at the end of an octet or group, never 0."""
    unit = _unit(network)
    return max(unit, -(-network.prefixlen // unit) * unit)


def prefix_of(network: Network) -> str:
    """A network that ends with an octet or group, as sendmail looks it up: ``192.0.2``, ``ipv6:2001:db8``."""
    if isinstance(network, IPv4Network):
        return ".".join(str(network.network_address).split(".")[: network.prefixlen // 8])
    groups = network.network_address.exploded.split(":")[: network.prefixlen // 16]
    return "ipv6:" + ":".join(f"{int(group, 16):x}" for group in groups)


def is_range(item: str) -> bool:
    """Whether ``item`` (in lower case) looks like the first and last address of a range, right or wrong."""
    return "-" in item and bool(_RANGE.match(item))


def read(item: str) -> Networks | None:
    """The addresses that ``item`` (in lower case, ``ipv6:`` or not) names; ``None`` when it is nothing of the kind."""
    text = item.removeprefix("ipv6:")
    try:
        if "/" in text:
            return _cidr(*text.split("/", 1))
        if is_range(text):
            return _range(*text.split("-", 1))
    except ValueError:
        return None
    return _stars(text)


def _cidr(written: str, length: str) -> Networks | None:
    """``10.0.0.0/22``, ``10/8`` and ``10.0.0.0/255.255.252.0``."""
    address = _address(_filled(written) if _SHORT.match(written) else written)
    bits = int(length) if _LENGTH.match(length) or address.version == 6 else _bits(length)
    network = ip_network(f"{address}/{bits}", strict=False)
    return Networks((network,), "" if network.network_address == address else str(network))


def _filled(octets: str) -> str:
    return octets + ".0" * (3 - octets.count("."))


def _address(text: str) -> Address:
    if "%" in text:
        raise ValueError(text)  # an address of one interface
    return ip_address(text)


def _bits(mask: str) -> int:
    """The length that a mask such as 255.255.252.0 stands for. Raises ``ValueError`` when it has gaps."""
    rest = int(IPv4Address(mask)) ^ 0xFFFFFFFF
    if rest & (rest + 1):
        raise ValueError(mask)
    return 32 - rest.bit_length()


def _range(first: str, last: str) -> Networks | None:
    """``10.0.0.0-10.0.3.255``."""
    start, end = _address(first.strip()), _address(last.strip().removeprefix("ipv6:"))
    if start.version != end.version or int(start) > int(end):
        return None
    if isinstance(start, IPv4Address) and isinstance(end, IPv4Address):
        return Networks(tuple(summarize_address_range(start, end)))
    return Networks(tuple(summarize_address_range(IPv6Address(start), IPv6Address(end))))


def _stars(text: str) -> Networks | None:
    """``10.1.2.*``, ``10.1.*.*``, ``10.1.*`` and ``2001:db8:*``."""
    if (found := _STARS.match(text)) and text.count(".") <= 3:
        octets = found[1]
        return _cidr(_filled(octets), str(8 * (octets.count(".") + 1))) if _is_octets(octets) else None
    if (found := _STARS6.match(text)) and text.count(":") <= 7:
        groups = found[1].count(":") + 1
        return _cidr(found[1] + "::", str(16 * groups))
    return None


def _is_octets(text: str) -> bool:
    return all(int(octet) <= 255 and str(int(octet)) == octet for octet in text.split("."))
