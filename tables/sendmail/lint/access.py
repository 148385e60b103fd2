"""Rules of access that other rules of access leave without an effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tables.sendmail.lint import no_effect
from tables.sendmail.lint.context import Finding, Live
from tables.sendmail.lint.groups import Groups
from tables.sendmail.spec import Problem
from tables.sendmail.syntax.access import split
from tables.sendmail.syntax.access_values import KEYWORDS, bare
from tables.sendmail.syntax.common import is_number, note, shown
from tables.sendmail.syntax.fixes import remove

#: The tags that an entry without a tag stands for.
BOTH = ("connect", "from", "to")

#: Tags that are looked up with the tag alone at last.
_DEFAULTS = frozenset(("clientrate", "clientconn", "tls_srv", "tls_clt", "tls_rcpt", "try_tls", "srv_features"))


def wider(item: str) -> Iterator[str]:
    """The items that sendmail looks up after ``item``: fewer octets, groups or labels; the user, then the domain."""
    if "@" in item:
        local, _, domain = item.rpartition("@")
        user, plus, detail = local.partition("+")
        locals_ = [f"{user}+*"] * bool(plus and detail != "*") + [user] * bool(plus)
        yield from (f"{name}@{domain}" for name in locals_)
        if not domain:
            return
        yield from (f"{name}@" for name in (local, *locals_))
        yield domain
        item = domain
    if is_number(item):
        yield from _shorter(item, ".")
    elif item[:5] == "ipv6:":
        yield from _shorter(item, ":")
    elif item[:1] == "[":
        yield from (f"{part}]" for part in _shorter(item[:-1], ":" if item[1:6] == "ipv6:" else "."))
    else:
        while "." in item:
            item = item.partition(".")[2]
            yield item


def _shorter(item: str, separator: str) -> Iterator[str]:
    while separator in item:
        item = item.rpartition(separator)[0]
        yield item


def decides(access: Live, tag: str, items: Iterable[str], *, dotted: bool = False) -> str | None:
    """The key of the entry that decides for the first of ``items`` that has any: at each, the tagged one comes first.

    ``dotted``: FEATURE(access_db) has the argument lookupdotdomain, so ``.dom`` is asked for after ``host.dom``.
    """
    for item in items:
        names = (item, item[item.index(".") :]) if dotted and item.find(".") > 0 else (item,)
        for name in names:
            if f"{tag}:{name}" in access:
                return f"{tag}:{name}"
            if tag in BOTH and name in access:
                return name
    return f"{tag}:" if tag in _DEFAULTS and f"{tag}:" in access else None


def same(one: str, other: str) -> bool:
    """Whether two values do the same."""
    return one == other or (bare(one) == bare(other) and bare(one) in KEYWORDS)


def without_effect(access: Live, *, dotted: bool) -> Iterator[Finding]:
    """Rules that do what a wider rule would do anyway, and untagged rules that no tag leaves anything to."""
    idle = Groups()
    for key, value in access.items():
        tag, item = split(key)
        if not tag:
            if all(f"{name}:{item}" in access for name in BOTH):
                yield Finding("access", key, _shadowed(key))
            continue
        if not item:
            continue
        other = _next(access, tag, item, dotted=dotted)
        if other is not None and same(value, access[other]):
            idle.add(other, key)
    yield from _idle(idle, access)


def _next(access: Live, tag: str, item: str, *, dotted: bool) -> str | None:
    """The key that decides about ``item`` when ``tag:item`` is gone."""
    if tag in BOTH and item in access:
        return item
    if dotted and item.find(".") > 0:
        rest = item[item.index(".") :]
        item = rest if f"{tag}:{rest}" in access or (tag in BOTH and rest in access) else item
        if item == rest:
            return f"{tag}:{rest}" if f"{tag}:{rest}" in access else rest
    return decides(access, tag, wider(item.lstrip(".")) if item[:1] != "." else (item[1:], *wider(item[1:])))


def _shadowed(key: str) -> Problem:
    message = f"“{shown(key)}” stands with each of Connect:, From: and To:, so it is never reached without a tag."
    return note("access.shadowed", message, "Remove it.", "key", remove())


def _idle(groups: Groups, access: Live) -> Iterator[Finding]:
    def does(name: str) -> str:
        return f"what “{shown(name)}” does anyway: {shown(access[name])}."

    return no_effect.of_groups(
        "access",
        groups,
        lambda name, key: f"“{key}” does {does(name)}",
        lambda name, count, key: f"{count} rules, such as “{key}”, do {does(name)}",
    )
