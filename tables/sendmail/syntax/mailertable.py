"""mailertable: the mailer and host to which a domain's mail goes (cf/README 833; proto.m4 1181)."""

from __future__ import annotations

import re

from tables.sendmail.spec import Problem
from tables.sendmail.syntax.addresses import check_error_text, trailing_comment
from tables.sendmail.syntax.common import carriage_return, error, is_domain, shown, warning

#: Mailers of MAILER(local) and MAILER(smtp), which every configuration has.
MAILERS = frozenset(("local", "prog", "smtp", "esmtp", "smtp8", "dsmtp", "relay", "error"))

_KEY = re.compile(r"\.?(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\Z")
_HOST = re.compile(r"(?:\[[^\[\]\s]+\]|[A-Za-z0-9_.%@-]+)(?::(?:\[[^\[\]\s]+\]|[A-Za-z0-9_.%-]+))*\Z")


def check_key(key: str) -> list[Problem]:
    """What is wrong with a key: ``dom``, ``.dom`` for everything under it, ``.`` for everything else."""
    if key == "." or is_domain(key) or (key[0] == "." and _KEY.match(key)):
        return []
    if "@" in key:
        return [_never("address", f"“{shown(key)}” is a mail address; here stands a domain.", key.rpartition("@")[2])]
    if "*" in key:
        return [
            _never("wildcard", f"“{shown(key)}” has a wildcard, which sendmail does not know.", key.lstrip("*") or ".")
        ]
    if key.startswith("["):
        return [_never("literal", f"“{shown(key)}” is an address in brackets.", "the domain")]
    if key.endswith((".", ":")):
        return [_never("trailing-dot", f"“{shown(key)}” ends with “{key[-1]}”.", key.rstrip(".:"))]
    if _KEY.match(key):
        return [
            warning(
                "mailertable.single-label",
                f"“{shown(key)}” has one label; mail has full domains.",
                "Write the full domain.",
                "key",
            )
        ]
    if not key.isascii():
        return []
    return [
        error(
            "mailertable.domain",
            f"“{shown(key)}” is no domain.",
            "Write example.com, .example.com or a dot alone.",
            "key",
        )
    ]


def _never(rule: str, message: str, remedy: str) -> Problem:
    return error(f"mailertable.{rule}", f"{message} It never matches.", f"Write {shown(remedy)}.", "key")


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with a value: ``mailer:host``, with ``error:`` and ``local:`` among the mailers."""
    text = value.strip(" \t\r")
    mailer, colon, host = text.partition(":")
    if not colon:
        return [
            warning(
                "mailertable.no-mailer",
                f"“{shown(text)}” names no mailer, so it is ignored and DNS decides.",
                f"Write esmtp:[{shown(text)}], or the mailer alone with a colon.",
                "value",
            )
        ]
    if mailer.lower() == "error":
        return check_error_text("mailertable", host, separator=":")
    if " #" in text or "\t#" in text:
        return [trailing_comment("mailertable", text)]
    if mailer.lower() not in MAILERS:
        return [_unknown_mailer(mailer)]
    return _host(key, mailer.lower(), host) + carriage_return(value)


def _unknown_mailer(mailer: str) -> Problem:
    return warning(
        "mailertable.unknown-mailer",
        f"“{shown(mailer)}” is no mailer of a plain configuration; without it mail bounces with 554.",
        "Use esmtp, smtp, relay, local or error, or make sure that sendmail.mc defines it.",
        "value",
    )


def _host(key: str, mailer: str, host: str) -> list[Problem]:
    if not host:
        return (
            []
            if mailer == "local"
            else [warning("mailertable.no-host", f"“{mailer}:” has no host.", f"Write {mailer}:[host].", "value")]
        )
    if mailer == "local":
        return []
    if "," in host:
        return [
            warning(
                "mailertable.comma",
                f"“{shown(host)}” has a comma; hosts are separated by colons.",
                f"Write {shown(host.replace(',', ':'))}.",
                "value",
            )
        ]
    if re.search(r":\d+\Z", host) and not host.endswith("]"):
        return [
            warning(
                "mailertable.port",
                f"“{shown(host)}” has a number that is read as a second host, not as a port.",
                "Define a mailer of its own for the port.",
                "value",
            )
        ]
    if not _HOST.match(host):
        return [
            warning(
                "mailertable.host",
                f"“{shown(host)}” is no host.",
                "Write a name, or an address in brackets such as [192.0.2.1].",
                "value",
            )
        ]
    return _macro(key, host)


def _macro(key: str, host: str) -> list[Problem]:
    if "%" not in host or (key.startswith(".") and not re.search(r"%(?![12%])", host)):
        return []
    return [
        warning(
            "mailertable.macro",
            f"“%” in “{shown(host)}” stands for nothing here.",
            "Use %1 under a key that starts with a dot.",
            "value",
        )
    ]
