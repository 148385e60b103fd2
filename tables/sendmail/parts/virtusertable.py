"""virtusertable: an address of a virtual domain, and the one address that it leads to, or a refusal."""

from __future__ import annotations

import re
from dataclasses import replace

from tables.sendmail.parts import addresses, reply
from tables.sendmail.parts.base import Pieces, bare, groups, understood
from tables.sendmail.parts.form import Answers, Field, Parts

_ERROR = re.compile(r"(?P<mailer>error)(?P<mark>:)", re.IGNORECASE)
_TO, _REFUSE = "address", "error"

_KEY_FIELDS = (
    Field("user", "User", "Empty for everybody else in the domain.", of="key", example="info", optional=True),
    Field(
        "detail",
        "Detail after a plus",
        of="key",
        choices=(("", "Any or none"), ("+*", "Any; the plus must be there"), ("++", "Any, but not an empty one")),
        optional=True,
    ),
    Field("domain", "Domain", of="key", example="example.com"),
)
_ACTION = Field(
    "action", "What becomes of the mail", choices=((_TO, "Leads to an address"), (_REFUSE, "Is refused")), decides=True
)
_ADDRESS = Field(
    "address",
    "Leads to",
    "One local name or address. %1 is the user, %2 the detail, %3 the detail with its plus sign.",
    example="alice",
)
_REFUSAL = (replace(reply.STATUS_OR_KEYWORD, optional=False), reply.CODE, reply.TEXT)


def value_pieces(_key: str, value: str) -> Pieces:
    """``error:``, status and reply; or an address."""
    before, body, after = bare(value)
    found = _ERROR.match(body)
    if not found:
        return addresses.address_pieces(value)
    return (*before, *groups(found), *reply.error_pieces(body[found.end() :], " "), *after)


def _fields(said: Answers) -> tuple[Field, ...]:
    return (*_KEY_FIELDS, _ACTION, *(_REFUSAL if said.get("action") == _REFUSE else (_ADDRESS,)))


def _answers(key: str, value: str) -> Answers | None:
    of_key, of_value = addresses.key_pieces(key), value_pieces(key, value)
    if not understood((*of_key, *of_value)) or (key and "@" not in key):
        return None
    said = addresses.key_answers(of_key)
    if _ERROR.match(value.strip()):
        return {**said, "action": _REFUSE, **reply.read(of_value)}
    return {**said, "action": _TO, "address": value.strip()}


def _compose(said: Answers, _before: str) -> tuple[str, str]:
    if said["action"] == _REFUSE:
        status, code, text = (said[name].strip() for name in ("status", "code", "text"))
        value = reply.compose_error(status, code, text, " ")
    else:
        value = said.get("address", "").strip()
    return addresses.compose_key(said), value


PARTS = Parts(addresses.key_pieces, value_pieces, _fields, _answers, _compose)
