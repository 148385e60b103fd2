"""Where mail for a recipient goes next, as aliases and virtusertable together decide it.

A recipient is a local name or an address. ``*@domain`` stands for everybody whom only the catch-all of a domain knows.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from tables.sendmail.lint.context import Context, Live
from tables.sendmail.syntax.targets import Target, bare, items

#: A value without quotes, comments, programs and the like: names and commas only.
_PLAIN = re.compile(r"[A-Za-z0-9@._+, \t-]*\Z")
_COMMENT = re.compile(r"\([^()]*\)")


class Step(NamedTuple):
    """What becomes of a recipient: the recipients after it, and whether some of its mail ends well here."""

    nexts: tuple[str, ...] = ()
    delivers: bool = False


_DELIVERED, _LOST = Step(delivers=True), Step()


@dataclass(slots=True)
class Routes:
    """``local`` is class w, ``domains`` are those of the keys of virtusertable.

    Where no domain is known to be local, virtusertable is taken at its word.
    """

    aliases: Live
    virtual: Live
    domains: Container[str]
    context: Context
    local: frozenset[str]

    @property
    def domains_known(self) -> bool:
        """Whether it is known in which domains virtusertable is asked."""
        virtual = self.context.virtual_domains
        return virtual is not None and bool(self.local or virtual)

    def looks_up(self, domain: str) -> bool:
        """Whether sendmail asks virtusertable about addresses in a domain, or delivers them here."""
        virtual = self.context.virtual_domains
        if not self.domains_known or virtual is None:
            return domain in self.local or domain in self.domains
        if domain in self.local or domain in virtual:
            return True
        if not self.context.has("virtuser_entire_domain"):
            return False
        labels = domain.split(".")
        return any(".".join(labels[index:]) in virtual for index in range(1, len(labels)))

    def alias_of(self, name: str) -> str | None:
        """The key of aliases that decides about a local name (``user+detail``, ``user+*``, ``user``)."""
        if name in self.aliases:
            return name
        user, plus, _ = name.partition("+")
        if plus:
            return next((key for key in (f"{user}+*", user) if key in self.aliases), None)
        return None

    def is_user(self, name: str) -> bool:
        """Whether a name has a mailbox, as far as that is known."""
        users = self.context.users
        return users is None or name in users or name.partition("+")[0] in users

    def virtual_key(self, address: str) -> str | None:
        """The key of virtusertable that decides about an address (proto.m4 1112)."""
        if address in self.virtual:
            return address
        local, _, domain = address.rpartition("@")
        if domain not in self.domains:
            return None
        user, plus, detail = local.partition("+")
        if not plus:
            keys = [f"@{domain}"]
        elif detail:
            keys = [f"{user}++@{domain}", f"{user}+*@{domain}", f"{user}@{domain}"]
            keys += [f"++@{domain}", f"+*@{domain}", f"@{domain}"]
        else:
            keys = [f"{user}+*@{domain}", f"{user}@{domain}", f"+*@{domain}", f"@{domain}"]
        return next((key for key in keys if key in self.virtual), None)

    def step(self, recipient: str) -> Step:
        """What becomes of an alias or an address: a name that is neither ends here and is no next."""
        return self._address(recipient) if "@" in recipient else self._alias(recipient)

    def nexts(self, recipient: str) -> tuple[str, ...]:
        return self.step(recipient).nexts

    def unknown(self, recipient: str) -> list[str]:
        """The names that an alias or an address leads to and nobody has."""
        names = [self._beyond(recipient)] if "@" in recipient else targets(self.aliases[recipient])
        return [name for name in names if name is not None and "@" not in name and self.alias_of(name) is None]

    def _alias(self, key: str) -> Step:
        value = self.aliases[key]
        if value.isalnum():  # most are one name
            name = value.lower()
            return self._towards(name) if name != key else Step(delivers=self.is_user(key))
        nexts: list[str] = []
        delivers = False
        for target in targets(value):
            if target is None or (target in (key, f"\\{key}") and self.is_user(key)):
                delivers = True
            elif target != key:
                found = self._towards(target)
                nexts += found.nexts
                delivers = delivers or found.delivers
        return Step(tuple(nexts), delivers)

    def _towards(self, target: str) -> Step:
        """The step to a target: on to an alias or an address of ours, or to where mail ends."""
        if target in self.aliases:
            return Step((target,))
        if "@" in target:
            return Step((target,)) if self.looks_up(target.rpartition("@")[2]) else _DELIVERED
        if target[:1] == "\\":
            return _DELIVERED if self.is_user(target[1:]) else _LOST
        if (key := self.alias_of(target)) is not None:
            return Step((key,))
        return _DELIVERED if "*" in target or self.is_user(target) else _LOST

    def _address(self, address: str) -> Step:
        target = self._beyond(address)
        return _DELIVERED if target is None else self._towards(target)

    def _beyond(self, address: str) -> str | None:
        """What an address leads to by its entry, or without one in a local domain; ``None`` where it ends well."""
        key = self.virtual_key(address)
        if key is not None:
            return self.expanded(key, address)
        local, _, domain = address.rpartition("@")
        return local if domain in self.local else None

    def expanded(self, key: str, address: str) -> str | None:
        """The recipient that an entry of virtusertable leads an address to; ``None`` for ``error:`` and oddities."""
        value = self.virtual[key]
        if value[:6].lower() == "error:" or not value:
            return None
        if "%" in value:
            value = _filled(value, key, address.rpartition("@")[0])
        elif not _PLAIN.match(value):
            value = bare(value)
        value = value.lower().rstrip(".")
        return value if _is_one(value) else None


def _filled(value: str, key: str, local: str) -> str:
    """``value`` with its ``%`` filled in. Whatever is made of everybody (``*``) stands for everybody again."""
    user, plus, detail = local.partition("+")
    whole = key.partition("@")[0] == local and not key.partition("@")[0].endswith(("++", "+*"))
    texts = {"1": local if whole else user, "2": detail, "3": plus + detail, "%": "%"}
    filled = re.sub(r"%(.)", lambda found: texts.get(found[1], ""), value)
    name, at, domain = filled.rpartition("@") if "@" in filled else (filled, "", "")
    return ("*" if "*" in name.removesuffix("+*") else name) + at + domain


def _is_one(value: str) -> bool:
    return bool(value) and not any(mark in value for mark in ' ,|/:"<>\\') and value[0] != "@" and value[-1] != "@"


def start(key: str) -> str:
    """The recipient that stands for a key of virtusertable."""
    if key[:3] == "++@":
        return f"*+*{key[2:]}"
    if key[:3] == "+*@":
        return f"*+{key[2:]}"
    return f"*{key}" if key[:1] == "@" else key


def targets(value: str) -> list[str | None]:
    """The recipients in a list of aliases, in lower case; ``None`` for a program, file, list or route.

    ``\\user``, who is delivered to without another look, keeps the backslash.
    """
    if _PLAIN.match(value):
        return [name for part in value.lower().split(",") if (name := part.strip(" \t"))]
    return list(chain.from_iterable(_of_item(item.kind, item.name) for item in items(value)))


def _of_item(kind: Target, name: str) -> list[str | None]:
    if kind is not Target.ADDRESS:
        return [None]
    plain = _COMMENT.sub("", name).strip(" \t\r").lower()
    if plain[:1] == "@" or ":" in plain.rpartition("@")[0]:
        return [None]
    return [plain] if plain else []
