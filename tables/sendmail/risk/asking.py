"""What sendmail asks of access and of the classes about one client, sender or recipient, and what it makes of it.

The order of the look-ups is that of the rulesets D, A, F, U, check_relay, check_mail, Rcpt_ok and Relay_ok of proto.m4
(8.17). A question never asks for what it cannot name: :data:`ANY` stands for any label, octet or user under an item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from tables.sendmail.spec import Under
from tables.sendmail.syntax.common import is_number

#: Stands for whatever is more to the left of a name, or to the right of an address; no key contains it.
ANY = "\0"


class Effect(IntEnum):
    """What an access entry does for the mail that it decides about; the higher, the stricter."""

    OK = 1  # RELAY lets in as well, so from RELAY to OK nothing opens
    NOTHING = 2
    HOLD = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Features:
    """Arguments of FEATURE(access_db) that change the look-ups. Which of them a host has is not known here."""

    skip: bool = False  # SKIP ends the search; without it, it is one of the words that refuse
    dot: bool = False  # lookupdotdomain: .example.com stands for everything under it
    full: bool = False  # relaytofulladdress: To:user@example.com RELAY relays


PLAIN = Features()
EVERY = Features(skip=True, dot=True, full=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """Keys of access in the order in which they are looked up: the first that stands decides.

    ``skip`` is what SKIP does where it is known: nothing (``None``), and the next stage is asked, or an effect.
    """

    keys: tuple[str, ...]
    skip: Effect | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to decide about: who refuses or accepts it, and who lets it relay."""

    checked: tuple[Stage, ...]
    relayed: tuple[str, ...]  # keys of access: the first that stands lets relay if it says RELAY
    relay_class: tuple[str, ...]  # any of these in relay-domains lets relay
    local_class: tuple[str, ...] = ()  # so does any of these in local-host-names
    accepts: Effect = Effect.OK  # what OK does: for a recipient nothing but to end the search
    stops: Effect = Effect.BLOCK  # from here on there is no relaying: a recipient that is held is not asked for on
    foreign: str = ""  # the domain of a recipient: unless it is local or relayed, mail for it is refused
    under: str = ""  # what is asked about is anything under this, which the classes may hold too

    @property
    def access(self) -> Iterator[str]:
        yield from (key for stage in self.checked for key in stage.keys)
        yield from self.relayed


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer to a question."""

    effect: Effect
    relays: bool
    covers: bool  # something under what was asked about may relay
    stopped: bool
    denied: bool  # a recipient that is refused because nobody may relay to it


@dataclass(frozen=True, slots=True)
class World:
    """The parts of three tables that a question may ask for: enabled entries only, with their values."""

    access: Mapping[str, str]
    relay_class: Mapping[str, str]
    local_class: Mapping[str, str]


@lru_cache(maxsize=1024)
def client_address(address: str, _features: Features) -> Question:
    """A client by its address, whose name says nothing."""
    keys = tuple(_by_address("connect", address))
    return Question((Stage(keys),), keys, tuple(_heads(address)), (f"[{address}]",), under=_under(address))


@lru_cache(maxsize=1024)
def nameless_client(literal: str, features: Features) -> Question:
    """A client without a name: it bears its address in brackets instead, which is looked up first but never relays."""
    address = literal.strip("[]")
    by_name, by_address = tuple(_by_domain("connect", literal, features)), tuple(_by_address("connect", address))
    return Question((Stage(by_name), Stage(by_address)), by_address, tuple(_heads(address)), (literal,))


@lru_cache(maxsize=1024)
def client_name(name: str, features: Features) -> Question:
    """A client by its name, whose address says nothing."""
    keys = tuple(_by_domain("connect", name, features))
    return Question((Stage(keys),), keys, tuple(_tails(name)), (name,), under=_under(name))


@lru_cache(maxsize=1024)
def recipient(address: str, features: Features) -> Question:
    """An address of another host that a stranger writes to."""
    local, _, domain = address.rpartition("@")
    whole, domains = tuple(_by_user("to", address)), tuple(_by_domain("to", domain, features))
    relayed = (*whole, *domains, *_by_user("to", f"{local}@")) if features.full else domains
    checked = (Stage(whole, Effect.NOTHING), Stage(domains))
    classes = tuple(_tails(domain))
    return Question(checked, relayed, classes, (), Effect.NOTHING, Effect.HOLD, domain, _under(domain))


@lru_cache(maxsize=1024)
def local_recipient(address: str, features: Features) -> Question:
    """An address of this host, if its domain is: then its user alone counts too (FEATURE(blocklist_recipients))."""
    local, _, domain = address.rpartition("@")
    users = (*_by_user("to", address), *_by_user("to", f"{local}@"))
    domains = tuple(_by_domain("to", domain, features))
    return Question((Stage(users, Effect.NOTHING), Stage(domains)), (), (), (), Effect.NOTHING)


@lru_cache(maxsize=1024)
def sender(address: str, features: Features) -> Question:
    """An address that a client claims to write from; it relays with FEATURE(relay_mail_from), and by its tag only."""
    local, _, domain = address.rpartition("@")
    whole, user = tuple(_by_user("from", address)), tuple(_by_user("from", f"{local}@"))
    domains = tuple(_by_domain("from", domain, features))
    checked = (Stage((*whole, *user), Effect.BLOCK), Stage(domains))
    return Question(checked, tuple(_tagged("from", (*whole, *domains))), ())


def spam_keys(item: str) -> list[str]:
    """The keys of Spam: for a recipient (FEATURE(delay_checks) with an argument): address, domain, user."""
    local, at, domain = item.rpartition("@")
    whole, user = (_by_user("spam", item), _by_user("spam", f"{local}@")) if at else ((), ())
    return _tagged("spam", (*whole, *_by_domain("spam", domain, PLAIN), *user))


def demand_keys(tag: str, item: str) -> list[str]:
    """The keys of a tag of TLS_connection or try_tls, for a host or recipient: at the end the tag alone."""
    local, at, domain = item.rpartition("@")
    found: list[str] = [*_by_user(tag, item), *_by_user(tag, f"{local}@")] if at else []
    found += _by_address(tag, domain) if is_address(domain) else _by_domain(tag, domain, PLAIN)
    found += _by_address(tag, domain.strip("[]")) if domain.startswith("[") else ()
    return _tagged(tag, (*found, f"{tag}:"))


def _tagged(tag: str, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key.startswith(f"{tag}:")]


def is_address(item: str) -> bool:
    """Whether an item is an IP address or the head of one."""
    return is_number(item.replace(ANY, "0")) or item == "ipv6" or item.startswith("ipv6:")


def _pair(tag: str, item: str) -> Iterator[str]:
    yield f"{tag}:{item}"
    yield item


def _by_domain(tag: str, name: str, features: Features) -> Iterator[str]:
    """Ruleset D: a name and each name above it; for an address in brackets, with fewer octets or groups."""
    for level in (name, *wider(name)):
        yield from _pair(tag, level)
        if features.dot and not level.startswith("["):
            _, dot, rest = level.partition(".")
            yield from _pair(tag, f".{rest}") if dot else ()


def _by_address(tag: str, address: str) -> Iterator[str]:
    """Ruleset A: an address, then fewer and fewer of its octets or groups."""
    for level in (address, *wider(address)):
        yield from _pair(tag, level)


def _by_user(tag: str, address: str) -> Iterator[str]:
    """Rulesets F and U: an address, with any detail, without its detail."""
    yield from _pair(tag, address)
    local, _, domain = address.rpartition("@")
    user, plus, _detail = local.partition("+")
    if plus:
        yield from _pair(tag, f"{user}+*@{domain}")
        yield from _pair(tag, f"{user}@{domain}")


def wider(item: str) -> Iterator[str]:
    """What is looked up after ``item``: fewer octets or groups, also in brackets, or fewer labels."""
    if item.startswith("["):
        yield from (f"[{part}]" for part in wider(item.strip("[]")) if part != "ipv6")
    elif is_address(item):
        mark = ":" if item.startswith("ipv6") else "."
        parts = item.split(mark)
        yield from (mark.join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    else:
        labels = item.split(".")
        yield from (".".join(labels[index:]) for index in range(1, len(labels)))


def _tails(name: str) -> Iterator[str]:
    """Words of class R that match a name: it and what is above it, also with a leading dot."""
    yield name
    for part in wider(name):
        yield f".{part}"
        yield part


def _heads(address: str) -> Iterator[str]:
    """Words of class R that match an address: it and its first octets or groups, also with what separates them."""
    yield address
    mark = ":" if address.startswith("ipv6") else "."
    for part in wider(address):
        yield f"{part}{mark}"
        yield part


def _under(item: str) -> str:
    """``*.example.com`` for any name under example.com, ``10.1.*`` for any address; empty for one that is whole."""
    return Under(item.replace(ANY, "*")) if ANY in item and item != ANY else ""


def askable(keys: Iterable[str]) -> list[str]:
    """The keys that a table could hold, each once."""
    return [key for key in dict.fromkeys(keys) if key and ANY not in key]
