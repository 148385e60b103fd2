"""mailertable: a domain, and the mailer and hosts that its mail takes (cf/README 833)."""

from __future__ import annotations

import re

from tables.sendmail.parts import reply
from tables.sendmail.parts.addresses import with_macros
from tables.sendmail.parts.base import Piece, Pieces, bare, cut, groups, other, scan, understood
from tables.sendmail.parts.form import Answers, Field, Parts, lines

_KEY = re.compile(r"(?P<dot>\.)?(?P<domain>[^\s@*\[\]:.][^\s@*\[\]:]*)?")
_MAILER = re.compile(r"(?P<mailer>[A-Za-z0-9_-]+)(?P<mark>:)")
_USER = re.compile(r"(?P<user>[^\s@\[\]:,]+)(?P<at>@)")
_NAME = r"[^\s\[\]:,#@\"()<>]+"
_HOST = rf"(?:\[[^\s\[\],]+\]|{_NAME})"
_HOSTS = re.compile(rf"{_HOST}(?::{_HOST})*")
_PART = re.compile(rf"(?P<open>\[)(?P<host>[^\s\[\],]+)(?P<close>\])|(?P<separator>:)|(?P<host_1>{_NAME})")
_LOCAL_USER = re.compile(r"(?P<user>[^\s:,\[\]]+)?")

_ONE, _UNDER, _REST = "one", "under", "rest"
_HOSTS_WAY, _LOCAL, _REFUSE = "hosts", "local", "error"
#: The mailers of MAILER(smtp), as a configuration has them; another may be written too.
_MAILERS = ("esmtp", "smtp", "relay", "smtp8", "dsmtp")

_SCOPE = Field(
    "scope",
    "Mail for",
    of="key",
    choices=((_ONE, "One domain"), (_UNDER, "Everything under a domain"), (_REST, "Everything else")),
    decides=True,
)
_DOMAIN = Field("domain", "Domain", of="key", example="example.com")
_WAY = Field(
    "way",
    "Its way",
    choices=((_HOSTS_WAY, "To other hosts"), (_LOCAL, "To a user here"), (_REFUSE, "Is refused")),
    decides=True,
)
_BY_HOSTS = (
    Field("mailer", "Mailer", "As sendmail.mc defines it.", suggestions=_MAILERS, example="esmtp", short=True),
    Field("user", "User there", "Gets everything. Empty: whoever it is for.", optional=True),
    Field(
        "hosts",
        "Hosts",
        "One a line, tried in this order. Under a domain, %1 is what stands before it.",
        example="mail.example.com",
        lines=True,
    ),
    Field("direct", "Go to these hosts themselves, not to their MX", switch=True, optional=True),
)
_LOCAL_FIELDS = (
    Field("user", "User", "A local user or alias. Empty: whoever it is for.", example="alice", optional=True),
)
_REFUSAL = (reply.STATUS_OR_KEYWORD, reply.CODE, reply.TEXT)


def key_pieces(key: str) -> Pieces:
    """``dot`` and ``domain``, each where it is there."""
    return cut(key, _KEY) or other(key)


def value_pieces(_key: str, value: str) -> Pieces:
    """``mailer`` and what it is given: user and hosts, a local user, or a reply."""
    before, body, after = bare(value)
    found = _MAILER.match(body)
    if not found:
        return other(value)
    rest, mailer = body[found.end() :], found["mailer"].lower()
    if mailer == "error":
        given = reply.error_pieces(rest, ":")
    elif mailer == "local":
        given = cut(rest, _LOCAL_USER) or other(rest)
    else:
        given = _hosts(rest)
    return (*before, *groups(found), *given, *after)


def _hosts(text: str) -> Pieces:
    user = _USER.match(text)
    rest = text[user.end() :] if user else text
    if not _HOSTS.fullmatch(rest):
        return other(text)
    hosts = tuple(inner for piece in scan(rest, _PART) for inner in _macros(piece))
    return (*(groups(user) if user else ()), *hosts)


def _macros(piece: Piece) -> Pieces:
    return with_macros(piece) if piece.name == "host" else (piece,)


def _fields(said: Answers) -> tuple[Field, ...]:
    domain = () if said.get("scope") == _REST else (_DOMAIN,)
    way = {_LOCAL: _LOCAL_FIELDS, _REFUSE: _REFUSAL}.get(said.get("way", ""), _BY_HOSTS)
    return (_SCOPE, *domain, _WAY, *way)


def _answers(key: str, value: str) -> Answers | None:
    pieces = value_pieces(key, value) if value.strip() else ()
    if not understood((*key_pieces(key), *pieces)):
        return None
    return {**_key_answers(key), **_value_answers(pieces)}


def _key_answers(key: str) -> Answers:
    if key == ".":
        return {"scope": _REST}
    return {"scope": _UNDER if key.startswith(".") else _ONE, "domain": key.removeprefix(".")}


def _value_answers(pieces: Pieces) -> Answers:
    said = {piece.name: piece.text for piece in pieces}
    mailer = said.get("mailer", "esmtp")
    if mailer.lower() == "error":
        return {"way": _REFUSE, **reply.read(pieces)}
    if mailer.lower() == "local":
        return {"way": _LOCAL, "user": said.get("user", "")}
    hosts = _host_list(pieces)
    direct = not hosts or all(host.startswith("[") for host in hosts)
    shown = [host[1:-1] for host in hosts] if direct else hosts
    return {
        "way": _HOSTS_WAY,
        "mailer": mailer,
        "user": said.get("user", ""),
        "hosts": "\n".join(shown),
        "direct": "on" if direct else "",
    }


def _host_list(pieces: Pieces) -> list[str]:
    wanted = ("open", "host", "macro", "close", "separator")
    texts = [" " if piece.name == "separator" else piece.text for piece in pieces if piece.name in wanted]
    return "".join(texts).split()


def _compose(said: Answers, _before: str) -> tuple[str, str]:
    return _compose_key(said), _compose_value(said)


def _compose_key(said: Answers) -> str:
    if said["scope"] == _REST:
        return "."
    domain = said["domain"].strip()
    return f".{domain.removeprefix('.')}" if said["scope"] == _UNDER and domain else domain


def _compose_value(said: Answers) -> str:
    if said["way"] == _REFUSE:
        status, code, text = (said[name].strip() for name in ("status", "code", "text"))
        return reply.compose_error(status, code, text, ":")
    user = said["user"].strip()
    if said["way"] == _LOCAL:
        return f"local:{user}"
    hosts = ":".join(_bracketed(host) if said["direct"] else host for host in lines(said["hosts"]))
    if not hosts and not user:
        return ""
    return f"{said['mailer'].strip()}:{user}{'@' if user else ''}{hosts}"


def _bracketed(host: str) -> str:
    return host if host.startswith("[") else f"[{host}]"


PARTS = Parts(key_pieces, value_pieces, _fields, _answers, _compose)
