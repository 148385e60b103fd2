"""Where a person, an address or a domain stands in keys and values, never inside another word, and what is left when it
is replaced or taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tables.sendmail.international import word_to_ascii
from tables.sendmail.spec import Pieces, TableSpec
from tables.sendmail.syntax.common import is_domain

#: What a user's name may have besides letters and digits, so that ``ann`` does not stand in ``mary-ann``.
_USER = re.compile(r"[^\s@,;:<>()\[\]\"\\|%!#\x00-\x1f]+\Z")
#: Before and after a user's name; a backslash or the colon of a tag may stand before it.
_NO_USER_BEFORE, _NO_USER_AFTER = r"(?<![\w.+%=/!@-])", r"(?![\w.=/!%-])"
#: A detail after a plus sign, which belongs to whoever stands before it.
_DETAIL = r"(\+[^\s@,<>\"]*)?"
#: A domain may have names under it before it, and no further label after it.
_UNDER, _NO_LABEL_AFTER = r"(?<![\w-])", r"(?![\w-]|\.[\w])"


class What(StrEnum):
    PERSON = "person"  # a local user, alone or before any domain
    ADDRESS = "address"  # user@domain
    DOMAIN = "domain"  # and everything under it


class NothingSoughtError(ValueError):
    """A text that is no person, address or domain; says what is wrong and what to do."""


@dataclass(frozen=True)
class Sought:
    what: What
    text: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What stands there: group ``detail`` is kept when it is replaced."""
        text = re.escape(self.text)
        if self.what is What.DOMAIN:
            found = f"{_UNDER}{text}{_NO_LABEL_AFTER}"
        elif self.what is What.ADDRESS:
            user, _at, domain = self.text.rpartition("@")
            found = f"{_NO_USER_BEFORE}{re.escape(user)}{_DETAIL}@{re.escape(domain)}{_NO_LABEL_AFTER}"
        else:
            found = f"{_NO_USER_BEFORE}{text}{_DETAIL}{_NO_USER_AFTER}"
        return re.compile(found, re.IGNORECASE)

    @property
    def needle(self) -> str:
        """What every text has in which it stands: of an address the domain, for a detail may stand before that."""
        return f"@{self.text.rpartition('@')[2]}" if self.what is What.ADDRESS else self.text

    def put(self, text: str, other: Sought) -> str:
        """``text`` with the other one in its place."""

        def instead(found: re.Match[str]) -> str:
            detail = (found[1] or "") if self.what is not What.DOMAIN else ""
            user, at, domain = other.text.rpartition("@")
            return f"{user}{detail}@{domain}" if at else f"{other.text}{detail}"

        return self.pattern.sub(instead, text)


def read(text: str, what: str = "") -> Sought:
    """What somebody looks for; of what kind it is shows by itself unless it is said. Raises
    :class:`NothingSoughtError`."""
    written = text.strip().lower()
    if not written:
        raise NothingSoughtError("Nothing to look for is given. Write a person, an address or a domain.")
    written = word_to_ascii(written)
    kind = What(what) if what in set(What) else _kind(written)
    user, at, domain = written.rpartition("@")
    if kind is What.DOMAIN and not is_domain(written):
        raise NothingSoughtError(f"“{text.strip()}” is no domain. Write one of two labels, such as example.com.")
    if kind is What.ADDRESS and not (at and _USER.match(user) and is_domain(domain)):
        raise NothingSoughtError(f"“{text.strip()}” is no address. Write user@domain.")
    if kind is What.PERSON and not _USER.match(written):
        raise NothingSoughtError(f"“{text.strip()}” is no user's name. Write it without blanks, @ and commas.")
    return Sought(kind, written)


def _kind(written: str) -> What:
    if "@" in written:
        return What.ADDRESS
    return What.DOMAIN if is_domain(written) else What.PERSON


# --- keys -------------------------------------------------------------------------------------------------------------


def in_key(spec: TableSpec, key: str, sought: Sought) -> bool:
    """Whether the key is of this person, address or domain. A user's name counts before an @, or where one stands alone
    in keys of this table; what only names a certificate counts for nothing."""
    head = len(spec.tag(key))
    if not ("@" in key or spec.users_alone or spec.host(key)):
        return False
    return any(_is_user(spec, key, found, sought) for found in sought.pattern.finditer(key, head))


def _is_user(spec: TableSpec, key: str, found: re.Match[str], sought: Sought) -> bool:
    if sought.what is not What.PERSON or key[found.end() : found.end() + 1] == "@":
        return True
    return spec.users_alone and "@" not in key[: found.start()]


def other_key(spec: TableSpec, key: str, sought: Sought, other: Sought) -> str:
    head = len(spec.tag(key))
    return key[:head] + sought.put(key[head:], other)


# --- values -----------------------------------------------------------------------------------------------------------


def in_value(spec: TableSpec, value: str, sought: Sought) -> bool:
    pieces = spec.pieces(value)
    return any(_names(spec, pieces, item, sought) for item in pieces.items)


def _names(spec: TableSpec, pieces: Pieces, item: str, sought: Sought) -> bool:
    """Whether a target is, or leads to, what is looked for. Programs, files and lists of addresses are none."""
    if not spec.addresses(item):
        return False
    found = sought.pattern.search(item)
    if not found or sought.what is not What.PERSON:
        return bool(found)
    return item[found.end() : found.end() + 1] == "@" or (pieces.users and "@" not in item)


def other_value(spec: TableSpec, value: str, sought: Sought, other: Sought) -> str:
    """The value with the other one in every place. One that stands in the list already is not written twice."""
    pieces = spec.pieces(value)
    return pieces.joined(_once(_others(spec, pieces, sought, other)))


def _others(spec: TableSpec, pieces: Pieces, sought: Sought, other: Sought) -> Iterable[tuple[str, bool]]:
    for item in pieces.items:
        named = _names(spec, pieces, item, sought)
        yield (sought.put(item, other) if named else item), named


def _once(items: Iterable[tuple[str, bool]]) -> list[str]:
    """Each item as it is, without those that were put and stand there otherwise as well."""
    every = list(items)
    seen = {item.strip().lower() for item, put in every if not put}
    kept = []
    for item, put in every:
        name = item.strip().lower()
        if not put or name not in seen:
            kept.append(item)
            seen.add(name)
    return _dressed(kept)


def without(spec: TableSpec, value: str, sought: Sought) -> str:
    """The value without the targets that are it or lead to it; empty when nothing is left."""
    pieces = spec.pieces(value)
    left = [item for item in pieces.items if not _names(spec, pieces, item, sought)]
    return pieces.joined(_dressed(left)) if any(item.strip() for item in left) else ""


def _dressed(items: list[str]) -> list[str]:
    """The first item of a list has no blank before it, whatever stood there before."""
    return [items[0].lstrip(), *items[1:]] if items else []
