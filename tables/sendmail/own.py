"""A site's own networks and domains: who may always relay, whatever else is closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from tables.sendmail.networks import Network, read
from tables.sendmail.spec import TableSpec
from tables.sendmail.syntax.common import is_domain
from tables.sendmail.territory import covers

#: This machine, which is never shut out.
_LOOPBACK = ("127.0.0.0/8", "::1", "localhost")


class NotOwnError(ValueError):
    """A word that names no network and no domain."""


@dataclass(frozen=True, slots=True)
class Own:
    networks: tuple[Network, ...]
    names: tuple[str, ...]

    def holds(self, spec: TableSpec, key: str) -> bool:
        """Whether an entry lets only one's own relay: what is wider than that is not one's own."""
        item = key[len(spec.tag(key)) :]
        network = network_of(item)
        if network is None:
            name = item.rpartition("@")[2].removeprefix(".")
            return any(covers(mine, name) for mine in self.names)
        return any(_inside(network, mine) for mine in self.networks)


def parse(words: Iterable[str]) -> Own:
    """``192.0.2.0/24``, ``10``, ``192.0.2.7``, ``2001:db8::/32`` and domains, beside this machine. Raises
    :class:`NotOwnError`."""
    networks: list[Network] = []
    names: list[str] = []
    for word in (*_LOOPBACK, *(word.lower() for word in words)):
        found = _written(word)
        if found:
            networks += found
        elif is_domain(word) or word == "localhost":
            names.append(word)
        else:
            raise NotOwnError(f"“{word}” is no network and no domain. Write one as 192.0.2.0/24 or example.com.")
    return Own(tuple(networks), tuple(names))


def _written(word: str) -> list[Network]:
    if (found := network_of(word)) is not None:
        return [found]
    several = read(word)
    return list(several.parts) if several else []


def network_of(item: str) -> Network | None:
    """The addresses that an item of a table stands for: ``192.0.2``, ``ipv6:2001:db8``, ``[192.0.2.7]``."""
    text = item.strip("[]").removeprefix("ipv6:")
    try:
        return ip_network(ip_address(text))
    except ValueError:
        pass
    head = text.rstrip(".:")
    try:
        if head.replace(".", "").isdecimal() and head.isascii():
            return _of_head(head.split("."), 4, 8, ".")
        return _of_head(head.split(":"), 8, 16, ":") if item.strip("[]").startswith("ipv6:") else None
    except ValueError:
        return None


def _of_head(parts: list[str], most: int, bits: int, mark: str) -> Network:
    """A network by its first octets or groups."""
    whole = mark.join([*parts, *["0"] * (most - len(parts))])
    return ip_network(f"{whole}/{len(parts) * bits}")


def _inside(network: Network, other: Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
