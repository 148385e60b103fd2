"""What a change can do harm with, judged by its effect: loosening has risks, tightening has none.

Each function takes the entry before and after (``None``: there is none) and a look around, and answers the risks. A
disabled entry has no effect; the same effective value has no risk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum

from tables.sendmail.spec import Entry, Lookup, Risk
from tables.sendmail.syntax.access import CERTIFICATE_TAGS, split
from tables.sendmail.syntax.access_values import bare
from tables.sendmail.syntax.common import is_number
from tables.sendmail.syntax.targets import Target, items

NONE: frozenset[Risk] = frozenset()

#: Tags whose values are numbers or features: they decide about no mail.
_LIMITS = frozenset(("clientrate", "clientconn", "greetpause", "srv_features", "clt_features"))
_LIMITS |= frozenset(("tls_srv_features", "tls_clt_features"))
_DEMANDS = frozenset(("tls_srv", "tls_clt", "tls_rcpt", "try_tls"))

#: Tags of the entries that decide about relaying, with the one that an untagged entry stands for.
_RELAY_TAGS = ("", "connect", "to", "from")


class Effect(IntEnum):
    """What an access entry does for the mail that it decides about; the higher, the stricter."""

    RELAY = 0  # lets it in as well, so from RELAY to OK nothing opens
    OK = 1
    SKIP = 2
    NOTHING = 3
    HOLD = 4
    BLOCK = 5


def live_value(entry: Entry | None) -> str | None:
    """The value that has an effect, without the blanks and the CR at its end; ``None`` when there is none."""
    return entry.value.strip(" \t\r") if entry is not None and entry.enabled else None


def _key(before: Entry | None, after: Entry | None) -> str:
    entry = after or before
    return entry.key if entry else ""


def alias_risks(before: Entry | None, after: Entry | None, _look: Lookup) -> frozenset[Risk]:
    """A program, file or list that the alias did not deliver to before."""
    new = _dangerous_targets(live_value(after)) - _dangerous_targets(live_value(before))
    return frozenset(_TARGET_RISKS[kind] for kind, _ in new)


_TARGET_RISKS = {Target.PROGRAM: Risk.PROGRAM, Target.FILE: Risk.FILE, Target.INCLUDE: Risk.INCLUDE}


def _dangerous_targets(value: str | None) -> set[tuple[Target, str]]:
    found = {(item.kind, item.name) for item in items(value or "")}
    return {(kind, name) for kind, name in found if kind in _TARGET_RISKS}


def effect(key: str, value: str | None) -> Effect:
    """What an access entry with this value does. Every word that sendmail does not know refuses the client."""
    tag, word = split(key)[0], bare(value or "")
    if value is None or tag in _LIMITS or tag == "authinfo":
        return Effect.NOTHING
    if tag in _DEMANDS:
        return Effect.BLOCK if word.lstrip("permt+").startswith(("verify", "encr:")) else Effect.OK
    if word == "relay" or (tag in CERTIFICATE_TAGS and word == "subject"):
        return Effect.RELAY
    if tag == "spam":
        return Effect.BLOCK if word == "hater" else Effect.OK
    if word.startswith("quarantine:"):
        return Effect.HOLD
    return {"ok": Effect.OK, "skip": Effect.SKIP}.get(word, Effect.BLOCK)


def access_risks(before: Entry | None, after: Entry | None, look: Lookup) -> frozenset[Risk]:
    """RELAY, mail that gets past a check, a password; or an entry taken away under which something wider opens."""
    key = _key(before, after)
    old, new = live_value(before), live_value(after)
    if old == new:
        return NONE
    if split(key)[0] == "authinfo":
        return _secret(old, new)
    was, now = effect(key, old), effect(key, new)
    found: set[Risk] = set()
    if now is Effect.RELAY and was is not Effect.RELAY:
        found.add(Risk.RELAY)
    if _lets_more_in(key, was, now):
        found.add(Risk.BYPASS)
    if _uncovers(was, now) and _relayed_above(key, look, classes=was is Effect.BLOCK):
        found.add(Risk.RELAY)
    return frozenset(found)


def _secret(old: str | None, new: str | None) -> frozenset[Risk]:
    known = any(re.search(r'"?p[:=]', value or "", re.IGNORECASE) for value in (old, new))
    return frozenset((Risk.SECRET,)) if known else NONE


def _lets_more_in(key: str, was: Effect, now: Effect) -> bool:
    """Whether mail passes that was stopped. A new RELAY has a risk of its own; no demand on TLS changes freely."""
    if now is was:
        return was is Effect.BLOCK and split(key)[0] in _DEMANDS
    return now < was and not (now is Effect.RELAY and was <= Effect.NOTHING)


def _uncovers(was: Effect, now: Effect) -> bool:
    """Whether an entry that kept something wider from deciding does so no more."""
    return (
        was is not Effect.NOTHING and was is not Effect.RELAY and (now is Effect.NOTHING or was is Effect.BLOCK > now)
    )


def _relayed_above(key: str, look: Lookup, *, classes: bool) -> bool:
    """Whether a wider entry of access, or with ``classes`` of relay-domains, lets relay what this key decided about."""
    tag, item = split(key)
    if tag not in _RELAY_TAGS:
        return False
    wider = list(parents(item))
    tags = ("", tag) if tag else _RELAY_TAGS
    keys = [f"{name}:{part}" if name else part for name in tags for part in wider]
    keys += [item] if tag else [f"{name}:{item}" for name in _RELAY_TAGS[1:]]
    if any(effect(found, value) is Effect.RELAY for found, value in look("access", keys).items()):
        return True
    names = [item, *wider, *_dotted(item)]
    return classes and bool(look("relay-domains", [name for name in names if "@" not in name]))


def _dotted(item: str) -> Iterator[str]:
    for part in parents(item):
        yield f".{part}" if not is_number(part) else f"{part}."


def parents(item: str) -> Iterator[str]:
    """The wider items that sendmail looks up after ``item``: fewer octets, groups or labels; the domain of a user."""
    if "@" in item:
        local, _, item = item.rpartition("@")
        if "+" in local:
            yield f"{local.partition('+')[0]}@{item}"
        if item:
            yield item
    if is_number(item):
        yield from _shorter_heads(item, ".")
    elif item.startswith("ipv6:"):
        yield from _shorter_heads(item, ":")
    else:
        labels = item.split(".")
        yield from (".".join(labels[index:]) for index in range(1, len(labels)))


def _shorter_heads(item: str, separator: str) -> Iterator[str]:
    parts = item.split(separator)
    yield from (separator.join(parts[:count]) for count in range(len(parts) - 1, 0, -1))


def catch_all_risks(before: Entry | None, after: Entry | None, _look: Lookup) -> frozenset[Risk]:
    """A catch-all that is new or leads elsewhere; an ``error:`` that goes away lets mail in that was refused."""
    old, new = live_value(before), live_value(after)
    found: set[Risk] = set()
    if new is not None and new != old and is_catch_all(_key(before, after)) and not _is_error(new):
        found.add(Risk.CATCH_ALL)
    if _is_error(old) and not _is_error(new):
        found.add(Risk.BYPASS)
    return frozenset(found)


def is_catch_all(key: str) -> bool:
    """Whether a key of virtusertable or genericstable stands for every user of a domain."""
    return key.startswith(("@", "+*@", "++@"))


def _is_error(value: str | None) -> bool:
    return (value or "").lower().startswith("error:")


def mailer_risks(before: Entry | None, after: Entry | None, look: Lookup) -> frozenset[Risk]:
    """A route for everything, or for a domain that we relay; an ``error:`` that goes away."""
    old, new = live_value(before), live_value(after)
    key = _key(before, after)
    found: set[Risk] = set()
    if new is not None and new != old and not _is_error(new) and (key == "." or _is_relayed(key, look)):
        found.add(Risk.ROUTING)
    if _is_error(old) and not _is_error(new):
        found.add(Risk.BYPASS)
    return frozenset(found)


def _is_relayed(key: str, look: Lookup) -> bool:
    domain = key.strip(".")
    names = [domain, *parents(domain)]
    if look("relay-domains", [*names, *(f".{name}" for name in names)]):
        return True
    found = look("access", [*names, *(f"to:{name}" for name in names)])
    return any(effect(name, value) is Effect.RELAY for name, value in found.items())


def _new_name(risk: Risk) -> Callable[[Entry | None, Entry | None, Lookup], frozenset[Risk]]:
    def risks(before: Entry | None, after: Entry | None, _look: Lookup) -> frozenset[Risk]:
        return frozenset((risk,)) if live_value(after) is not None and live_value(before) is None else NONE

    return risks


relay_domain_risks = _new_name(Risk.RELAY)
local_host_risks = _new_name(Risk.ROUTING)
