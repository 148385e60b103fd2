"""genericstable: what senders' addresses are rewritten to (cf/README 954; proto.m4 1430)."""

from __future__ import annotations

import re

from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.addresses import check_address
from tables.sendmail.syntax.common import error, is_domain, shown, warning
from tables.sendmail.syntax.fixes import write_key

_LOCAL = re.compile(r"[^@\s\"<>()\[\],;:\\]+\Z")
_KEYWORDS = frozenset(("REJECT", "DISCARD", "OK", "RELAY"))
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9._+-]+(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})?\Z")


def check_key(key: str) -> list[Problem]:
    """What is wrong with a key: ``user@dom``, ``user+*@dom``, ``@dom``, ``user``, ``user+*``."""
    local, at, domain = key.rpartition("@")
    if not at:
        return _user(key)
    if domain.endswith("."):
        plain = key.rstrip(".")
        return [_never("trailing-dot", f"“{shown(key)}” ends with a dot.", plain, write_key(plain))]
    if not is_domain(domain) and domain.isascii():
        return [
            error(
                "genericstable.domain", f"“{shown(domain)}” is no domain.", "Write user@domain, @domain or user.", "key"
            )
        ]
    if local and not _LOCAL.match(local):
        return [_never("key-form", f"“{shown(key)}” has characters that a key cannot have.", "user@domain")]
    return _wildcard(local, "@" + domain)


def _user(key: str) -> list[Problem]:
    if key.startswith(".") and is_domain(key[1:]):
        return [_never("no-at", f"“{shown(key)}” is no user.", f"@{key[1:]}", write_key(f"@{key[1:]}"))]
    if is_domain(key) and key.rpartition(".")[2].isalpha() and len(key.rpartition(".")[2]) <= 3:
        return [
            _never(
                "no-at", f"“{shown(key)}” looks like a domain and is read as a user.", f"@{key}", write_key(f"@{key}")
            )
        ]
    if not _LOCAL.match(key) and key.isascii():
        return [
            _never(
                "key-form", f"“{shown(key)}” has characters that a key cannot have.", "a user's name, or user@domain"
            )
        ]
    return _wildcard(key, "")


def _wildcard(local: str, rest: str) -> list[Problem]:
    if "*" not in local or (local.endswith("+*") and local.count("*") == 1 and len(local) > 2):
        return []
    message = f"“{shown(local + rest)}” has a wildcard that sendmail does not know."
    return [_never("wildcard", message, rest or "user+*", write_key(rest) if local == "*" and rest else None)]


def _never(rule: str, message: str, remedy: str, fix: Fix | None = None) -> Problem:
    return error(f"genericstable.{rule}", f"{message} It never matches.", f"Write {shown(remedy)}.", "key", fix)


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with a value: one address."""
    if value in _KEYWORDS or value.lower().startswith("error:"):
        return [
            warning(
                "genericstable.keyword",
                f"“{shown(value)}” becomes the sender's address: nothing is refused here.",
                "Write an address, and refuse senders in access.",
                "value",
            )
        ]
    if _PLAIN_VALUE.match(value):
        return []
    return check_address("genericstable", value, macros="1" if "+*" in key or key.startswith("@") else "")
