"""The right-hand sides of access, by tag (cf/README 2640; proto.m4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tables.sendmail.spec import Fix, Grade, Problem
from tables.sendmail.syntax.access_actions import KEYWORDS, bare, check_action, check_error, open_relay, relay, unknown
from tables.sendmail.syntax.common import carriage_return, error, note, shown, warning
from tables.sendmail.syntax.fixes import closest, remarked, trailing_comment, write_value

__all__ = ["KEYWORDS", "bare", "check_value"]

_TLS = re.compile(
    r"(?:PERM\+|TEMP\+)?(?:VERIFY(?::\d+)?|ENCR:\d+)(?:\+{1,2}(?:CN(?::[^+]*)?|CS:[^+]*|CI:[^+]*|CITag:[^+]*))*\Z",
    re.IGNORECASE,
)
_FEATURES = re.compile(r"[A-Za-z](?:\d*|=\S+)?(?:[ \t]+[A-Za-z](?:\d*|=\S+)?)*\Z")
_AUTH = re.compile(r'(?:"[UIPRM][:=][^"]*"[ \t]*)+\Z')
_AUTH_TOGETHER = re.compile(r'"[UIRM][:=][^"]*\s[UIPRM][:=]')  # a password may look like that
_AUTH_PART = re.compile(r'[UIPRM][:=][^"]+\Z')
#: An item of a client or an address (with a dot, an at sign or a colon in it), and an action behind it.
_ITEM_AND_VALUE = re.compile(r"(:?)([^\s:\"]*[\w\]][.@:][^\s\"]*|\[[^\s\]]+\]|localhost)[ \t]+(\S.*)\Z", re.IGNORECASE)
_SECRET = ("authinfo",)
_NUMBER = re.compile(r"\d+\Z")


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with a value under its key's tag."""
    tag, colon, item = key.partition(":")
    text = value.strip(" \t\r")
    if found := _blank_after_tag(key, text):
        return [found]
    check = _BY_TAG.get(tag) if colon else None
    if check is None:
        check = _citag if colon and item.startswith("/") else check_action
    if tag not in _SECRET and remarked(text):
        return _with_remark(check(key, text), trailing_comment("access", text))
    return check(key, text) + carriage_return(value)


def _with_remark(found: list[Problem], comment: Problem) -> list[Problem]:
    """What a remark behind the value is: an error where the value then means something else, or else a warning."""
    errors = [replace(problem, fix=comment.fix) for problem in found if problem.grade is Grade.ERROR]
    return errors or [comment]


def _blank_after_tag(key: str, text: str) -> Problem | None:
    """``Connect: 10.1 RELAY`` and ``Connect :10.1 RELAY``: the item has become the beginning of the value."""
    found = _ITEM_AND_VALUE.match(text)
    if not found or key.rstrip(":") not in _TAGS or key.endswith(":") == bool(found[1]):
        return None
    whole = f"{key.rstrip(':')}:{found[2].lower()}"
    return warning(
        "access.blank-after-tag",
        f"Between “{shown(key)}” and “{shown(found[2])}” is a blank, so the latter is read as part of the action.",
        f"Write {shown(whole)} as one word.",
        "value",
        Fix(f"Write {shown(whole)}", keys=(whole,), value=found[3]),
    )


def _spam(_key: str, text: str) -> list[Problem]:
    if text.lower() in ("friend", "hater"):
        return []
    meant = closest(text.lower(), ("friend", "hater")).upper()
    return [
        warning(
            "access.spam",
            f"“{shown(text)}” does nothing after Spam:.",
            "Write FRIEND or HATER.",
            "value",
            write_value(meant) if meant else None,
        )
    ]


def _number(_key: str, text: str) -> list[Problem]:
    if _NUMBER.match(text):
        return []
    return [
        error(
            "access.number",
            f"“{shown(text)}” is no number, so every client is refused.",
            "Write a whole number; 0 means no limit.",
            "value",
        )
    ]


def _milliseconds(_key: str, text: str) -> list[Problem]:
    if _NUMBER.match(text):
        return []
    return [
        error(
            "access.milliseconds",
            f"“{shown(text)}” is no number of milliseconds.",
            "Write a whole number such as 5000; 0 means no pause.",
            "value",
        )
    ]


def _tls(_key: str, text: str) -> list[Problem]:
    if _TLS.match(text) or text.lower() == "ok":
        return []
    return [
        error(
            "access.tls",
            f"“{shown(text)}” demands nothing: an unknown value lets every connection pass.",
            "Write VERIFY, VERIFY:bits or ENCR:bits, such as ENCR:112.",
            "value",
            _meant_demand(text),
        )
    ]


def _meant_demand(text: str) -> Fix | None:
    word, colon, rest = text.partition(":")
    head, plus, word = word.rpartition("+")
    value = f"{head}{plus}{closest(word.lower(), ('verify', 'encr')).upper()}{colon}{rest}"
    return write_value(value) if _TLS.match(value) else None


def _try_tls(_key: str, text: str) -> list[Problem]:
    return (
        []
        if text.lower() == "no"
        else [warning("access.try-tls", f"“{shown(text)}” does nothing after Try_TLS:.", "Write NO.", "value")]
    )


def _features(_key: str, text: str) -> list[Problem]:
    if _FEATURES.match(text) or "=" in text:
        return []
    return [
        warning(
            "access.features",
            f"“{shown(text)}” is no list of feature letters.",
            "Write single letters with blanks between, such as A V.",
            "value",
        )
    ]


def _auth(_key: str, text: str) -> list[Problem]:
    if _AUTH.match(text) and not _AUTH_TOGETHER.search(text):
        return []
    return [
        warning(
            "access.auth",
            "Each part of AuthInfo stands in quotes of its own; without them sendmail takes it apart.",
            'Write "U:user" "P:password" with quotes.',
            "value",
            _quoted_parts(text),
        )
    ]


def _quoted_parts(text: str) -> Fix | None:
    """The same parts, each in quotes. The label names none of them: one is a password."""
    parts = text.split()
    if not all(_AUTH_PART.match(part) for part in parts):
        return None
    return Fix("Put each part in quotes", value=" ".join(f'"{part}"' for part in parts))


def _certificate(key: str, text: str) -> list[Problem]:
    if text.lower() == "relay":
        return [relay("") if key.partition(":")[2].strip("*/ ") else open_relay("")]
    if text.lower() == "subject":
        return [
            note(
                "access.subject",
                "SUBJECT lets the subjects with CertSubject: entries relay.",
                "Approve it only for issuers of your own.",
                "value",
            )
        ]
    return [
        warning(
            "access.certificate", f"“{shown(text)}” does nothing for a certificate.", "Write RELAY or SUBJECT.", "value"
        )
    ]


def _citag(_key: str, text: str) -> list[Problem]:
    return [] if text.lower() in ("ok", "relay") else [unknown(text, text.lower())]


def _compat(_key: str, text: str) -> list[Problem]:
    head = text.lower()
    if head == "discard":
        return []
    if head.startswith(("temp:", "error:")):
        return check_error(text.partition(":")[2])
    return [
        warning(
            "access.compat-value",
            f"“{shown(text)}” does nothing after Compat:.",
            "Write DISCARD, TEMP:… or ERROR:….",
            "value",
        )
    ]


_BY_TAG: dict[str, Callable[[str, str], list[Problem]]] = {
    "spam": _spam,
    "clientrate": _number,
    "clientconn": _number,
    "greetpause": _milliseconds,
    "tls_srv": _tls,
    "tls_clt": _tls,
    "tls_rcpt": _tls,
    "try_tls": _try_tls,
    "srv_features": _features,
    "clt_features": _features,
    "tls_srv_features": _features,
    "tls_clt_features": _features,
    "authinfo": _auth,
    "certissuer": _certificate,
    "certsubject": _certificate,
    "compat": _compat,
}

_TAGS = frozenset(_BY_TAG) | {"connect", "from", "to"}
