"""What access entries do with mail: OK, RELAY, REJECT, DISCARD, SKIP, QUARANTINE, ERROR (cf/README 2640; proto.m4)."""

from __future__ import annotations

import re

from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.addresses import check_reply
from tables.sendmail.syntax.common import note, shown, warning
from tables.sendmail.syntax.fixes import closest, write_value
from tables.sendmail.syntax.scanning import without_comments
from tables.sendmail.syntax.wide import is_wide, who

KEYWORDS = frozenset(("ok", "relay", "reject", "discard", "skip"))
_ARGUMENT = re.compile(r"%[1-9]")
_NOT_ASCII = re.compile(r"[^\t\x20-\x7e]")
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3}):")
_QUOTED_ERROR = re.compile(r'"ERROR:([245]\.\d{1,3}\.\d{1,3}:)?[ \t]*(\d{3}[^"]*)"\Z', re.IGNORECASE)
_STATUS_AND_REPLY = re.compile(r'([245]\.\d{1,3}\.\d{1,3})[ \t]+("?\d{3}[ \t-].*)\Z')
_WORD_AND_REMARK = re.compile(r"[\"':,;. \t]*([A-Za-z]+)[\"',;.!]*(?:[ \t]+[\"'(/;!-]*([^\"]*?)[)\"']*)?\Z")
QUOTE = '"'
#: Keywords that a slip may be taken for; OK is too short for that.
_CLEAR = ("relay", "reject", "discard")


def bare(value: str) -> str:
    """``value`` as sendmail compares it, in lower case.

    It takes a value apart like an address before it looks: comments in parentheses, closing brackets too many and a
    backslash at the end vanish, and ``%1`` stands for nothing, so that ``RELAY (office)``, ``RE>LAY`` and ``%1RELAY``
    relay (seen with 8.17). What is not ASCII is dropped too, for a byte that means something in rewriting rules must
    not hide a word.
    """
    text = value if value.isascii() else _NOT_ASCII.sub("", value)
    return without_comments(_ARGUMENT.sub("", text)).replace(">", "").strip(" \t\r\v\f").lower()


def check_action(key: str, text: str) -> list[Problem]:
    word = text.lower()
    if word in KEYWORDS:
        return _keyword(key, word)
    if bare(text) in KEYWORDS:
        return [_disguised(text), *_keyword(key, bare(text))]
    if word.startswith("quarantine"):
        return _quarantine(text)
    if word.startswith('"error:'):
        return [_quoted_error(text)]
    if word == "error" or word.startswith("error:"):
        return check_error(text[6:])
    if re.match(r'"?[1-9]\d\d\b', text):
        return check_reply("access", text, "", "ERROR:")
    return [unknown(text, word)]


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
        return [_relay(key)]
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


def _relay(key: str) -> Problem:
    tag, colon, item = key.partition(":")
    if not colon or tag not in ("connect", "to", "from"):
        tag, item = "", key
    if _is_address(key):
        return _relay_to_address()
    return open_relay(item) if tag != "from" and is_wide(item) else relay(tag)


def open_relay(item: str) -> Problem:
    return warning(
        "access.open-relay",
        f"{who(item)} may send mail through this host with this RELAY.",
        "Write the networks of your own, and the domains that this host is to pass on mail for.",
        "value",
    )


def _is_address(key: str) -> bool:
    """Whether a key is one address or user, which the check of relaying looks up with an option only."""
    return "@" in key and not key.startswith(("from:", "certissuer:", "certsubject:"))


def _relay_to_address() -> Problem:
    return warning(
        "access.relay-to-address",
        "RELAY for one address has no effect, except with the argument relaytofulladdress of FEATURE(access_db).",
        "Write To: and the domain.",
        "value",
    )


def relay(tag: str) -> Problem:
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
        write_value(word, _inside(text)),
    )


def _inside(text: str) -> str:
    """What the parentheses of a value hold: the remark."""
    found = re.search(r"\(([^()]+)\)", text)
    return found[1].strip() if found else ""


def _quarantine(text: str) -> list[Problem]:
    if text[10:11] == ":" and text[11:].strip():
        return []
    reason = text[10:].strip(" \t:,;-") if text[10:11] in " \t:,;-" else ""
    return [
        warning(
            "access.quarantine",
            "QUARANTINE without a colon and a reason is sent to the client as an error.",
            "Write QUARANTINE:reason.",
            "value",
            write_value(f"QUARANTINE:{reason}") if reason else None,
        )
    ]


def _quoted_error(text: str) -> Problem:
    found = _QUOTED_ERROR.match(text)
    return warning(
        "access.quoted-error",
        "With quotes around it, the client gets the word ERROR itself with the code 553.",
        'Put the quotes after the status: ERROR:5.7.1:"550 text".',
        "value",
        write_value(f'ERROR:{found[1] or ""}"{found[2]}"') if found else None,
    )


def check_error(rest: str) -> list[Problem]:
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
    if found := _STATUS_AND_REPLY.match(text):
        return [_no_colon(found[1], found[2])]
    return check_reply("access", text[status.end() :] if status else text, status[1] if status else "", "ERROR:")


def _no_colon(status: str, reply: str) -> Problem:
    value = f"ERROR:{status}:{reply if reply.startswith(QUOTE) else f'{QUOTE}{reply}{QUOTE}'}"
    return warning(
        "access.status-colon",
        f"The status {status} has no colon behind it, so it is sent as part of the text, with the code 553.",
        f"Write {shown(value)}.",
        "value",
        write_value(value) if value.count(QUOTE) == 2 else None,
    )


def unknown(text: str, word: str) -> Problem:
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
        _meant_action(text),
    )


def _meant_action(text: str) -> Fix | None:
    """A keyword with a slip, with marks around it or with a remark behind it."""
    if found := _STATUS_AND_REPLY.match(text.removeprefix("ERROR").lstrip()):
        return _no_colon(found[1], found[2]).fix
    found = _WORD_AND_REMARK.match(text)
    if not found:
        return None
    word, remark = found[1].upper(), (found[2] or "").strip()
    meant = word if word.lower() in KEYWORDS else closest(word.lower(), _CLEAR).upper()
    return write_value(meant, remark) if meant else None
