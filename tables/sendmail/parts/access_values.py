"""The values of access, by the tag of their key (cf/README 2640)."""

from __future__ import annotations

import re
from collections.abc import Callable

from tables.sendmail.parts.access_keys import split_as_written
from tables.sendmail.parts.base import Pieces, bare, cut, groups, other, scan, understood
from tables.sendmail.parts.reply import reply_pieces, status_pieces
from tables.sendmail.text import fold

_WORD = re.compile(r"(?P<keyword>OK|RELAY|REJECT|DISCARD|SKIP)", re.IGNORECASE)
_QUARANTINE = re.compile(r"(?P<keyword>QUARANTINE)(?P<mark>:)(?P<reason>.+)", re.IGNORECASE | re.DOTALL)
_ERROR = re.compile(r"(?P<keyword>ERROR)(?P<mark>:)", re.IGNORECASE)
_TEMP = re.compile(r"(?P<keyword>ERROR|TEMP)(?P<mark>:)", re.IGNORECASE)
_REPLY = re.compile(r'"?\d{3}(?:[ \t"]|\Z)')
_SPAM = re.compile(r"(?P<keyword>FRIEND|HATER)", re.IGNORECASE)
_NUMBER = re.compile(r"(?P<number>[0-9]+)")
_MILLISECONDS = re.compile(r"(?P<milliseconds>[0-9]+)")
_TRY_TLS = re.compile(r"(?P<keyword>NO)", re.IGNORECASE)
_CERTIFICATE = re.compile(r"(?P<keyword>RELAY|SUBJECT)", re.IGNORECASE)
_CITAG = re.compile(r"(?P<keyword>OK|RELAY)", re.IGNORECASE)
_DISCARD = re.compile(r"(?P<keyword>DISCARD)", re.IGNORECASE)

_TLS = re.compile(
    r"(?P<demand_2>OK)|(?:(?P<permanence>PERM|TEMP)(?P<mark_2>\+))?"
    r"(?:(?P<demand>VERIFY)(?:(?P<mark>:)(?P<bits>[0-9]+))?|(?P<demand_1>ENCR)(?P<mark_1>:)(?P<bits_1>[0-9]+))"
    r"(?:(?P<mark_3>\+{1,2})(?P<extensions>[^\s+]\S*))?",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(?P<extension>CITag|CN|CS|CI)(?:(?P<mark>:)(?P<name>(?:[^+]|\+(?!\+))+))?(?:(?P<mark_1>\+\+)|\Z)", re.IGNORECASE
)
_FEATURE = re.compile(
    r"(?<!\S)(?P<flag>[A-Za-z])(?:(?P<number>[0-9]+)|(?P<mark>=)(?P<setting>\S+))?(?:(?P<blank>[ \t]+)|\Z)"
)
_OPTION = re.compile(
    r"(?:(?<=;)|(?<![^ \t]))(?P<option>[A-Za-z]{2,})(?P<mark>=)(?P<setting>[^;\s]+)"
    r"(?:(?P<separator>;)(?P<blank>[ \t]*)|\Z)"
)
_AUTH = re.compile(
    r'(?P<quote>")'
    r'(?:(?P<letter>U)(?P<mark>[:=])(?P<user>[^"]*)|(?P<letter_1>I)(?P<mark_1>[:=])(?P<identity>[^"]*)'
    r'|(?P<letter_2>P)(?P<mark_2>[:=])(?P<password>[^"]*)|(?P<letter_3>R)(?P<mark_3>[:=])(?P<realm>[^"]*)'
    r'|(?P<letter_4>M)(?P<mark_4>[:=])(?P<mechanisms>[^"]*))'
    r'(?P<quote_1>")(?P<blank>[ \t]*)',
    re.IGNORECASE,
)


def value_pieces(key: str, value: str) -> Pieces:
    """The value as the tag of its key lets sendmail read it."""
    before, body, after = bare(value)
    return (*before, *_BY_KIND[kind(key)](body), *after)


def kind(key: str) -> str:
    """Which values belong to the tag of a key: for most of them an ``action``."""
    tag, item = split_as_written(key)
    return KINDS.get(fold(tag)) or ("citag" if tag and item.startswith("/") else "action")


def _action(text: str) -> Pieces:
    if _REPLY.match(text):
        return reply_pieces(text)
    return _replying(text, _ERROR) or cut(text, _WORD, _QUARANTINE) or other(text)


def _compat(text: str) -> Pieces:
    return _replying(text, _TEMP) or cut(text, _DISCARD) or other(text)


def _replying(text: str, word: re.Pattern[str]) -> Pieces:
    """A word with a colon and the reply after it; nothing when the text does not start so."""
    found = word.match(text)
    return (*groups(found), *status_pieces(text[found.end() :])) if found else ()


def _tls(text: str) -> Pieces:
    return tuple(
        inner
        for piece in cut(text, _TLS) or other(text)
        for inner in (scan(piece.text, _EXTENSION) if piece.name == "extensions" else (piece,))
    )


def _features(text: str) -> Pieces:
    """Letters with blanks between them; or options with semicolons, as TLS_Srv_features has them."""
    options = scan(text, _OPTION)
    return options if understood(options) else scan(text, _FEATURE)


def _auth(text: str) -> Pieces:
    return scan(text, _AUTH)


def _one_of(pattern: re.Pattern[str]) -> Callable[[str], Pieces]:
    return lambda text: cut(text, pattern) or other(text)


#: Tags whose values are no actions.
KINDS = {
    "spam": "spam",
    "clientrate": "number",
    "clientconn": "number",
    "greetpause": "milliseconds",
    "tls_srv": "tls",
    "tls_clt": "tls",
    "tls_rcpt": "tls",
    "try_tls": "try_tls",
    "srv_features": "features",
    "clt_features": "features",
    "tls_srv_features": "features",
    "tls_clt_features": "features",
    "authinfo": "auth",
    "certissuer": "certificate",
    "certsubject": "certificate",
    "compat": "compat",
}

_BY_KIND: dict[str, Callable[[str], Pieces]] = {
    "action": _action,
    "spam": _one_of(_SPAM),
    "number": _one_of(_NUMBER),
    "milliseconds": _one_of(_MILLISECONDS),
    "tls": _tls,
    "try_tls": _one_of(_TRY_TLS),
    "features": _features,
    "auth": _auth,
    "certificate": _one_of(_CERTIFICATE),
    "citag": _one_of(_CITAG),
    "compat": _compat,
}
