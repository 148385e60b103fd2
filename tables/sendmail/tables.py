"""The seven tables, each declared once."""

from __future__ import annotations

import re

from tables.sendmail import territory
from tables.sendmail.parts.access_form import PARTS as ACCESS_PARTS
from tables.sendmail.parts.aliases import PARTS as ALIAS_PARTS
from tables.sendmail.parts.genericstable import PARTS as GENERIC_PARTS
from tables.sendmail.parts.mailertable import PARTS as MAILER_PARTS
from tables.sendmail.parts.names import PARTS as NAME_PARTS
from tables.sendmail.parts.virtusertable import PARTS as VIRTUAL_PARTS
from tables.sendmail.risk import access as access_risk
from tables.sendmail.risk import mail as mail_risk
from tables.sendmail.spec import Duplicates, Kind, Pieces, TableSpec
from tables.sendmail.syntax import (
    access,
    aliases,
    check_entry,
    genericstable,
    mailertable,
    misread,
    names,
    normalise_key,
    targets,
)
from tables.sendmail.syntax import virtusertable as virtual
from tables.sendmail.syntax.common import domain_after_at, is_number

__all__ = ["TABLES", "UnknownTable", "check_entry", "get", "misread", "normalise_key"]


class UnknownTable(LookupError):
    """There is no table of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no table “{name}”. The tables are {', '.join(TABLES)}.")
        self.name = name


def _no_domain(_key: str) -> str:
    return ""


def _access_domain(key: str) -> str:
    """Rules of one tag stand together, by domain or network."""
    tag, item = access.split(key)
    return (
        f"{tag}:{_neighbourhood(domain_after_at(item) or item)}"
        if tag
        else _neighbourhood(domain_after_at(item) or item)
    )


def _access_tag(key: str) -> str:
    tag = access.split(key)[0]
    return f"{tag}:" if tag else ""


def _access_host(key: str) -> str:
    tag, item = access.split(key)
    return "" if tag in access.CERTIFICATE_TAGS or tag == "compat" else _name(item)


def _name(item: str) -> str:
    """The domain of an item that is one, with or without a user before it."""
    return (domain_after_at(item) or item).lstrip(".")


def _address_or_error(value: str) -> list[str]:
    return [] if value[:6].lower() == "error:" else [value]


def _one_piece(value: str) -> Pieces:
    return Pieces((value,)) if _address_or_error(value) else Pieces()


def _alias_pieces(value: str) -> Pieces:
    return Pieces(tuple(targets.split(value)), joint=",")


#: Between the hosts of a route; a colon in brackets is of an IPv6 address.
_BETWEEN_HOSTS = re.compile(r":(?![^\[]*\])")


def _route_pieces(value: str) -> Pieces:
    mailer, colon, hosts = value.partition(":")
    if not colon or not _address_or_error(value):
        return Pieces()
    return Pieces(tuple(_BETWEEN_HOSTS.split(hosts)), joint=":", head=f"{mailer}:", users=False)


def _alias_addresses(value: str) -> list[str]:
    return [item.name for item in targets.items(value) if item.kind is targets.Target.ADDRESS]


def _neighbourhood(name: str) -> str:
    """The last two labels of a name, the first two octets of an IPv4 address, the first two groups of an IPv6 one."""
    bare = name.strip(".[]")
    if is_number(bare):
        return ".".join(bare.split(".")[:2])
    if bare.startswith("ipv6:"):
        return ":".join(bare.split(":")[:3])
    return ".".join(bare.split(".")[-2:])


_ALIASES = TableSpec(
    name="aliases",
    title="Aliases",
    singular="alias",
    kind=Kind.ALIASES,
    summary="Local names and where their mail goes: users, lists of addresses, programs and files.",
    key_label="Name",
    key_help="A local name without a domain, such as sales; sales+* takes every detail after a plus sign.",
    value_label="Targets",
    value_help="Users and addresses with commas between them; \\user delivers here without another look; "
    '"|/path/program args" runs a program; /path/file appends to a file; :include:/path/list reads a list.',
    example=("sales", "alice, bob@example.net"),
    duplicates=Duplicates.LAST,
    check_key=aliases.check_key,
    check_value=aliases.check_value,
    risks=mail_risk.alias_risks,
    domain=_no_domain,
    parts=ALIAS_PARTS,
    cf_name="aliases",
    cf_line="define(`ALIAS_FILE', `/etc/mail/aliases')",
    addresses=_alias_addresses,
    pieces=_alias_pieces,
    users_alone=True,
)

_ACCESS = TableSpec(
    name="access",
    title="Access",
    singular="access rule",
    kind=Kind.MAP,
    summary="Which clients may connect and relay, which senders and recipients are refused, limits and TLS demands.",
    key_label="Who",
    key_help="Tag and item without a blank: Connect:192.0.2, From:spammer@example.net, To:user@, ClientRate:192.0.2.1. "
    "Networks are whole octets, IPv6 is written in full (IPv6:2001:db8), a domain stands for everything under it.",
    value_label="Action",
    value_help='OK, RELAY, REJECT, DISCARD, QUARANTINE:reason or ERROR:5.7.1:"550 text"; '
    "a number after ClientRate, ClientConn and GreetPause.",
    example=("Connect:192.0.2", "REJECT"),
    duplicates=Duplicates.FIRST,
    check_key=access.check_key,
    check_value=access.check_value,
    risks=access_risk.access_risks,
    domain=_access_domain,
    parts=ACCESS_PARTS,
    cf_name="access",
    cf_line="FEATURE(`access_db')",
    tag=_access_tag,
    host=_access_host,
    lies_in=territory.of_rule,
    relay_words=("relay", "subject"),
    holds_passwords=True,
)

_VIRTUSERTABLE = TableSpec(
    name="virtusertable",
    title="Virtual users",
    singular="virtual address",
    kind=Kind.MAP,
    summary="Addresses of virtual domains and the one address that each leads to.",
    key_label="Address",
    key_help="user@domain, or @domain for everybody else in the domain; user+*@domain takes any detail.",
    value_label="Leads to",
    value_help="One local name or address. %1 is the user, %2 the detail, %3 the detail with its plus sign. "
    "error:nouser 550 No such user here refuses the mail.",
    example=("info@example.com", "alice"),
    duplicates=Duplicates.FIRST,
    check_key=virtual.check_key,
    check_value=virtual.check_value,
    risks=mail_risk.virtual_risks,
    domain=domain_after_at,
    parts=VIRTUAL_PARTS,
    cf_name="virtuser",
    cf_line="FEATURE(`virtusertable')",
    lies_in=territory.of_address,
    leads_to=territory.to_address_or_error,
    is_catch_all=territory.is_catch_all,
    host=domain_after_at,
    addresses=_address_or_error,
    pieces=_one_piece,
    leads_to_one=True,
)

_GENERICSTABLE = TableSpec(
    name="genericstable",
    title="Generic addresses",
    singular="generic address",
    kind=Kind.MAP,
    summary="What local senders' addresses are rewritten to when mail leaves.",
    key_label="Sender",
    key_help="user, user@domain, or @domain for everybody else in the domain.",
    value_label="Becomes",
    value_help="One address. %1 is the user under @domain, and the detail under user+*.",
    example=("alice", "alice.smith@example.com"),
    duplicates=Duplicates.FIRST,
    check_key=genericstable.check_key,
    check_value=genericstable.check_value,
    risks=mail_risk.generic_risks,
    domain=domain_after_at,
    parts=GENERIC_PARTS,
    cf_name="generics",
    cf_line="FEATURE(`genericstable')",
    lies_in=territory.of_address,
    leads_to=territory.to_address,
    is_catch_all=territory.is_catch_all,
    host=domain_after_at,
    addresses=_address_or_error,
    pieces=_one_piece,
    users_alone=True,
    leads_to_one=True,
)

_MAILERTABLE = TableSpec(
    name="mailertable",
    title="Mail routes",
    singular="mail route",
    kind=Kind.MAP,
    summary="Domains whose mail takes another way than DNS says.",
    key_label="Domain",
    key_help="example.com alone, .example.com for everything under it, a dot alone for everything else.",
    value_label="Route",
    value_help="mailer:host. esmtp:[mail.example.com] goes to that host, esmtp:mail.example.com to its MX; "
    "error:5.1.2:550 text refuses the mail.",
    example=("example.com", "esmtp:[mail.example.com]"),
    duplicates=Duplicates.FIRST,
    check_key=mailertable.check_key,
    check_value=mailertable.check_value,
    risks=mail_risk.mailer_risks,
    domain=_neighbourhood,
    parts=MAILER_PARTS,
    cf_name="mailertable",
    cf_line="FEATURE(`mailertable')",
    lies_in=territory.of_name,
    leads_to=territory.to_hosts,
    host=_name,
    addresses=_address_or_error,
    pieces=_route_pieces,
)

_RELAY_DOMAINS = TableSpec(
    name="relay-domains",
    title="Relay domains",
    singular="relay domain",
    kind=Kind.CLASS,
    summary="Domains and networks that may relay: mail to them and from their hosts is passed on.",
    key_label="Domain or network",
    key_help="example.com stands for it and everything under it; networks are whole octets, such as 192.0.2.",
    value_label="",
    value_help="",
    example=("example.com", ""),
    duplicates=Duplicates.HARMLESS,
    check_key=names.check_relay_key,
    check_value=names.no_value,
    risks=access_risk.relay_domain_risks,
    domain=_neighbourhood,
    parts=NAME_PARTS,
    cf_name="R",
    cf_line="RELAY_DOMAIN_FILE(`/etc/mail/relay-domains')",
    lies_in=territory.of_name,
    relay_words=(),
    host=_name,
)

_LOCAL_HOST_NAMES = TableSpec(
    name="local-host-names",
    title="Local host names",
    singular="local host name",
    kind=Kind.CLASS,
    summary="Hosts and domains whose mail is delivered here.",
    key_label="Host or domain",
    key_help="Each name in full, such as example.com; names under it are not included.",
    value_label="",
    value_help="",
    example=("example.com", ""),
    duplicates=Duplicates.HARMLESS,
    check_key=names.check_host_key,
    check_value=names.no_value,
    risks=access_risk.local_host_risks,
    domain=_neighbourhood,
    parts=NAME_PARTS,
    cf_name="w",
    cf_line="FEATURE(`use_cw_file')",
    lies_in=territory.of_name,
    host=_name,
)

#: The seven tables by name, in the order in which they are shown.
TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (_ALIASES, _ACCESS, _VIRTUSERTABLE, _GENERICSTABLE, _MAILERTABLE, _RELAY_DOMAINS, _LOCAL_HOST_NAMES)
}


def get(name: str) -> TableSpec:
    """The table of this name. Raises :class:`UnknownTable`, whose message names the seven."""
    try:
        return TABLES[name]
    except KeyError:
        raise UnknownTable(name) from None
