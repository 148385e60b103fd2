"""The keys of access: a tag and what it is for (cf/README 2560)."""

from __future__ import annotations

import re

from tables.sendmail.parts.base import Piece, Pieces, cut, other
from tables.sendmail.parts.clients import NAME, client_pieces
from tables.sendmail.parts.form import Answers, Field
from tables.sendmail.syntax.access import ADDRESS_TAGS, CERTIFICATE_TAGS, CLIENT_TAGS, RATE_TAGS, split
from tables.sendmail.text import fold

#: What a tag says of the item after it.
UNTAGGED, CITAG, COMPAT = "untagged", "citag", "compat"

_MAIL = re.compile(
    rf"(?P<user>[^\s@<>\"+]+)(?P<detail>\+[^\s@<>\"]*)?(?P<at>@)"
    rf"(?:(?P<open>\[)(?P<literal>[^\s\[\]]+)(?P<close>\])|(?P<domain>{NAME}))?"
)
_PAIR = re.compile(r"(?P<sender>[^\s<>]*)(?P<between><@>)(?P<recipient>[^\s<>]*)")
_DN = re.compile(r"(?P<dn>\S+)")


def key_pieces(key: str) -> Pieces:
    """``tag``, ``mark`` and the item by its kind; an item without a tag stands for client, sender and recipient."""
    tag, item = split_as_written(key)
    head = (Piece("tag", tag), Piece("mark", ":")) if tag else ()
    return (*head, *_item(fold(tag), item))


def split_as_written(key: str) -> tuple[str, str]:
    """(tag, item) as they are written, whatever the case of the tag."""
    tag, item = split(fold(key))
    return key[: len(tag)], key[len(key) - len(item) :]


def _item(tag: str, item: str) -> Pieces:
    if tag == "compat":
        return cut(item, _PAIR) or other(item)
    if tag in CERTIFICATE_TAGS or item.startswith("/"):
        return cut(item, _DN) or other(item)
    return cut(item, _MAIL) or client_pieces(item)


def answers(key: str) -> Answers | None:
    """Tag and item as a form shows them; ``None`` when the tag is one that the list of them lacks."""
    tag, item = split_as_written(key)
    tag = fold(tag)
    if tag == "compat":
        sender, pair, recipient = item.partition("<@>")
        return {"tag": tag, "sender": sender, "recipient": recipient} if pair or not item else None
    if tag in LABELS:
        return {"tag": tag, "item": item}
    if tag:
        return {"tag": CITAG, "citag": tag, "item": item}
    return {"tag": UNTAGGED if key else "connect", "item": item}


def compose(said: Answers) -> str:
    tag = said["tag"]
    if tag == COMPAT:
        sender, recipient = said["sender"].strip(), said["recipient"].strip()
        return f"compat:{sender}<@>{recipient}" if sender or recipient else "compat:"
    item = said["item"].strip()
    if tag == UNTAGGED or fold(split_as_written(item)[0]) in LABELS:
        return item  # somebody wrote the tag as well, where only what it is for is asked
    return f"{said['citag'].strip() if tag == CITAG else tag}:{item}"


#: The tags in the words of a list. What they are for is said beside the item.
LABELS = {
    "connect": "Connect: a client",
    "from": "From: a sender",
    "to": "To: a recipient",
    "spam": "Spam: a recipient, and which checks it gets",
    "clientrate": "ClientRate: connections a minute",
    "clientconn": "ClientConn: connections at once",
    "greetpause": "GreetPause: a wait before the greeting",
    "tls_srv": "TLS_Srv: demands on servers we send to",
    "tls_clt": "TLS_Clt: demands on clients",
    "tls_rcpt": "TLS_Rcpt: demands for a recipient",
    "try_tls": "Try_TLS: servers without TLS",
    "srv_features": "Srv_Features: what clients are offered",
    "clt_features": "Clt_Features: what is used with a server",
    "tls_srv_features": "TLS_Srv_features: TLS options as a server",
    "tls_clt_features": "TLS_Clt_features: TLS options as a client",
    "authinfo": "AuthInfo: log-in at a server",
    "certissuer": "CertIssuer: who signed a certificate",
    "certsubject": "CertSubject: whose certificate it is",
}
CHOICES = (
    *LABELS.items(),
    (CITAG, "CITag: the issuer of one CA"),
    (COMPAT, "Compat: a sender and a recipient"),
    (UNTAGGED, "No tag: client, sender and recipient at once"),
)

_CLIENT = "A host or domain and everything under it, an address, or a network of whole octets such as 192.0.2; "
_CLIENT += "IPv6 in full: IPv6:2001:db8."
_MAIL_HELP = "user@domain, user@ in any domain, or a domain and everything under it."
_RATE = "An address or a network of whole octets; empty for everybody else."
_DN_HELP = "The distinguished name, encoded: +20 for a blank."

_TAG = Field("tag", "Kind of rule", of="key", choices=CHOICES, decides=True)
_COMPAT_FIELDS = (
    Field("sender", "Sender", "The envelope's sender.", of="key", example="alice@example.com"),
    Field("recipient", "Recipient", "The envelope's recipient.", of="key", example="bob@example.net"),
)
_CITAG_FIELD = Field("citag", "Name of the CA", "The CITag, such as MyCA.", of="key", example="MyCA", short=True)


def fields(said: Answers) -> tuple[Field, ...]:
    """The fields of a key, as its tag wants them."""
    tag = said.get("tag", "")
    if tag == COMPAT:
        return (_TAG, *_COMPAT_FIELDS)
    return (_TAG, *((_CITAG_FIELD,) if tag == CITAG else ()), _item_field(tag))


def _item_field(tag: str) -> Field:
    if tag in ADDRESS_TAGS:
        return Field("item", "Address", _MAIL_HELP, of="key", example="spammer@example.net", optional=tag == "tls_rcpt")
    if tag in RATE_TAGS:
        return Field("item", "Client", _RATE, of="key", example="192.0.2", optional=True)
    if tag in CERTIFICATE_TAGS or tag == CITAG:
        return Field("item", "Name", _DN_HELP, of="key", example="/C=US/O=Example/CN=mail")
    if tag == UNTAGGED:
        return Field("item", "Who", f"{_CLIENT} Or an address.", of="key", example="192.0.2")
    label = "Server" if tag in _SERVER_TAGS else "Who"
    return Field("item", label, _CLIENT, of="key", example="192.0.2", optional=tag in CLIENT_TAGS - _NEVER_BARE)


#: Tags of a server that this host sends to.
_SERVER_TAGS = frozenset(("tls_srv", "try_tls", "clt_features", "tls_clt_features", "authinfo"))
#: Tags of a client that are never looked up without it.
_NEVER_BARE = frozenset(("connect", "greetpause", "tls_srv_features", "tls_clt_features"))
