"""The right-hand sides of access, by tag (cf/README 2640; proto.m4)."""

from __future__ import annotations

import re
from collections.abc import Callable

from tables.sendmail.spec import Problem
from tables.sendmail.syntax.addresses import check_reply, trailing_comment
from tables.sendmail.syntax.common import carriage_return, error, note, shown, warning
from tables.sendmail.syntax.scanning import without_comments

KEYWORDS = frozenset(("ok", "relay", "reject", "discard", "skip"))

_ARGUMENT = re.compile(r"%[1-9]")
_NOT_ASCII = re.compile(r"[^\t\x20-\x7e]")
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3}):")
_TLS = re.compile(
    r"(?:PERM\+|TEMP\+)?(?:VERIFY(?::\d+)?|ENCR:\d+)(?:\+{1,2}(?:CN(?::[^+]*)?|CS:[^+]*|CI:[^+]*|CITag:[^+]*))*\Z",
    re.IGNORECASE,
)
_FEATURES = re.compile(r"[A-Za-z](?:\d*|=\S+)?(?:[ \t]+[A-Za-z](?:\d*|=\S+)?)*\Z")
_AUTH = re.compile(r'(?:"[UIPRM][:=][^"]*"[ \t]*)+\Z')
_NUMBER = re.compile(r"\d+\Z")


def bare(value: str) -> str:
    """``value`` as sendmail compares it, in lower case.

    It takes a value apart like an address before it looks: comments in parentheses, closing brackets too many and a
    backslash at the end vanish, and ``%1`` stands for nothing, so that ``RELAY (office)``, ``RE>LAY`` and ``%1RELAY``
    relay (seen with 8.17). What is not ASCII is dropped too, for a byte that means something in rewriting rules must
    not hide a word.
    """
    text = value if value.isascii() else _NOT_ASCII.sub("", value)
    return without_comments(_ARGUMENT.sub("", text)).replace(">", "").strip(" \t\r\v\f").lower()


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with a value under its key's tag."""
    tag, colon, item = key.partition(":")
    text = value.strip(" \t\r")
    check = _BY_TAG.get(tag) if colon else None
    if check is None:
        check = _citag if colon and item.startswith("/") else _action
    return check(key, text) + carriage_return(value)


def _action(key: str, text: str) -> list[Problem]:
    word = text.lower()
    if word in KEYWORDS:
        return _keyword(key, word)
    if bare(text) in KEYWORDS:
        return [_disguised(text), *_keyword(key, bare(text))]
    if "#" in text and re.match(r"\w+\s+#", text):
        return [trailing_comment("access", text)]
    if word.startswith("quarantine"):
        return [] if len(word) > len("quarantine:") and word[10] == ":" else [_no_reason()]
    if word.startswith('"error:'):
        return [_quoted_error()]
    if word == "error" or word.startswith("error:"):
        return _error(text[6:])
    if re.match(r'"?\d{3}\b', text):
        return check_reply("access", text, "")
    return [_unknown(text, word)]


def _keyword(key: str, word: str) -> list[Problem]:
    if word == "skip":
        return [
            warning(
                "access.skip",
                "SKIP works only with the argument skip of FEATURE(access_db); otherwise clients get 553 SKIP.",
                "Check sendmail.mc, or write OK.",
                "value",
            )
        ]
    if word == "relay":
        return [_relay(key.partition(":")[0])]
    if word == "ok" and not key.startswith(("from:", "to:")):
        return [
            warning(
                "access.ok",
                "OK skips the checks of a client and does not allow relaying.",
                "Write RELAY if it is to send through this host.",
                "value",
            )
        ]
    return []


def _relay(tag: str) -> Problem:
    if tag == "from":
        return warning(
            "access.relay-by-sender",
            "RELAY after From: lets nobody relay, except with FEATURE(relay_mail_from), and then everybody who lies.",
            "Write Connect: and the client, or let the sender log in.",
            "value",
        )
    if tag == "to":
        return note(
            "access.relay",
            "RELAY lets everybody send mail to it through this host.",
            "Approve it only for domains that this host is to pass on mail for.",
            "value",
        )
    return note(
        "access.relay",
        "RELAY lets it send mail to anywhere through this host.",
        "Approve it only for clients of your own.",
        "value",
    )


def _disguised(text: str) -> Problem:
    word = bare(text).upper()
    return warning(
        "access.disguised-keyword",
        f"“{shown(text)}” counts as {word}: sendmail drops text in parentheses, brackets and backslashes.",
        f"Write {word} alone and move the remark into the comment.",
        "value",
    )


def _no_reason() -> Problem:
    return warning(
        "access.quarantine",
        "QUARANTINE without a reason is sent to the client as an error.",
        "Write QUARANTINE:reason.",
        "value",
    )


def _quoted_error() -> Problem:
    return warning(
        "access.quoted-error",
        "With quotes around it, the client gets the word ERROR itself with the code 553.",
        'Put the quotes after the status: ERROR:5.7.1:"550 text".',
        "value",
    )


def _error(rest: str) -> list[Problem]:
    text = rest.strip()
    status = _STATUS.match(text)
    if not text or (status and not text[status.end() :].strip()):
        return [
            warning(
                "access.no-text",
                "ERROR has no text; the client gets 553 ERROR.",
                'Write ERROR:5.7.1:"550 text".',
                "value",
            )
        ]
    return check_reply("access", text[status.end() :] if status else text, status[1] if status else "")


def _unknown(text: str, word: str) -> Problem:
    if word in ("friend", "hater"):
        return warning(
            "access.spam-only",
            f"{text} works only after Spam:.",
            "Write Spam: before the key, or another value.",
            "value",
        )
    return warning(
        "access.unknown-value",
        f"“{shown(text)}” is no keyword: the client is refused with 553 {shown(text)}.",
        'Write OK, RELAY, REJECT, DISCARD, QUARANTINE:reason or ERROR:5.7.1:"550 text".',
        "value",
    )


def _spam(_key: str, text: str) -> list[Problem]:
    if text.lower() in ("friend", "hater"):
        return []
    return [warning("access.spam", f"“{shown(text)}” does nothing after Spam:.", "Write FRIEND or HATER.", "value")]


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
        )
    ]


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
    if _AUTH.match(text):
        return []
    return [
        warning(
            "access.auth",
            "Each part of AuthInfo stands in quotes of its own; without them sendmail takes it apart.",
            'Write "U:user" "P:password" with quotes.',
            "value",
        )
    ]


def _certificate(_key: str, text: str) -> list[Problem]:
    if text.lower() == "relay":
        return [_relay("")]
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
    return [] if text.lower() in ("ok", "relay") else [_unknown(text, text.lower())]


def _compat(_key: str, text: str) -> list[Problem]:
    head = text.lower()
    if head == "discard":
        return []
    if head.startswith(("temp:", "error:")):
        return _error(text.partition(":")[2])
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
