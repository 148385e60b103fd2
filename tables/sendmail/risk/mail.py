"""What a change can do harm with, judged by its effect: loosening has risks, tightening has none.

Each function takes the entry before and after (``None``: there is none) and a look around, and answers the risks. A
disabled entry has no effect; the same effective value has no risk. ``then`` is the look around once everything that is
done together with the change is done as well. Access and the classes are judged in :mod:`tables.sendmail.risk.access`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tables.sendmail.risk.access import NONE
from tables.sendmail.risk.around import Around
from tables.sendmail.risk.asking import wider
from tables.sendmail.risk.deliveries import deliveries
from tables.sendmail.spec import Entry, Lookup, Risk
from tables.sendmail.syntax.access_values import bare
from tables.sendmail.syntax.handing_on import is_catch_all, lets_choose
from tables.sendmail.syntax.scanning import without_comments
from tables.sendmail.syntax.targets import Target

_ERROR = re.compile(r"error\s*>*\s*:", re.IGNORECASE)
_TARGET_RISKS = {Target.PROGRAM: Risk.PROGRAM, Target.FILE: Risk.FILE, Target.INCLUDE: Risk.INCLUDE}


def alias_risks(before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None) -> frozenset[Risk]:
    """A program, file or list that the alias did not deliver to before."""
    around = Around("aliases", before, after, look, then)
    return frozenset(_new_targets(around.old or "", around.new or ""))


def _new_targets(old: str, new: str) -> set[Risk]:
    return {_TARGET_RISKS[kind] for kind, _ in deliveries(new) - deliveries(old)}


# --- virtusertable and genericstable ----------------------------------------------------------------------------------


def virtual_risks(
    before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
) -> frozenset[Risk]:
    """A catch-all that is new or leads elsewhere; an ``error:`` that goes away; a host that the writer may choose.

    A program, file or list in a value is refused to a client, but an alias that leads to the address delivers to it
    (both seen with 8.17).
    """
    around = Around("virtusertable", before, after, look, then)
    if around.same:
        return NONE
    keys = list(_virtual_keys(around.key))
    now = _first(around.read("virtusertable", keys)[1], keys)
    found = _catch_all(around) | _new_targets(_unless_error(around.old), _unless_error(around.new))
    if _is_error(around.old) and not _is_error(now):
        found.add(Risk.BYPASS)
    was, comes = (lets_choose(around.key, _unless_error(value)) for value in (around.old, around.new))
    if comes and not was:
        found.add(Risk.RELAY)
    return frozenset(found)


def generic_risks(
    before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
) -> frozenset[Risk]:
    """A catch-all that is new or leads elsewhere."""
    around = Around("genericstable", before, after, look, then)
    return NONE if around.same else frozenset(_catch_all(around))


def _catch_all(around: Around) -> set[Risk]:
    return (
        {Risk.CATCH_ALL} if around.new is not None and is_catch_all(around.key) and not _is_error(around.new) else set()
    )


def _virtual_keys(key: str) -> Iterable[str]:
    """What is looked up for the addresses of a key, from the key on (proto.m4, "handle virtual users")."""
    local, _, domain = key.rpartition("@")
    user, plus, _detail = local.partition("+")
    users = (local, f"{user}++", f"{user}+*", user, "++", "+*", "") if plus else (local, "")
    return dict.fromkeys(f"{name}@{domain}" for name in users[_place(local, users) :])


def _place(local: str, users: tuple[str, ...]) -> int:
    return len(users) - 1 - users[::-1].index(local)


def _unless_error(value: str | None) -> str:
    return "" if value is None or _is_error(value) else value


# --- mailertable ------------------------------------------------------------------------------------------------------


def mailer_risks(
    before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
) -> frozenset[Risk]:
    """A route for everything, or for a domain that we may relay; an ``error:`` that goes away.

    ``prog:``, ``local:|program`` and their like are refused to a client, but an alias that leads to the domain runs
    them (both seen with 8.17).
    """
    around = Around("mailertable", before, after, look, then)
    if around.same:
        return NONE
    keys = list(_route_keys(around.key))
    was, now = (_route(table, keys) for table in around.read("mailertable", keys))
    found = _new_deliveries(around.old or "", around.new or "")
    if _may_be_relayed(around) and _is_route(around.new):
        found.add(Risk.ROUTING)
    if _is_error(was) and not _is_error(now):
        found.add(Risk.BYPASS)
    return frozenset(found)


def _route_keys(key: str) -> Iterable[str]:
    """What is looked up for the domains of a key, from the key on; a value without a mailer is passed over."""
    yield key
    yield from (f".{part}" for part in wider(key.lstrip(".")))
    yield "."


def _route(found: dict[str, str], keys: Iterable[str]) -> str | None:
    return next((found[key] for key in keys if ":" in found.get(key, "")), None)


def _is_route(value: str | None) -> bool:
    return value is not None and ":" in value and not _is_error(value)


def _new_deliveries(old: str, new: str) -> set[Risk]:
    return {risk for risk, _ in _deliveries(new) - _deliveries(old)}


#: Mailers that deliver to what the entry names; procmail runs the recipes of a file.
_DELIVERS = {
    "prog": Risk.PROGRAM,
    "procmail": Risk.PROGRAM,
    "*file*": Risk.FILE,
    "*include*": Risk.INCLUDE,
}


def _deliveries(value: str) -> set[tuple[Risk, str]]:
    """What a route hands its mail to on this host, with the text that says so."""
    mailer, _, rest = value.partition(":")
    name = re.sub(r"\s", "", without_comments(mailer)).strip("<>").lower()
    if name in _DELIVERS:
        return {(_DELIVERS[name], rest)}
    if name != "local":
        return set()
    return {(_TARGET_RISKS[kind], text) for kind, text in deliveries(rest)}


def _may_be_relayed(around: Around) -> bool:
    """Whether mail for a key's domain, or perhaps for a name under it, is relayed before or after the change."""
    key = around.key
    names = [key, *wider(key)]
    classes = around.read("relay-domains", [*names, *(f".{name}" for name in names)])
    access = around.read("access", [*names, *(f"to:{name}" for name in names)])
    values = [value for world in access for value in world.values()]
    return key.startswith(".") or any(classes) or any(bare(value) == "relay" for value in values)


# --- common -----------------------------------------------------------------------------------------------------------


def _is_error(value: str | None) -> bool:
    if not value or ":" not in value:
        return False
    return bool(_ERROR.match(without_comments(value).strip()))


def _first(found: dict[str, str], keys: Iterable[str]) -> str | None:
    return next((found[key] for key in keys if key in found), None)
