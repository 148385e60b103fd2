"""Where access, relay-domains and local-host-names say different things about one host, or the same twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tables.sendmail.lint import no_effect
from tables.sendmail.lint.access import decides, wider
from tables.sendmail.lint.context import Context, Finding, Live
from tables.sendmail.lint.groups import Group, Groups
from tables.sendmail.spec import Problem
from tables.sendmail.syntax.access import split
from tables.sendmail.syntax.access_values import bare
from tables.sendmail.syntax.common import is_number, note, shown, warning

_TAGS = ("connect", "to")


def relayed_and_local(relayed: Live, local: frozenset[str]) -> Iterator[Finding]:
    """Mail for a local domain is delivered here; in relay-domains it only opens what lies under it, and its hosts."""
    for key in relayed:
        if key in local:
            message = f"{shown(key)} is local, so its mail is delivered here and never passed on."
            remedy = "Remove it from relay-domains, unless hosts of that name, and domains under it, may relay."
            yield Finding("relay-domains", key, warning("relay-domains.local", message, remedy, "key"))


def covered(relayed: Live, context: Context) -> Iterator[Finding]:
    """Names of relay-domains that a wider name of relay-domains stands for."""
    idle = Groups()
    names = relayed.keys() | context.relay_domains
    for key in relayed:
        other = next((name for name in _wider_names(key, context) if name in names), None)
        if other is not None:
            idle.add(other, key)
    return no_effect.of_groups(
        "relay-domains",
        idle,
        lambda name, key: f"“{key}” is what “{shown(name)}” stands for already.",
        lambda name, count, key: f"{count} names, such as “{key}”, are what “{shown(name)}” stands for already.",
    )


def _wider_names(key: str, context: Context) -> Iterator[str]:
    number = is_number(key)
    if not number and key[:5] != "ipv6:" and context.has("relay_hosts_only"):
        return
    item = key.strip(".")
    if key[:1] == ".":
        yield item
    if number and key[-1:] == ".":
        yield item
    for part in wider(item):
        yield part
        yield f"{part}." if number else f".{part}"


def contradictions(access: Live, relayed: Live, context: Context) -> Iterator[Finding]:
    """What relay-domains relays and access refuses, as a whole or in part, and what both relay."""
    names = relayed.keys() | context.relay_domains
    if not names:
        return
    dotted = context.has("lookupdotdomain")
    refused, whole = Groups(), set[str]()
    for name in sorted(names):
        item = name.strip(".")
        for tag in _TAGS:
            key = decides(access, tag, (item, *wider(item)), dotted=dotted)
            if key is not None and _refuses(access[key]):
                whole.add(key)
                refused.add(key, name)
    for key, group in refused:
        yield Finding("access", key, _contradicts(key, access[key], group))
    for key, value in access.items():
        if key not in whole:
            yield from _beside(key, value, names)


def _beside(key: str, value: str, names: Iterable[str]) -> Iterator[Finding]:
    tag, item = split(key)
    if tag not in ("", *_TAGS) or "@" in item or not item:
        return
    refuses = _refuses(value)
    if not refuses and bare(value) != "relay":
        return
    around = next((name for part in (item, *wider(item)) for name in (part, f"{part}.") if name in names), None)
    if around is not None:
        yield Finding("access", key, _exception(key, around) if refuses else _twice(key, around))


def _refuses(value: str) -> bool:
    """Whether a value stops mail: REJECT, DISCARD, ERROR and every text that sendmail does not know."""
    word = bare(value)
    return word not in ("ok", "relay", "skip") and not word.startswith("quarantine:")


def _contradicts(key: str, value: str, group: Group) -> Problem:
    more = f" and {group.count - 1:,} more" if group.count > 1 else ""
    message = f"relay-domains relays {shown(group.first[0])}{more}, which “{shown(key)}” refuses: {shown(value)}."
    remedy = "Remove one of the two. A client is refused in any case, a domain with FEATURE(blocklist_recipients)."
    return warning("access.contradicts-relay-domains", message, remedy, "key")


def _exception(key: str, name: str) -> Problem:
    message = f"“{shown(key)}” refuses a part of what relay-domains relays with {shown(name)}."
    return note("access.exception-to-relay-domains", message, "Nothing, if that is meant.", "key")


def _twice(key: str, name: str) -> Problem:
    message = f"relay-domains relays “{shown(key)}” already, with {shown(name)}."
    remedy = "Keep one of the two; RELAY in access also spares a client the checks of its address."
    return note("access.relayed-twice", message, remedy, "key")
