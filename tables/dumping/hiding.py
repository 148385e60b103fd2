"""A dump for somebody who may not have the passwords that stand in tables: to be read, not to be loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Field

from tables.sendmail.secret import is_auth, masked

#: By this an entry is known and found; sendmail keeps no password there.
_NAME = "key"


class Hider:
    """Hides passwords in rows, and counts in how many it did."""

    def __init__(self) -> None:
        self.rows = 0

    def hide(self, fields: Sequence[Field[Any, Any]], row: Sequence[Any]) -> list[Any]:
        """Bytes are parts of files, cut anywhere: left out, for half of a password would not be known for one."""
        # What is written as AuthInfo in any column says that the others are about it.
        auth = any(is_auth(text) for text in _texts(list(row)))
        pairs = zip(fields, row, strict=True)
        hidden = [value if field.name == _NAME else _hidden(value, auth=auth) for field, value in pairs]
        self.rows += hidden != list(row)
        return hidden


def _hidden(value: Any, *, auth: bool) -> Any:
    if isinstance(value, str):
        return masked(value, auth=auth)
    if isinstance(value, dict):
        return {name: text if name == _NAME else _hidden(text, auth=auth) for name, text in value.items()}
    if isinstance(value, list):
        return [_hidden(text, auth=auth) for text in value]
    return b"" if isinstance(value, bytes | memoryview) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
