"""virtusertable: addresses of virtual domains to one address each (cf/README 997; proto.m4 1112)."""

from __future__ import annotations

import re

from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.addresses import check_address, check_error_text
from tables.sendmail.syntax.common import carriage_return, domain_after_at, error, is_domain, shown, warning
from tables.sendmail.syntax.fixes import write_key, write_value
from tables.sendmail.syntax.handing_on import lets_choose

_KEY = re.compile(r"(?:[^@\s\"<>()\[\],;:\\]+|\+\+|\+\*)?@([^@]+)\Z")
_KEYWORDS = frozenset(("REJECT", "DISCARD", "OK", "RELAY"))
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9._+-]+(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})?\Z")


def check_key(key: str) -> list[Problem]:
    """What is wrong with a key: ``user@dom``, ``user++@dom``, ``user+*@dom``, ``++@dom``, ``+*@dom``, ``@dom``."""
    found = _KEY.match(key)
    if found and is_domain(found[1]):
        return _wildcard(key)
    if "@" not in key:
        return [_no_domain(key)]
    domain = domain_after_at(key)
    if domain.endswith((".", ":")):
        plain = key.rstrip(".:")
        message = f"“{shown(key)}” ends with “{domain[-1]}” and never matches."
        return [_never("trailing-dot", message, plain, _meant(plain))]
    if key.startswith('"') or "<" in key:
        plain = re.sub(r'[<>"]', "", key)
        message = f"“{shown(key)}” has quotes or angle brackets and never matches."
        return [_never("key-form", message, plain, _meant(plain))]
    if not is_domain(domain):
        return [
            error("virtusertable.domain", f"“{shown(domain)}” is no domain.", "Write user@domain or @domain.", "key")
        ]
    return [
        error(
            "virtusertable.key-form",
            f"“{shown(key)}” is no address of a recipient.",
            "Write user@domain or @domain.",
            "key",
        )
    ]


def _no_domain(key: str) -> Problem:
    return error(
        "virtusertable.no-domain",
        f"“{shown(key)}” has no @: keys are user@domain or @domain.",
        f"Write @{shown(key.strip('.'))}." if "." in key else f"Write {shown(key)}@ and the domain, or use aliases.",
        "key",
        _meant(f"@{key.strip('*')}") if "." in key else None,
    )


def _meant(key: str) -> Fix | None:
    """The key that is meant, where it is one."""
    return write_key(key) if check_key(key) == [] else None


def _never(rule: str, message: str, remedy: str, fix: Fix | None = None) -> Problem:
    return error(f"virtusertable.{rule}", message, f"Write {shown(remedy)}.", "key", fix)


def _wildcard(key: str) -> list[Problem]:
    if "*" not in key or key.startswith("+*@") or key.partition("@")[0].endswith("+*"):
        return []
    plain = f"@{domain_after_at(key)}"
    fix = write_key(plain) if key == f"*{plain}" else None
    return [_never("wildcard", f"“{shown(key)}” has a wildcard that sendmail does not know.", plain, fix)]


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with a value: one address, or ``error:``."""
    if _PLAIN_VALUE.match(value) and value not in _KEYWORDS:
        return _loop(key, value)
    text = value.strip(" \t\r")
    if text.lower().startswith("error:"):
        return check_error_text("virtusertable", text[6:], separator=" ") + carriage_return(value)
    if text.lower().startswith('"error:'):
        return [
            warning(
                "virtusertable.quoted-error",
                "With quotes around it, error: is a local user's name.",
                "Remove the outer quotes.",
                "value",
                write_value(text[1:-1]) if text.count('"') == 2 and text.endswith('"') else None,
            )
        ]
    if text in _KEYWORDS:
        return [
            warning(
                "virtusertable.keyword",
                f"“{text}” is a user's name here.",
                "Write error:nouser 550 No such user.",
                "value",
            )
        ]
    if re.match(r"[a-z]+:", text) and "@" not in text:
        return [
            warning(
                "virtusertable.mailer",
                f"“{shown(text)}” looks like mailertable; here it is a user's name.",
                "Write an address.",
                "value",
            )
        ]
    return check_address("virtusertable", value, macros=_macros(key)) + _loop(key, text) + _choice(key, text)


def _choice(key: str, value: str) -> list[Problem]:
    if not lets_choose(key, value):
        return []
    example = f'"user@host"+x@{domain_after_at(key)}' if value == "%1" else f"an address at {domain_after_at(key)}"
    return [
        warning(
            "virtusertable.open-relay",
            f"“{shown(value)}” lets everybody send anywhere: whoever writes to {shown(example)} chooses the host.",
            "Write a host of your own behind it, such as %1@mail.example.com.",
            "value",
        )
    ]


def _macros(key: str) -> str:
    """The digits that have a meaning: %1 the user, %2 and %3 the detail, where the key can match one."""
    return "123" if "+" in key.partition("@")[0] else "13"


def _loop(key: str, value: str) -> list[Problem]:
    expanded = value.replace("%1", key.partition("@")[0]).lower()
    if expanded != key:
        return []
    return [
        warning(
            "virtusertable.loop",
            f"“{shown(value)}” leads back to this entry: sendmail gives up after 50 rounds.",
            "Give an address in another domain, or a local name without a domain.",
            "value",
        )
    ]
