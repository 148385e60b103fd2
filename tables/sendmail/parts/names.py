"""relay-domains and local-host-names: one name a line."""

from __future__ import annotations

from tables.sendmail.parts.base import Pieces, other
from tables.sendmail.parts.clients import client_pieces
from tables.sendmail.parts.form import Answers, Field, Parts


def _no_value(_key: str, value: str) -> Pieces:
    return other(value)


def _answers(key: str, _value: str) -> Answers:
    return {"key": key}


def _compose(answers: Answers, _value: str) -> tuple[str, str]:
    return answers["key"], ""


#: The name alone, which is asked for as a whole.
_FIELDS = (Field("key", "Name", of="key"),)

PARTS = Parts(client_pieces, _no_value, lambda _said: _FIELDS, _answers, _compose)
