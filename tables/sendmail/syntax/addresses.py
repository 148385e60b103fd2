"""One address as virtusertable, genericstable and aliases give it, and the texts of ``error:`` values."""

from __future__ import annotations

import re

from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import carriage_return, error, is_domain, note, shown, warning
from tables.sendmail.syntax.fixes import closest, remarked, trailing_comment, write_value

#: Words that parseaddr.c turns into an exit status after ``error:``.
KEYWORDS = ("usage", "nouser", "nohost", "unavailable", "software", "tempfail", "protocol", "config")

_FULL_NAME = re.compile(r'(?:"[^"]*"|[^<>"]*)\s*<([^<>]*)>\Z')
_DSN = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\Z")
_REPLY = re.compile(r'"?(\d{3})(?:[ -]|\Z)')
_STATUS_AND_TEXT = re.compile(r"([245]\.\d{1,3}\.\d{1,3})[ \t]+(.+)\Z")
_WORD_AND_TEXT = re.compile(r"([A-Za-z]+)[ \t:]+(.+)\Z")
#: What sendmail changes in a text outside quotes: brackets and quotes go, and blanks beside an operator character.
_MANGLED = re.compile(r"[()<>\"\\\t]|  |[.:%@!^/\[\]+,;] | [.:%@!^/\[\]+,;]")
_QUOTED = re.compile(r'"[^"]*"\Z')
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
    broken = any(mark in address for mark in " \t<>") or address.count('"') % 2
    if broken or ("@" in local and '"' not in local):
        return warning(
            f"{table}.address", f"“{shown(text)}” is not one address.", "Write one address without blanks.", "value"
        )
    return _domain(table, text, domain) if at else None


def _domain(table: str, text: str, domain: str) -> Problem | None:
    domain = re.sub(r"%\d", "x", domain).rstrip(".")
    if "%" in domain or is_domain(domain) or domain.lower() == "localhost" or _LITERAL.match(domain):
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
        return check_text(table, text, f"error:{head}{separator}") if text.strip() else [_no_text(table)]
    code, colon, text = rest.partition(":")
    if colon and _DSN.match(code):
        return check_reply(table, text, code) if text.strip() else [_no_text(table)]
    if separator == ":" and _REPLY.match(rest):
        return check_reply(table, rest, "")
    return [_error_form(table, rest, separator)]


def _error_form(table: str, rest: str, separator: str) -> Problem:
    return warning(
        f"{table}.error-form",
        f"“error:{shown(rest)}” has neither a status such as 5.1.1: nor a keyword such as nouser before its text.",
        f'Write error:5.1.1:"550 text", or error:nouser{separator}text.',
        "value",
        _error_fix(rest, separator),
    )


def _error_fix(rest: str, separator: str) -> Fix | None:
    """A status without its colon, a code without its status, a keyword with a slip or the other table's separator."""
    if found := _STATUS_AND_TEXT.match(rest):
        return write_value(f"error:{found[1]}:{_quoted(found[2])}")
    if found := _REPLY.match(rest):
        return write_value(f"error:{status_for(found[1])}:{_quoted(rest)}")
    found = _WORD_AND_TEXT.match(rest)
    word = closest(found[1].lower(), KEYWORDS) if found else ""
    return write_value(f"error:{word}{separator}{found[2].strip()}") if found and word else None


def status_for(code: str) -> str:
    """The status that says as much as a reply code alone: no such mailbox, or nothing in particular."""
    return "5.1.1" if code == "550" else f"{code[0]}.0.0"


def _quoted(text: str) -> str:
    return text if text.startswith('"') else f'"{text}"' if '"' not in text else text


def check_reply(table: str, text: str, status: str, before: str = "error:") -> list[Problem]:
    """What is wrong with ``550 text``, the reply that the client gets, given a status such as ``5.7.1``.

    ``before`` is the word that such a value starts with in this table.
    """
    text = text.strip(" \t\r")
    code = _REPLY.match(text)
    head = f"{before}{status}:" if status else before
    if text.count('"') % 2:
        return [
            warning(f"{table}.quotes", f"“{shown(text)}” has an unbalanced quote.", "Add the missing quote.", "value")
        ]
    if remarked(text):
        return [trailing_comment(table, head + text)]
    if text.strip('"').isdigit():
        return [_no_text(table)]
    if not code:
        return [
            warning(
                f"{table}.no-code",
                f"“{shown(text)}” has no reply code; the client gets 553.",
                'Put a code before the text, such as 550, and quote both: "550 text".',
                "value",
            )
        ]
    return _check_code(table, code[1], status) or check_text(table, text, head, coded=True)


def _check_code(table: str, code: str, status: str) -> list[Problem]:
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
    return []


def check_text(table: str, text: str, head: str, *, coded: bool = False) -> list[Problem]:
    """Whether a text reaches the client as it is written.

    ``head`` is what stands before it; ``coded`` says that a reply code leads it. sendmail takes a text without quotes
    apart like an address and puts it together again: ``a, b (c) d`` becomes ``a,b d`` (seen with 8.17).
    """
    text = text.strip(" \t\r")
    if _QUOTED.match(text):
        return []
    plain = '"' not in text and "\\" not in text
    fix = write_value(f'{head}"{text}"') if plain else None
    remedy = (
        f'Put it in quotes: {shown(head)}"{shown(text)}".' if plain else "Put the whole text in one pair of quotes."
    )
    if _MANGLED.search(text):
        message = f"“{shown(text)}” is changed on the way: outside quotes, brackets and some blanks are lost."
        return [warning(f"{table}.mangled-text", message, remedy, "value", fix)]
    message = f"“{shown(text)}” has no quotes, so sendmail takes it apart and puts it together again."
    return [note(f"{table}.unquoted", message, remedy, "value", fix)] if coded else []


def _no_text(table: str) -> Problem:
    return warning(f"{table}.no-text", "The error has no text.", "Write what the sender is to read.", "value")
