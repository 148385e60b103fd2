"""A client or domain as access and relay-domains write it: a name, whole octets, IPv6 in full, a name in brackets."""

from __future__ import annotations

import re

from tables.sendmail.parts.base import Pieces, cut, other

NAME = r"[^\s@<>\"\[\](),;:/*.#][^\s@<>\"\[\](),;:/*#]*"

_LITERAL = re.compile(r"(?P<open>\[)(?P<literal>[0-9A-Za-z:.]+)(?P<close>\])")
_IPV6 = re.compile(r"(?P<family>ipv6)(?:(?P<mark>:)(?P<ipv6>[0-9a-f:]+))?", re.IGNORECASE)
_NETWORK = re.compile(r"(?P<network>\d{1,3}(?:\.\d{1,3}){0,3})(?P<dot>\.)?")
_SUBDOMAINS = re.compile(rf"(?P<dot>\.)(?P<domain>{NAME})")
_DOMAIN = re.compile(rf"(?P<domain>{NAME})")


def client_pieces(text: str) -> Pieces:
    """``literal`` between brackets, ``ipv6`` after its family, ``network`` of octets, ``domain`` with a dot or not."""
    return cut(text, _LITERAL, _IPV6, _NETWORK, _SUBDOMAINS, _DOMAIN) or other(text)
