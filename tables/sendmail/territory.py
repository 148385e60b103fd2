"""Which domain an entry lies in and where its value leads: what a person may be given is told by domains.

Closed when in doubt: a key that is not plainly of a domain lies outside every domain, and a value that is not plainly
one address or host leads outside. Outside is the empty string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tables.sendmail.international import bad_label, to_ascii
from tables.sendmail.spec import TableSpec
from tables.sendmail.syntax import access
from tables.sendmail.syntax.common import is_domain

OUTSIDE = ""

#: What no plain address has before its @: marks by which a key or value could be taken apart otherwise than it looks.
_ODD = re.compile(r"[@\s\x00-\x20\x7f\"<>()\[\],;:\\]")
#: A target whose user may be handed on (%1), but whose host stands there; no %, ! or quotes that hide another one.
_TARGET = re.compile(r"(?:[A-Za-z0-9._+=-]|%[123])+@([^@%!]+)\Z")
#: What virtusertable refuses: a word or status and then a text. Without the text it is a user's name (proto.m4).
_ERROR = re.compile(r"error:(?:\w+|[245]\.\d{1,3}\.\d{1,3})[ \t:]+\S", re.IGNORECASE | re.ASCII)
#: Mailers that take mail to a host; any other may deliver on this one, or anywhere.
_TO_A_HOST = frozenset(("smtp", "esmtp", "smtp8", "dsmtp", "relay"))


@lru_cache(maxsize=65_536)
def domain_of(text: str) -> str:
    """``text`` as the domain that it is, in lower case and A-labels; outside when it is none of two labels or more."""
    name = text.lower() if text.isascii() else to_ascii(text) or OUTSIDE
    if not is_domain(name) or text.endswith(".") or bad_label(name):
        return OUTSIDE
    return name


def covers(domain: str, other: str) -> bool:
    """Whether ``other`` is the domain or a name under it; ``evila.example`` is not under ``a.example``."""
    return other == domain or other.endswith(f".{domain}")


@lru_cache(maxsize=65_536)
def turned(domain: str) -> str:
    """The labels turned round, each with a dot after it: everything under a domain begins with what the domain is."""
    return "".join(f"{label}." for label in reversed(domain.split("."))) if domain else OUTSIDE


def bounds(domain: str) -> tuple[str, str]:
    """From where (included) to where (not included) the turned names of a domain and everything under it sort."""
    first = turned(domain)
    return first, f"{first[:-1]}/"  # the character after the dot


def zone(table: TableSpec, key: str) -> str:
    """The turned domain in which a key lies, as the database keeps it beside the entry."""
    return turned(table.lies_in(key))


# --- keys -------------------------------------------------------------------------------------------------------------


def of_address(key: str) -> str:
    """``user@domain``, ``@domain`` and ``user+*@domain``; a name without a domain is outside."""
    local, at, domain = key.rpartition("@")
    return domain_of(domain) if at and not _ODD.search(local) else OUTSIDE


def of_name(key: str) -> str:
    """``domain`` and ``.domain``; addresses of hosts and names of one label are outside."""
    return domain_of(key.removeprefix("."))


def of_rule(key: str) -> str:
    """A rule's domain or the domain of its mail address; what concerns addresses or certificates is outside."""
    tag, item = access.split(key)
    if "@" not in item:
        return OUTSIDE if tag in access.CERTIFICATE_TAGS else of_name(item)
    is_mail = tag in access.ADDRESS_TAGS or not tag
    return of_address(item) if is_mail and not item.startswith("@") else OUTSIDE


def is_catch_all(key: str) -> bool:
    """Whether a key stands for every user of a domain, or looks as if somebody meant that."""
    local, at, _domain = key.rpartition("@")
    return bool(at) and not local.strip("+*")


# --- values -----------------------------------------------------------------------------------------------------------


def to_address(_key: str, value: str) -> Sequence[str]:
    """The domain of a value that is one address. Names without a domain lead outside: here they are local users."""
    found = _TARGET.match(value.strip(" \t\r"))
    return [domain_of(found[1]) if found else OUTSIDE]


def to_address_or_error(key: str, value: str) -> Sequence[str]:
    """The same of a value that may refuse the mail, which leads nowhere."""
    return [] if _ERROR.match(value.strip(" \t\r")) else to_address(key, value)


def to_hosts(_key: str, value: str) -> Sequence[str]:
    """The domains of the hosts of a route; an ``error:`` leads nowhere, every other mailer outside."""
    mailer, _colon, rest = value.strip(" \t\r").partition(":")
    if mailer.lower() == "error" and rest:
        return []
    return [_host(host) for host in rest.split(":")] if mailer.lower() in _TO_A_HOST else [OUTSIDE]


def _host(text: str) -> str:
    return domain_of(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
