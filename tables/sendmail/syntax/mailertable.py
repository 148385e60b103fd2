"""mailertable: the mailer and host to which a domain's mail goes (cf/README 833; proto.m4 1181)."""

from __future__ import annotations

import re

from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.addresses import check_error_text
from tables.sendmail.syntax.common import carriage_return, error, is_domain, is_number, note, shown, warning
from tables.sendmail.syntax.fixes import closest, trailing_comment, write_key, write_value

#: Mailers of MAILER(local) and MAILER(smtp), which every configuration has.
MAILERS = frozenset(("local", "prog", "smtp", "esmtp", "smtp8", "dsmtp", "relay", "error"))

_KEY = re.compile(r"\.?(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\Z")
_ONE_HOST = re.compile(r"\[[^\[\]\s]+\]\Z|[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\Z", re.IGNORECASE)
_HOST = re.compile(r"(?:\[[^\[\]\s/]+\]|[A-Za-z0-9_.%@-]+)(?::(?:\[[^\[\]\s]+\]|[A-Za-z0-9_.%-]+))*\Z")


def check_key(key: str) -> list[Problem]:
    """What is wrong with a key: ``dom``, ``.dom`` for everything under it, ``.`` for everything else."""
    if key == "." or is_domain(key) or (key[0] == "." and _KEY.match(key)):
        return []
    if "@" in key:
        domain = key.rpartition("@")[2]
        fix = write_key(domain) if key[0] == "@" and is_domain(domain) else None
        return [_never("address", f"“{shown(key)}” is a mail address; here stands a domain.", domain, fix)]
    if "*" in key:
        return [_wildcard(key)]
    if key.startswith("["):
        return [_never("literal", f"“{shown(key)}” is an address in brackets.", "the domain")]
    if key.endswith((".", ":")):
        name = key.rstrip(".:")
        fix = write_key(name) if name and check_key(name) == [] else None
        return [_never("trailing-dot", f"“{shown(key)}” ends with “{key[-1]}”.", name, fix)]
    if _KEY.match(key):
        return [
            warning(
                "mailertable.single-label",
                f"“{shown(key)}” has one label; mail has full domains.",
                "Write the full domain.",
                "key",
            )
        ]
    return [
        error(
            "mailertable.domain",
            f"“{shown(key)}” is no domain.",
            "Write example.com, .example.com or a dot alone.",
            "key",
        )
    ]


def _wildcard(key: str) -> Problem:
    """``*.dom`` is meant as ``.dom``, and a star alone as the dot alone."""
    plain = key.lstrip("*") or "."
    fix = write_key(plain) if "*" not in plain and check_key(plain) == [] and plain[0] == "." else None
    return _never("wildcard", f"“{shown(key)}” has a wildcard, which sendmail does not know.", plain, fix)


def _never(rule: str, message: str, remedy: str, fix: Fix | None = None) -> Problem:
    return error(f"mailertable.{rule}", f"{message} It never matches.", f"Write {shown(remedy)}.", "key", fix)


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with a value: ``mailer:host``, with ``error:`` and ``local:`` among the mailers."""
    text = value.strip(" \t\r")
    mailer, colon, host = text.partition(":")
    if mailer.lower() != "error" and (" #" in text or "\t#" in text):
        return [trailing_comment("mailertable", text)]
    if not colon:
        return [_no_mailer(text)]
    if mailer.lower() == "error":
        return check_error_text("mailertable", host, separator=":") + carriage_return(value)
    if mailer.lower() not in MAILERS:
        return [_unknown_mailer(mailer, host)]
    return _host(key, mailer.lower(), host) + carriage_return(value)


def _no_mailer(text: str) -> Problem:
    fix = None
    if text.lower() == "local":
        fix = write_value(f"{text}:")
    elif text.lower() not in MAILERS and _ONE_HOST.match(text):
        fix = write_value(f"esmtp:{text}" if text.startswith("[") else f"esmtp:[{text}]")
    return warning(
        "mailertable.no-mailer",
        f"“{shown(text)}” names no mailer, so it is ignored and DNS decides.",
        f"Write esmtp:[{shown(text.strip('[]'))}], or the mailer with a colon and a host.",
        "value",
        fix,
    )


def _unknown_mailer(mailer: str, host: str) -> Problem:
    meant = closest(mailer.lower(), MAILERS)
    return warning(
        "mailertable.unknown-mailer",
        f"“{shown(mailer)}” is no mailer of a plain configuration; without it mail bounces with 554.",
        "Use esmtp, smtp, relay, local or error, or make sure that sendmail.mc defines it.",
        "value",
        write_value(f"{meant}:{host}") if meant else None,
    )


def _host(key: str, mailer: str, host: str) -> list[Problem]:
    if mailer == "prog":
        return [_program()]
    if not host:
        return [] if mailer == "local" else [_no_host(mailer)]
    if mailer == "local":
        return []
    if "," in host or re.search(r"\S\s+\S", host):
        return [_separator(mailer, host)]
    if re.search(r":\d+(?::|\Z)", re.sub(r"\[[^\]]*\]", "", host)):
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
    return _bare_address(mailer, host) or _macro(key, host)


def _program() -> Problem:
    return warning(
        "mailertable.program",
        "Only aliases can deliver to a program; the mailer prog refuses what comes from here.",
        "Route to a host, or to local: and an alias that names the program.",
        "value",
    )


def _no_host(mailer: str) -> Problem:
    return warning("mailertable.no-host", f"“{mailer}:” has no host.", f"Write {mailer}:[host].", "value")


def _separator(mailer: str, host: str) -> Problem:
    hosts = ":".join(part for part in re.split(r"[,\s]+", host) if part)
    return warning(
        "mailertable.comma",
        f"“{shown(host)}” is one host for sendmail; hosts are separated by colons.",
        f"Write {mailer}:{shown(hosts)}.",
        "value",
        write_value(f"{mailer}:{hosts}") if _HOST.match(hosts) else None,
    )


def _bare_address(mailer: str, host: str) -> list[Problem]:
    if not any(is_number(part) and part.count(".") == 3 for part in host.split(":")):
        return []
    hosts = ":".join(f"[{part}]" if is_number(part) else part for part in host.split(":"))
    return [
        note(
            "mailertable.bare-address",
            f"“{shown(host)}” has an address without brackets, which is asked for in DNS like a name.",
            f"Write {mailer}:{shown(hosts)}.",
            "value",
            write_value(f"{mailer}:{hosts}"),
        )
    ]


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
