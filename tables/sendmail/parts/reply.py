"""The reply to a refused client: ``error:``, a status or keyword, a code and a text (cf/README; parseaddr.c 1990)."""

from __future__ import annotations

import re
from dataclasses import replace

from tables.sendmail.parts.base import Pieces, cut, first, groups, other
from tables.sendmail.parts.form import Field
from tables.sendmail.syntax.addresses import KEYWORDS

_DSN_FORM = r"[245]\.\d{1,3}\.\d{1,3}"
_DSN = re.compile(_DSN_FORM)
_HEAD = re.compile(rf"(?P<blank>[ \t]*)(?P<status>{_DSN_FORM})(?P<mark>:)(?P<blank_2>[ \t]*)")
_KEYWORD = "|".join(KEYWORDS)
_HEADS = {
    separator: re.compile(rf"(?P<blank>[ \t]*)(?P<status>{_KEYWORD})(?:(?P<{name}>{mark})|\Z)", re.IGNORECASE)
    for separator, name, mark in ((" ", "blank_1", "[ \t]+"), (":", "mark", ":"))
}
_QUOTED = re.compile(
    r'(?P<blank>[ \t]*)(?P<quote>")(?:(?P<code>\d{3})(?:(?P<blank_1>[ \t]+)(?!\s)|(?=")))?(?P<text>[^"]*)(?P<quote_1>")'
)
_UNQUOTED = re.compile(r'(?P<blank>[ \t]*)(?:(?P<code>\d{3})(?:(?P<blank_1>[ \t]+)|\Z))?(?P<text>[^"\s][^"]*)?')
#: Words that come through as they are without quotes. sendmail takes a text apart like an address: blanks beside a
#: mark such as a colon go, remarks in parentheses too (seen with 8.17).
_WORD = r"[A-Za-z0-9_'-]+(?:[.@:/][A-Za-z0-9_'-]+)*"
_PLAIN = re.compile(rf"{_WORD}(?: {_WORD})*")


def reply_pieces(text: str) -> Pieces:
    """``550 text``, in quotes or not."""
    return cut(text, _QUOTED, _UNQUOTED) or other(text)


def status_pieces(text: str) -> Pieces:
    """``5.7.1:`` where there is one, then a reply."""
    return _headed(text, _HEAD)


def error_pieces(text: str, separator: str) -> Pieces:
    """What follows ``error:``. A keyword ends with ``separator``, a blank or a colon; a status always with a colon."""
    return _headed(text, _HEAD, _HEADS[separator])


def _headed(text: str, *heads: re.Pattern[str]) -> Pieces:
    for head in heads:
        if found := head.match(text):
            return (*groups(found), *reply_pieces(text[found.end() :]))
    return reply_pieces(text)


def read(pieces: Pieces) -> dict[str, str]:
    """Status, code and text of a reply, as a form shows them."""
    wanted = ("status", "code", "text")
    return {name: first(pieces, name) for name in wanted}


def compose(code: str, text: str, *, quoted: bool) -> str:
    """``550 text``, in quotes where they are needed or wished; a text with quotes of its own cannot have them."""
    whole = " ".join(part for part in (code, text) if part)
    if not whole or '"' in whole or not (quoted or not _PLAIN.fullmatch(whole)):
        return whole
    return f'"{whole}"'


def compose_error(status: str, code: str, text: str, separator: str) -> str:
    """``error:5.1.1:550 text``, or ``error:nouser 550 text`` with the table's separator after a keyword."""
    reply = compose(code, text, quoted=False)
    if not status:
        return f"error:{reply}"
    mark = ":" if _DSN.fullmatch(status) else separator
    return f"error:{status}{mark}{reply}"


CODE = Field(
    "code",
    "Reply code",
    "4… asks to try later, 5… refuses for good.",
    suggestions=("550", "554", "450", "451"),
    example="550",
    short=True,
    rules=("reply-code", "no-code"),
)
TEXT = Field(
    "text", "Text", "What the sender reads.", example="No such user here", rules=("no-text", "quotes", "unquoted")
)


STATUS = Field(
    "status",
    "Status",
    "Three numbers; the first agrees with the code.",
    suggestions=("5.7.1", "5.1.1", "4.7.1"),
    example="5.7.1",
    optional=True,
    short=True,
    rules=("status", "error-form"),
)
STATUS_OR_KEYWORD = replace(
    STATUS,
    help="A keyword such as nouser, or three numbers.",
    suggestions=(*KEYWORDS, "5.1.1", "5.7.1"),
    example="nouser",
)
