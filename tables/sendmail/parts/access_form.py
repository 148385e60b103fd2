"""The form of an access rule: its tag decides what it is for and which values there are, its action what these need."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from tables.sendmail.parts import access_keys, reply
from tables.sendmail.parts.access_values import KINDS, kind, value_pieces
from tables.sendmail.parts.base import Pieces, first, understood
from tables.sendmail.parts.form import Answers, Field, Parts
from tables.sendmail.secret import MASK


@dataclass(frozen=True, slots=True)
class _Values:
    """One kind of value: what a form asks, how it is read, how it is written (with the value before at hand)."""

    fields: Callable[[Answers], tuple[Field, ...]]
    read: Callable[[Pieces], Answers | None]
    write: Callable[[Answers, str], str]


def _choices(*words: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("", "Choose …"), *((word, f"{word}: {meaning}") for word, meaning in words))


def _plain(name: str, field: Field) -> _Values:
    """A kind whose values are one piece."""
    return _Values(
        lambda _said: (field,),
        lambda pieces: {name: first(pieces, name)},
        lambda said, _before: said[name].strip(),
    )


def _word(*words: tuple[str, str]) -> _Values:
    """A kind whose values are one of some words."""
    field = Field("action", "Action", choices=_choices(*words))
    return _Values(
        lambda _said: (field,),
        lambda pieces: {"action": first(pieces, "keyword").upper()},
        lambda said, _before: said["action"],
    )


# --- actions ----------------------------------------------------------------------------------------------------------

_ACTION = Field(
    "action",
    "Action",
    choices=_choices(
        ("OK", "accept, whatever other checks say"),
        ("RELAY", "accept, and let it send through this host"),
        ("REJECT", "refuse"),
        ("DISCARD", "accept and throw away"),
        ("SKIP", "decide nothing here"),
        ("QUARANTINE", "keep in the queue until somebody looks"),
        ("ERROR", "refuse with words of your own"),
    ),
    decides=True,
)
_REASON = Field("quarantine", "Why it is kept", "Stands in the queue beside the mail.", example="Looks like a worm")
_REPLY = (reply.STATUS, reply.CODE, reply.TEXT)
_WITH_REPLY = ("ERROR", "TEMP")


def _action_fields(said: Answers) -> tuple[Field, ...]:
    return (_ACTION, *_further(said))


def _further(said: Answers) -> tuple[Field, ...]:
    if said.get("action") == "QUARANTINE":
        return (_REASON,)
    return _REPLY if said.get("action") in _WITH_REPLY else ()


def _read_action(pieces: Pieces) -> Answers:
    word = first(pieces, "keyword").upper()
    if word == "QUARANTINE":
        return {"action": word, "quarantine": first(pieces, "reason")}
    said = reply.read(pieces)
    # A code and a text alone are an ERROR too, in the way of old.
    return {"action": word or "ERROR", **said} if any(said.values()) else {"action": word}


def _write_action(said: Answers, _before: str) -> str:
    action = said["action"]
    if action == "QUARANTINE":
        return f"QUARANTINE:{said['quarantine'].strip()}"
    if action not in _WITH_REPLY:
        return action
    status, code, text = (said[name].strip() for name in ("status", "code", "text"))
    return f"{action}:{status}{':' if status else ''}{reply.compose(code, text, quoted=True)}"


_COMPAT_ACTION = Field(
    "action",
    "Action",
    choices=_choices(
        ("DISCARD", "accept and throw away"),
        ("TEMP", "refuse for now, with words of your own"),
        ("ERROR", "refuse for good, with words of your own"),
    ),
    decides=True,
)

# --- demands on TLS ---------------------------------------------------------------------------------------------------

_DEMAND = Field(
    "demand",
    "Demand",
    choices=_choices(
        ("VERIFY", "TLS with a certificate that holds"),
        ("ENCR", "TLS with so many bits"),
        ("OK", "nothing"),
    ),
    decides=True,
)
_BITS = Field("bits", "Bits", "Of encryption, at least.", example="112", short=True)
_PERMANENCE = Field(
    "permanence",
    "If it is not met",
    choices=(("", "As the configuration says"), ("TEMP", "Try again later"), ("PERM", "Refuse for good")),
)
_EXTENSIONS = Field(
    "extensions",
    "Certificate",
    "Demands on its names: CN:, CS:, CI: or CITag:, with ++ between them.",
    example="CN:mail.example.com",
    optional=True,
)
_TLS_NAMES = ("permanence", "demand", "bits")
_OPTIONAL_BITS = Field("bits", "Bits", "Of encryption, at least.", example="112", short=True, optional=True)


def _tls_fields(said: Answers) -> tuple[Field, ...]:
    if said.get("demand") in ("", None, "OK"):
        return (_DEMAND,)
    return (_DEMAND, _OPTIONAL_BITS if said["demand"] == "VERIFY" else _BITS, _PERMANENCE, _EXTENSIONS)


def _read_tls(pieces: Pieces) -> Answers:
    names = [index for index, piece in enumerate(pieces) if piece.name == "extension"]
    rest = "".join(piece.text for piece in pieces[names[0] :] if piece.name != "blank") if names else ""
    said = {name: first(pieces, name) for name in _TLS_NAMES}
    return {"permanence": said["permanence"].upper(), "demand": said["demand"].upper(), "bits": said["bits"]} | (
        {"extensions": rest} if rest else {}
    )


def _write_tls(said: Answers, _before: str) -> str:
    demand, bits = said["demand"], said.get("bits", "").strip()
    if demand in ("", "OK"):
        return demand
    extensions = said["extensions"].strip().lstrip("+")
    return "".join(
        (
            f"{said['permanence']}+" if said["permanence"] else "",
            f"{demand}:{bits}" if bits else demand,
            f"+{extensions}" if extensions else "",
        )
    )


# --- logging in at a server -------------------------------------------------------------------------------------------

_AUTH = (
    ("U", Field("user", "User", "Who logs in.", example="relay", optional=True)),
    ("I", Field("identity", "Identity", "In whose name, where that is another.", optional=True)),
    ("P", Field("password", "Password", "The dots stand for the password that is kept.", secret=True)),
    ("R", Field("realm", "Realm", "Of the server, when it wants one.", optional=True)),
    ("M", Field("mechanisms", "Mechanisms", "With blanks between them.", example="DIGEST-MD5 PLAIN", optional=True)),
)
_AUTH_FIELDS = tuple(field for _letter, field in _AUTH)
_READABLE = re.compile(r"[\x20-\x21\x23-\x7e]*")


def _read_auth(pieces: Pieces) -> Answers | None:
    """Each part, out of base64 where it is written so; ``None`` when one stands twice or cannot be read."""
    said: dict[str, str] = {}
    mark = ""
    for piece in pieces:
        if piece.name == "mark":
            mark = piece.text
        if not any(piece.name == field.name for field in _AUTH_FIELDS):
            continue
        text = _decoded(piece.text) if mark == "=" and piece.text != MASK else piece.text
        if text is None or piece.name in said:
            return None
        said[piece.name] = text
    return {field.name: said.get(field.name, "") for field in _AUTH_FIELDS}


def _decoded(text: str) -> str | None:
    try:
        plain = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return plain if _READABLE.fullmatch(plain) else None


def _write_auth(said: Answers, before: str) -> str:
    return " ".join(_auth_part(letter, said[field.name], before) for letter, field in _AUTH if said[field.name])


def _auth_part(letter: str, text: str, before: str) -> str:
    """One part in quotes; in base64 what quotes cannot hold. A password that is kept is kept in its writing."""
    if text == MASK:
        return f'"{letter}{"=" if _is_encoded(before) else ":"}{MASK}"'
    if _READABLE.fullmatch(text):
        return f'"{letter}:{text}"'
    return f'"{letter}={base64.b64encode(text.encode()).decode()}"'


def _is_encoded(before: str) -> bool:
    """Whether the password in this value is written in base64."""
    return bool(re.search(r'"P=', before, re.IGNORECASE))


# --- all kinds --------------------------------------------------------------------------------------------------------

_FLAGS = "Letters with blanks between them, as op.me lists them under srv_features and clt_features."
_VALUES = {
    "action": _Values(_action_fields, _read_action, _write_action),
    "compat": _Values(lambda said: (_COMPAT_ACTION, *_further(said)), _read_action, _write_action),
    "spam": _word(("FRIEND", "spared the checks"), ("HATER", "alone gets the checks")),
    "number": _plain("number", Field("number", "Connections", "A whole number; 0 for no limit.", example="10")),
    "milliseconds": _plain(
        "milliseconds", Field("milliseconds", "Milliseconds", "A whole number; 0 for no wait.", example="5000")
    ),
    "tls": _Values(_tls_fields, _read_tls, _write_tls),
    "try_tls": _word(("NO", "send without TLS")),
    "features": _Values(
        lambda _said: (Field("features", "Features", _FLAGS, example="A V"),),
        lambda pieces: {"features": "".join(piece.text for piece in pieces).strip()},
        lambda said, _before: said["features"].strip(),
    ),
    "auth": _Values(lambda _said: _AUTH_FIELDS, _read_auth, _write_auth),
    "certificate": _word(("RELAY", "let it send through this host"), ("SUBJECT", "ask CertSubject: whose it is")),
    "citag": _word(("OK", "accept"), ("RELAY", "let it send through this host")),
}


def _of_tag(tag: str) -> _Values:
    return _VALUES["citag" if tag == access_keys.CITAG else KINDS.get(tag, "action")]


def _fields(said: Answers) -> tuple[Field, ...]:
    return (*access_keys.fields(said), *_of_tag(said.get("tag", "")).fields(said))


def _answers(key: str, value: str) -> Answers | None:
    of_key = access_keys.answers(key)
    pieces = value_pieces(key, value)
    if of_key is None or not understood(pieces):
        return None
    of_value = _VALUES[kind(key)].read(pieces)
    return None if of_value is None else {**of_key, **of_value}


def _compose(said: Answers, before: str) -> tuple[str, str]:
    return access_keys.compose(said), _of_tag(said["tag"]).write(said, before)


PARTS = Parts(access_keys.key_pieces, value_pieces, _fields, _answers, _compose)
