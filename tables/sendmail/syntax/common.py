"""What holds for the text of every table, and the parts that several tables are checked with."""

from __future__ import annotations

import re
from functools import lru_cache

from tables.sendmail.networks import is_range
from tables.sendmail.spec import Fix, Grade, Problem
from tables.sendmail.text import length, visible

#: A look-up cuts the sought key at this many bytes (map.c), so a longer key is never found.
LONGEST_KEY = 256

#: A comment longer than this is a document.
LONGEST_COMMENT = 10_000

#: Control characters but TAB, line ends of any kind, the surrogates that no byte made, and NUL as text.py writes it.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff\uf700]")
_LINE_ENDS = re.compile("[\n\r\v\f\x85\u2028\u2029]")
_COMMENT_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff\uf700]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z", re.IGNORECASE
)


def error(rule: str, message: str, remedy: str, field: str = "", fix: Fix | None = None) -> Problem:
    return Problem(rule, Grade.ERROR, message, remedy, field, fix=fix)


def warning(rule: str, message: str, remedy: str, field: str = "", fix: Fix | None = None) -> Problem:
    return Problem(rule, Grade.WARNING, message, remedy, field, fix=fix)


def note(rule: str, message: str, remedy: str, field: str = "", fix: Fix | None = None) -> Problem:
    return Problem(rule, Grade.NOTE, message, remedy, field, fix=fix)


def shown(text: str) -> str:
    """``text`` as a message quotes it: visible and not too long."""
    text = visible(text)
    return text if len(text) <= 60 else text[:57] + "…"


def control_character(text: str, field: str) -> Problem | None:
    """The first control character (TAB is none) as an error."""
    found = _CONTROL.search(text)
    if not found:
        return None
    if _LINE_ENDS.match(found[0]):
        return error(
            "text.line-break",
            f"The {field} contains a line break ({visible(found[0])}) at character {found.start() + 1}.",
            "Remove it: an entry is one line.",
            field,
        )
    return error(
        "text.control-character",
        f"The {field} contains the control character {visible(found[0])} at character {found.start() + 1}.",
        "Remove it.",
        field,
    )


def check_key_text(key: str) -> list[Problem]:
    """What no table allows in a key. Empty for a key that may be looked at further."""
    if key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY and key[0] != "#":
        return []
    if not key:
        return [error("key.missing", "The key is empty.", "Write a key.", "key")]
    found = control_character(key, "key")
    if found:
        return [found]
    problems = []
    if length(key) > LONGEST_KEY:
        problems.append(
            error(
                "key.too-long",
                f"The key has {length(key)} bytes; sendmail looks up {LONGEST_KEY} at most, so it is never found.",
                "Shorten the key.",
                "key",
            )
        )
    if key.startswith("\ufeff"):
        problems.append(
            error(
                "key.bom",
                "The key starts with a byte order mark (BOM), so it never matches.",
                "Remove the mark: save the file as UTF-8 without BOM.",
                "key",
                Fix("Remove the mark", keys=(key[1:],)) if len(key) > 1 else None,
            )
        )
    elif key.startswith("#"):
        problems.append(error("key.comment", "The key starts with #: the line is a comment.", "Remove the #.", "key"))
    return problems


def check_value_text(value: str) -> list[Problem]:
    """What no table allows in a value. A CR at the end comes from a file with CRLF and is checked as what it is."""
    if value.isprintable() and value:
        return []
    if not value.strip():
        return [error("value.missing", "The value is empty.", "Write a value.", "value")]
    found = control_character(value.removesuffix("\r"), "value")
    return [found] if found else []


def carriage_return(value: str) -> list[Problem]:
    """The note on a value that a file with CRLF left a CR on."""
    if not value.endswith("\r"):
        return []
    return [
        note(
            "text.crlf",
            "The value ends with a carriage return, from a file with CRLF line ends; sendmail ignores it here.",
            "Nothing has to be done; edit the value to drop it.",
            "value",
        )
    ]


def check_comment(comment: str) -> list[Problem]:
    """A comment is any text of several lines, without control characters."""
    problems = []
    found = _COMMENT_CONTROL.search(comment)
    if found:
        problems.append(
            error(
                "comment.control-character",
                f"The comment contains the control character {visible(found[0])} at character {found.start() + 1}.",
                "Remove it.",
                "comment",
            )
        )
    if len(comment) > LONGEST_COMMENT:
        problems.append(
            error(
                "comment.too-long",
                f"The comment has {len(comment)} characters; {LONGEST_COMMENT} are allowed.",
                "Shorten it.",
                "comment",
            )
        )
    return problems


@lru_cache(maxsize=65_536)
def is_domain(text: str) -> bool:
    """Whether ``text`` is a domain name of at least two labels, without a trailing dot."""
    return bool(_DOMAIN.match(text)) and len(text) <= 253 and not is_number(text) and not is_range(text)


def is_label(text: str) -> bool:
    return bool(_LABEL.match(text))


def is_number(text: str) -> bool:
    """Whether ``text`` is made of digits and dots, as (part of) an IPv4 address is."""
    return bool(text) and not text.strip("0123456789.")


def domain_after_at(key: str) -> str:
    """The domain of ``user@domain``; empty without one."""
    return key.rpartition("@")[2] if "@" in key else ""
