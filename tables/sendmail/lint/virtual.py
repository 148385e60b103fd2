"""virtusertable as a whole: domains that are not asked about, targets that nobody is, entries without an effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tables.sendmail.lint import no_effect
from tables.sendmail.lint.context import Finding, Live
from tables.sendmail.lint.groups import Groups
from tables.sendmail.lint.loops import Ends
from tables.sendmail.lint.routes import Routes, start
from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import note, shown, warning


@dataclass(slots=True)
class Domain:
    """What virtusertable holds of one domain."""

    first: str
    count: int = 0
    catch_all: str | None = None
    plus: bool = False  # it has ++@ or +*@


def domains_of(virtual: Live) -> dict[str, Domain]:
    found: dict[str, Domain] = {}
    for key, value in virtual.items():
        local, at, name = key.rpartition("@")
        if not at:
            continue
        domain = found.get(name)
        if domain is None:
            domain = found[name] = Domain(key)
        domain.count += 1
        if not local:
            domain.catch_all = value
        elif local in ("++", "+*"):
            domain.plus = True
    return found


def not_local(domains: dict[str, Domain], routes: Routes) -> Iterator[Finding]:
    """Domains that sendmail does not ask virtusertable about: one finding each."""
    if not routes.domains_known:
        return
    for name, domain in domains.items():
        if not routes.looks_up(name):
            entries = "this entry is" if domain.count == 1 else f"its {domain.count:,} entries are"
            message = f"“{shown(name)}” is not among the local domains, so {entries} never looked up."
            remedy = f"Add {shown(name)} to local-host-names, or to the virtual domains of sendmail.mc."
            fix = Fix(f"Add {shown(name)} to local-host-names", adds=(("local-host-names", name, ""),))
            yield Finding("virtusertable", domain.first, _not_local(message, remedy, fix))


def _not_local(message: str, remedy: str, fix: Fix) -> Problem:
    return warning("virtusertable.domain-not-local", message, remedy, "key", fix)


def entries(ends: Ends, domains: dict[str, Domain]) -> Iterator[Finding]:
    """What is wrong with where each entry leads, and which ones lead where mail would go without them."""
    routes, idle, dead = ends.routes, Groups(), Groups()
    for key, value in routes.virtual.items():
        local, at, domain = key.rpartition("@")
        if not at:  # never looked up; the entry alone says so
            continue
        if name := _unknown_name(value, routes):
            yield Finding("virtusertable", key, _unknown(name))
        elif ends.nowhere and (name := _dead_end(key, value, ends)):
            dead.add(ends.nowhere[name], key)
        other = _without(local, domain, domains[domain], routes) if local else None
        if other is not None and other[1] == value.lower():
            idle.add(other[0] or f"={domain}", key)
        if local[-2:] == "+*" and f"{local[:-1]}+@{domain}" in routes.virtual:
            yield Finding("virtusertable", key, _empty_detail(key, f"{local[:-1]}+@{domain}"))
    yield from _dead_ends(dead, ends)
    yield from _idle(idle)


def _unknown_name(value: str, routes: Routes) -> str:
    """The local name that a value is, when neither an alias nor a user has it."""
    if routes.context.users is None or any(mark in value for mark in '@%:\\|/" ,<('):
        return ""
    name = value.lower()
    return name if name and routes.alias_of(name) is None and not routes.is_user(name) else ""


def _dead_end(key: str, value: str, ends: Ends) -> str:
    """The alias or address after an entry that ends nowhere."""
    if "@" not in value and "%" not in value:
        alias = ends.routes.alias_of(value.lower())
        return alias if alias in ends.nowhere and alias is not None else ""
    recipient = start(key)
    if recipient in ends.looping:
        return ""
    return next((name for name in ends.routes.nexts(recipient) if name in ends.nowhere), "")


def _dead_ends(groups: Groups, ends: Ends) -> Iterator[Finding]:
    for last, group in groups:
        if group.few:
            for key in group.first:
                path = ends.path(_dead_end(key, ends.routes.virtual[key], ends))
                message = f"Mail to it ends with nobody: {shown(key)} → {path}."
                yield Finding("virtusertable", key, _ends_nowhere(message))
        else:
            message = f"{group.count:,} addresses, such as {shown(group.first[0])}, end with nobody: {ends.path(last)}."
            yield Finding("virtusertable", group.first[0], _ends_nowhere(message))


def _unknown(name: str) -> Problem:
    message = f"“{shown(name)}” is neither an alias nor a user of this host, so mail to it is refused."
    return warning("virtusertable.unknown-target", message, "Correct the name, or add the alias or the user.", "value")


def _ends_nowhere(message: str) -> Problem:
    return warning("virtusertable.ends-nowhere", message, "Give the last of them a target that exists.", "value")


def _without(local: str, name: str, domain: Domain, routes: Routes) -> tuple[str, str] | None:
    """(key, target) of what decides about the addresses of an entry when it is gone; the key is empty for class w."""
    if local[-2:] in ("+*", "++"):
        narrower = f"{local[:-2]}@{name}"
        value = routes.virtual.get(narrower, "%") if len(local) > 2 else domain.catch_all
        other = narrower if len(local) > 2 else f"@{name}"
        return (other, value.lower()) if value and "%" not in value else None
    if domain.plus or "+" in local:
        return None
    if domain.catch_all is not None:
        target = domain.catch_all.replace("%1", local) if "%2" not in domain.catch_all else "%"
        return (f"@{name}", target.lower()) if "%" not in target else None
    return ("", local) if name in routes.local else None


def _idle(groups: Groups) -> Iterator[Finding]:
    def where(name: str) -> str:
        other = f"“{shown(name)}” leads" if name[0] != "=" else f"mail for {shown(name[1:])} goes"
        return f"where {other} anyway."

    return no_effect.of_groups(
        "virtusertable",
        groups,
        lambda name, key: f"“{key}” leads {where(name)}",
        lambda name, count, key: f"{count} entries, such as “{key}”, lead {where(name)}",
    )


def _empty_detail(key: str, other: str) -> Problem:
    message = f"“{shown(other)}” comes before “{shown(key)}”, which is left with addresses that end in a plus sign."
    return note("virtusertable.shadowed", message, "Keep one of the two.", "key")
