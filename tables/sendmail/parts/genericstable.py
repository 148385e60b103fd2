"""genericstable: a sender, and the address that stands in its place when mail leaves."""

from __future__ import annotations

from tables.sendmail.parts import addresses
from tables.sendmail.parts.base import Pieces, understood
from tables.sendmail.parts.form import Answers, Field, Parts

_FIELDS = (
    Field("user", "User", "Empty for everybody else in the domain.", of="key", example="alice", optional=True),
    Field(
        "detail",
        "Detail after a plus",
        of="key",
        choices=(("", "None"), ("+*", "Any; the plus must be there")),
        optional=True,
    ),
    Field("domain", "Domain", "Empty for every generic domain.", of="key", example="example.com", optional=True),
    Field(
        "value",
        "Becomes",
        "One address. %1 is the user under a domain alone, and the detail where any is meant.",
        example="alice.smith@example.com",
    ),
)


def value_pieces(_key: str, value: str) -> Pieces:
    return addresses.address_pieces(value)


def _answers(key: str, value: str) -> Answers | None:
    pieces = addresses.key_pieces(key)
    said = addresses.key_answers(pieces)
    if not understood(pieces) or said["detail"] == "++":
        return None
    return {**said, "value": value}


def _compose(said: Answers, _before: str) -> tuple[str, str]:
    user, detail, domain = (said[name].strip() for name in ("user", "detail", "domain"))
    return f"{user}{detail}@{domain}" if domain else f"{user}{detail}", said["value"]


PARTS = Parts(addresses.key_pieces, value_pieces, lambda _said: _FIELDS, _answers, _compose)
