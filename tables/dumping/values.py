"""One value of a column as JSON, and back as the database takes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import Field

from tables.dumping.parts import named
from tables.errors import ChangeError

Turn = Callable[[Any], Any]


def outward(field: Field[Any, Any]) -> Turn | None:
    """What makes JSON of a value that is not empty; ``None``: it is JSON as it stands."""
    if named(field):
        return {pk: name for name, pk in _names(field).items()}.__getitem__
    return _OUTWARD.get(field.get_internal_type())


def inward(field: Field[Any, Any]) -> Turn | None:
    if named(field):
        return _numbered(field)
    return _INWARD.get(field.get_internal_type())


def _names(field: Field[Any, Any]) -> dict[str, int]:
    if field.related_model is Group:
        return dict(Group.objects.values_list("name", "pk"))
    found = Permission.objects.select_related("content_type")
    return {f"{item.content_type.app_label}.{item.codename}": item.pk for item in found}


def _numbered(field: Field[Any, Any]) -> Turn:
    names = _names(field)

    def number(name: str) -> int:
        if name not in names:
            raise ChangeError(f"This installation has no {field.name} {name}. Load into one of the same version.")
        return names[name]

    return number


def _moment(value: str) -> Any:
    return connection.ops.adapt_datetimefield_value(datetime.fromisoformat(value))


def _day(value: str) -> Any:
    return connection.ops.adapt_datefield_value(date.fromisoformat(value))


_OUTWARD: dict[str, Turn] = {
    "DateTimeField": datetime.isoformat,
    "DateField": date.isoformat,
    "BinaryField": lambda value: base64.b64encode(bytes(value)).decode(),
}
_INWARD: dict[str, Turn] = {
    "DateTimeField": _moment,
    "DateField": _day,
    "BinaryField": base64.b64decode,
    "JSONField": json.dumps,
}
