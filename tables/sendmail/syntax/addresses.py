"""One address as virtusertable, genericstable and aliases give it, and the texts of ``error:`` values."""

from __future__ import annotations

import re

from tables.sendmail.spec import Problem
from tables.sendmail.syntax.common import carriage_return, error, is_domain, note, shown, warning

#: Words that parseaddr.c turns into an exit status after ``error:``.
KEYWORDS = ("usage", "nouser", "nohost", "unavailable", "software", "tempfail", "protocol", "config")

_FULL_NAME = re.compile(r'(?:"[^"]*"|[^<>"]*)\s*<([^<>]*)>\Z')
_DSN = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\Z")
_REPLY = re.compile(r'"?(\d{3})(?:[ -]|\Z)')
_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|ipv6:[0-9a-f:.]+)\]\Z", re.IGNORECASE)


def check_address(table: str, value: str, *, macros: str = "") -> list[Problem]:
    """What is wrong with a value that is one address. ``macros``: the digits that may stand after ``%``."""
    text = value.strip(" \t\r")
    found = _shape(table, text) or _macros(table, text, macros) or _parts(table, text)
    return ([found] if found else []) + carriage_return(value)


def _shape(table: str, text: str) -> Problem | None:
    if " #" in text or "\t#" in text or text.startswith("#"):
        return trailing_comment(table, text)
    if text[:1] in ("|", "/") or text[:2] in ('"|', '"/'):
        return warning(
            f"{table}.not-here",
            f"“{shown(text)}” is a program or file, which only aliases can deliver to.",
            "Give the name of an alias, and the program or file there.",
            "value",
        )
    if text.lower().lstrip('"').startswith(":include:"):
        return warning(
            f"{table}.not-here",
            "“:include:” works in aliases only.",
            "Give the name of an alias, and the list there.",
            "value",
        )
    if "," in text:
        return warning(
            f"{table}.several-addresses",
            f"“{shown(text)}” holds {text.count(',') + 1} addresses; only one is possible here.",
            "Give the name of an alias that has them all.",
            "value",
        )
    return None


def trailing_comment(table: str, text: str) -> Problem:
    return warning(
        f"{table}.trailing-comment",
        f"“{shown(text)}” has “#” in it: there are no comments at the end of a line, the whole text is the value.",
        "Move the remark into the comment.",
        "value",
    )


def _macros(table: str, text: str, macros: str) -> Problem | None:
    for found in re.finditer(r"%(.?)", text):
        if not found[1] or found[1] not in f"{macros}%":
            allowed = ", ".join(f"%{digit}" for digit in macros)
            return warning(
                f"{table}.macro",
                f"“{found[0]}” in “{shown(text)}” stands for nothing here.",
                f"Use {allowed}, or %% for a percent sign." if allowed else "Write the address in full.",
                "value",
            )
    return None


def _parts(table: str, text: str) -> Problem | None:
    full = _FULL_NAME.match(text)
    address = full[1] if full else text
    local, at, domain = address.rpartition("@")
    if at and not local:
        return warning(f"{table}.no-user", f"“{shown(text)}” has no user before the @.", "Write user@domain.", "value")
    if at and not domain:
        return warning(
            f"{table}.no-domain", f"“{shown(text)}” has no domain after the @.", "Write user@domain.", "value"
        )
    if any(blank in address for blank in " \t") or address.count('"') % 2 or any(mark in address for mark in "<>"):
        return warning(
            f"{table}.address", f"“{shown(text)}” is not one address.", "Write one address without blanks.", "value"
        )
    return _domain(table, text, domain) if at else None


def _domain(table: str, text: str, domain: str) -> Problem | None:
    domain = re.sub(r"%\d", "x", domain).rstrip(".")
    if "%" in domain or is_domain(domain) or _LITERAL.match(domain):
        return None
    return warning(
        f"{table}.address-domain",
        f"“{shown(domain)}” in “{shown(text)}” is not a full domain name.",
        "Write the domain in full, such as user@example.com.",
        "value",
    )


def check_error_text(table: str, rest: str, *, separator: str) -> list[Problem]:
    """What is wrong after ``error:``. ``separator`` stands after a keyword: a blank, in mailertable a colon."""
    rest = rest.strip(" \t\r")
    head, _, text = rest.partition(separator)
    if head.lower() in KEYWORDS:
        return [] if text.strip() else [_no_text(table)]
    code, colon, text = rest.partition(":")
    if colon and _DSN.match(code):
        return check_reply(table, text, code) if text.strip() else [_no_text(table)]
    if separator == ":" and rest.split(" ")[0].lower() not in KEYWORDS:
        return check_reply(table, rest, "")
    return [
        warning(
            f"{table}.error-form",
            f"“error:{shown(rest)}” has neither a status such as 5.1.1: nor a keyword such as nouser before its text.",
            f"Write error:5.1.1:550 text, or error:nouser{separator}text.",
            "value",
        )
    ]


def check_reply(table: str, text: str, status: str) -> list[Problem]:
    """What is wrong with ``550 text``, the reply that the client gets, given a status such as ``5.7.1``."""
    text = text.strip(" \t\r")
    code = _REPLY.match(text)
    if text.count('"') % 2:
        return [
            warning(f"{table}.quotes", f"“{shown(text)}” has an unbalanced quote.", "Add the missing quote.", "value")
        ]
    if not code:
        return [
            warning(
                f"{table}.no-code",
                f"“{shown(text)}” has no reply code; the client gets 553.",
                'Put a code before the text, such as 550, and quote both: "550 text".',
                "value",
            )
        ]
    return _check_code(table, text, code[1], status)


def _check_code(table: str, text: str, code: str, status: str) -> list[Problem]:
    if code[0] not in "45":
        return [
            error(
                f"{table}.reply-code",
                f"The reply code {code} is no refusal, and mail can be lost.",
                "Use a code that starts with 4 (try later) or 5 (never).",
                "value",
            )
        ]
    if status and status[0] != code[0]:
        return [
            warning(
                f"{table}.status",
                f"The status {status} and the reply code {code} do not agree.",
                f"Let both start with the same digit, such as {code[0]}{status[1:]}.",
                "value",
            )
        ]
    if not text.startswith('"') and re.search(r"[()<>,]|  ", text):
        return [
            note(
                f"{table}.unquoted",
                "Blanks, brackets and commas of a text without quotes are changed on the way.",
                f'Put the text in quotes: "{shown(text)}".',
                "value",
            )
        ]
    return []


def _no_text(table: str) -> Problem:
    return warning(f"{table}.no-text", "The error has no text.", "Write what the sender is to read.", "value")
