"""What a dump holds: every model of the project but those that have a reason not to be in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, Model

APPS = ("accounts", "tables")

#: Models that are in no dump, and why.
LEFT_OUT = {
    "auth.Permission": "migrate makes it",
    "auth.Group": "migrate makes it of the roles; people name theirs",
    "auth.Group_permissions": "migrate makes it of the roles",
    "contenttypes.ContentType": "migrate makes it",
    "sessions.Session": "a secret",
    "account.EmailAddress": "allauth's own, without use here",
    "account.EmailConfirmation": "a secret",
    "mfa.Authenticator": "a secret",
    "tables.CheckRun": "the publisher checks the tables anew",
    "tables.StoredFinding": "the publisher checks the tables anew",
    "tables.IndexGap": "of the index of words, which a load makes",
    "tables.Notice": "they were told at the old installation, and would be again",
    "tables.Letter": "they went out from the old installation, and would again",
    "tables.MailRoute": "of the old installation's mail server",
}

#: Columns that are in no dump, and what stands in a new row instead.
SECRETS = {"accounts.User": {"password"}}


def models() -> list[type[Model]]:
    """Those of a dump, each after all that it points at where that is possible."""
    left = sorted(_all(), key=lambda model: model._meta.label)
    found: list[type[Model]] = []
    while left:
        ready = [model for model in left if not _targets(model) & set(left) - {model}]
        following = ready[0] if ready else left[0]
        left.remove(following)
        found.append(following)
    return found


def _all() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in APPS and model._meta.label not in LEFT_OUT:
            yield model


def _targets(model: type[Model]) -> set[Any]:
    return {field.related_model for field in model._meta.local_concrete_fields if field.related_model}


def columns(model: type[Model]) -> list[Field[Any, Any]]:
    hidden = SECRETS.get(model._meta.label, set())
    return [field for field in model._meta.local_concrete_fields if field.name not in hidden]


def named(field: Field[Any, Any]) -> bool:
    """Whether it points at what each installation numbers by itself, and so is kept by name."""
    return isinstance(field, ForeignKey) and field.related_model._meta.app_label == "auth"
