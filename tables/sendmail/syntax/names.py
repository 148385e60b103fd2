"""relay-domains and local-host-names: one name a line (op.me, class R and w)."""

from __future__ import annotations

import re

from tables.sendmail.spec import Fix, Grade, Problem
from tables.sendmail.syntax.common import error, is_domain, is_label, is_number, shown, warning
from tables.sendmail.syntax.fixes import remove, write_key
from tables.sendmail.syntax.net import as_written, check_bracketed, check_client
from tables.sendmail.syntax.wide import is_wide, who

_LITERAL = re.compile(r"\[[0-9a-z:.]+\]\Z")


def check_relay_key(key: str) -> list[Problem]:
    """What is wrong with a name of class R: a domain, ``.domain``, a network of whole octets."""
    if _LITERAL.match(key):
        address = key[1].isdigit() or key.startswith("[ipv6:")
        return [_bracketed(key), *check_bracketed(key, "relay-domains")] if address else []
    if is_domain(key) and not key[:1].isdigit():
        return []
    found = _word("relay-domains", key)
    if found:
        return [found]
    problems = _client(key)
    wide = is_wide(key) and all(problem.grade is not Grade.ERROR for problem in problems)
    return [*problems, _open_relay(key)] if wide else problems


def _client(key: str) -> list[Problem]:
    if is_number(key) and key.count(".") < 4:
        return check_client(key.removesuffix("."), "relay-domains")
    if key.startswith(".") and (is_domain(key[1:]) or is_label(key[1:])):
        return []
    return check_client(key, "relay-domains")


def _bracketed(key: str) -> Problem:
    return warning(
        "relay-domains.bracketed-client",
        f"“{shown(key)}” stands for a client without a name, and for mail to the address itself.",
        f"Write {shown(as_written(key.strip('[]')))} without brackets for the client.",
        "key",
    )


def _open_relay(key: str) -> Problem:
    return warning(
        "relay-domains.open-relay",
        f"{who(key)} may send mail through this host.",
        "Write the networks of your own, and the domains that this host is to pass on mail for.",
        "key",
    )


def check_host_key(key: str) -> list[Problem]:
    """What is wrong with a name of class w: a host or domain whose mail stays here."""
    if is_domain(key) or _LITERAL.match(key):
        return []
    found = _word("local-host-names", key)
    if found:
        return [found]
    if key.endswith("."):
        return [_never("trailing-dot", f"“{shown(key)}” ends with a dot.", key.rstrip("."))]
    if is_number(key) or key.startswith("ipv6:"):
        return [_never("address", f"“{shown(key)}” is an address without brackets.", f"[{key}]")]
    if "*" in key or key.startswith("."):
        plain = key.lstrip("*.")
        return [_never("wildcard", f"“{shown(key)}” stands for no host: every name is written in full.", plain)]
    if is_label(key) or not key.isascii():
        return []
    return [
        error(
            "local-host-names.name",
            f"“{shown(key)}” is no name of a host.",
            "Write a domain such as example.com.",
            "key",
        )
    ]


def _word(table: str, key: str) -> Problem | None:
    """What is wrong with a word that belongs into another table or holds two names."""
    if "@" in key:
        return _never_in(
            table, "address", f"“{shown(key)}” is a mail address; here stands a domain.", key.rpartition("@")[2]
        )
    if "," in key or ";" in key:
        names = [name for name in re.split("[,;]", key) if name]
        return error(
            f"{table}.separator",
            f"“{shown(key)}” is one name for sendmail: commas do not separate.",
            "Write one name a line.",
            "key",
            write_key(*names) if names and all(is_domain(name) for name in names) else None,
        )
    tag = key.partition(":")[0]
    if tag in ("connect", "from", "to", "spam"):
        return _never_in(table, "tag", f"“{shown(tag)}:” is a tag of access.", key.partition(":")[2])
    if key in ("relay", "ok", "reject"):
        return warning(
            f"{table}.keyword",
            f"“{shown(key)}” is a value of access, read as a name here.",
            "Remove it.",
            "key",
            remove(),
        )
    return None


def _never(rule: str, message: str, remedy: str) -> Problem:
    return _never_in("local-host-names", rule, message, remedy)


def _never_in(table: str, rule: str, message: str, remedy: str) -> Problem:
    known = is_domain(remedy) or bool(_LITERAL.match(remedy))
    fix: Fix | None = write_key(remedy) if known else None
    return error(f"{table}.{rule}", f"{message} It never matches.", f"Write {shown(remedy)}.", "key", fix)


def no_value(_key: str, _value: str) -> list[Problem]:
    """A class has names only."""
    return []
